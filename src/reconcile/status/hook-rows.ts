import type { ResourceStatus, SyncResultEntry } from '../../model/application.ts';
import { refInStatus } from '../../model/application.ts';
import type { HookResult } from '../../model/hook-plan.ts';
import { versionOf } from '../../model/object.ts';

/** The row of a hook that runs, or has failed; it never differs from Git. */
export function hookRow({ ref, hook, wave, state, message }: HookResult): ResourceStatus | undefined {
  if (state === 'Succeeded' || state === 'Pending') return undefined;
  const status = state === 'Failed' ? 'Degraded' : 'Progressing';
  const health = { status, message: message.slice(0, 500) } as const;
  const row = { ...refInStatus(ref), version: versionOf(hook.apiVersion), status: 'Synced' as const };
  return { ...row, hook: true, health, ...(wave === 0 ? {} : { syncWave: wave }) };
}

/** What became of a hook that was begun. */
export function hookResultRow({ ref, hook, phase, state, message }: HookResult): SyncResultEntry[] {
  if (state === 'Waiting' || state === 'Pending') return [];
  const status = state === 'Failed' ? 'SyncFailed' : 'Synced';
  const row = {
    ...refInStatus(ref),
    version: versionOf(hook.apiVersion),
    status,
    message: message.slice(0, 500),
  } as const;
  return [{ ...row, hookType: phase, hookPhase: state, syncPhase: phase }];
}
