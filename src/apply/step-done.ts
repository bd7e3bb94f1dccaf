import type { Step } from '../diff/diff.ts';
import type { Health } from '../model/health.ts';
import type { Ref } from '../model/object.ts';
import { describeRef } from '../model/object.ts';
import type { ChangeResult } from '../model/outcome.ts';
import type { Change, KeepReason } from '../model/plan.ts';
import { isHeldBack } from './remove-stage.ts';
import type { Run } from './run.ts';

/** What the steps behind a step wait for; undefined: it is done. Objects that are not healthy yet become `awaited`. */
export function waitFor(run: Run, step: Step): string | undefined {
  const open = step.changes.flatMap((change) => openIn(run, change));
  const [first] = open;
  if (first === undefined) return undefined;
  const more = open.length > 1 ? ` (and ${open.length - 1} more)` : '';
  return `waits for ${step.phase === 'Sync' ? '' : `${step.phase} `}wave ${step.wave}: ${first}${more}`;
}

function openIn(run: Run, change: Change): string[] {
  const result = run.resultOf(change.ref);
  const name = describeRef(change.ref);
  if (isHeldBack(run, change)) return [];
  const unfinished = result === undefined ? `${name} is not done` : unfinishedBecause(result);
  if (unfinished !== undefined) return [unfinished];
  if (!('desired' in change) || isLeftAlone(change)) return [];
  const health = healthOf(run, change.ref);
  if (isDone(health)) return [];
  run.awaitHealth(change.ref);
  return [`${name} is ${health.status}${health.message === '' ? '' : `: ${health.message}`}`];
}

/** Not to be as Git says for now: nothing that this sync writes could wait for it to become so. */
function isLeftAlone(change: Change): boolean {
  return change.kind === 'keep' && leftAlone.has(change.reason);
}

const leftAlone: ReadonlySet<KeepReason> = new Set(['waitsForSync', 'dryRun', 'shared', 'dependency', 'kindMissing']);

/** Whether nothing of the plan is left to be done. */
export function isAllDone(run: Run): boolean {
  return run.results.every((result) => isHeldBack(run, result.change) || unfinishedBecause(result) === undefined);
}

function unfinishedBecause(result: ChangeResult): string | undefined {
  const { change } = result;
  const name = describeRef(change.ref);
  switch (result.kind) {
    case 'applied':
    case 'removed':
      return undefined;
    case 'kept':
      if (result.change.reason !== 'terminating') return undefined;
      return `${name} is being deleted`;
    case 'terminating':
      return `${name} is being deleted`;
    case 'failed':
      return `${name} failed`;
    case 'parked':
      return result.message;
    case 'skipped':
      return `${name} ${result.message ?? 'was not reached'}`;
  }
}

/** By the answer to our write, which is newer than what the watch has shown; else by the watch. */
export function healthOf(run: Run, ref: Ref): Health {
  const { health } = run.context;
  const result = run.resultOf(ref);
  if (result?.kind === 'applied') return health.assess(result.object);
  // No watch of ours has what is left to others.
  const seen = result?.kind === 'kept' && result.change.reason === 'leftAlone' ? result.change.live : undefined;
  return seen === undefined ? health.now(ref) : health.assess(seen);
}

/** Suspended is somebody's wish, and blocks nobody. */
export function isDone({ status }: Health): boolean {
  return status === 'Healthy' || status === 'Suspended';
}
