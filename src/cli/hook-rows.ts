import type { JsonObject } from '../model/json.ts';
import { describeRef } from '../model/object.ts';
import type { HookChange } from '../model/hook-plan.ts';
import type { Plan } from '../model/plan.ts';

/** What a sync would do about one hook. */
export interface HookRow {
  readonly change: HookChange;
  readonly effect: 'run' | 'wait' | 'refuse' | 'keep';
  readonly note: string;
}

const phases = ['PreSync', 'Sync', 'PostSync', 'SyncFail', 'PreDelete', 'PostDelete'] as const;

/** In the order in which they would run. */
export function hookRows({ hooks }: Plan): readonly HookRow[] {
  const changes = hooks?.changes ?? [];
  const ordered = changes.toSorted((a, b) => phases.indexOf(a.phase) - phases.indexOf(b.phase) || a.wave - b.wave);
  return ordered.map((change) => ({ change, ...effectOf(change) }));
}

function effectOf(change: HookChange): Omit<HookRow, 'change'> {
  switch (change.kind) {
    case 'begin': {
      const { phase, clears } = change;
      const left = clears.length === 0 ? '' : 'what an earlier run left is deleted first';
      const when = phase === 'SyncFail' ? 'only if the sync fails' : '';
      return { effect: 'run', note: [when, left].filter((part) => part !== '').join('; ') };
    }
    case 'waits':
      return { effect: 'wait', note: change.message };
    case 'refuse':
      return { effect: 'refuse', note: `${change.error.reason}: ${change.error.message}` };
    case 'running':
    case 'ended':
      return { effect: 'keep', note: change.message };
  }
}

/** As a row of the table of a plan. */
export function hookCells({ change: { ref, phase, wave }, effect, note }: HookRow): readonly string[] {
  const what = `${phase} hook${wave === 0 ? '' : `, wave ${wave}`}`;
  return [effect, describeRef(ref), note === '' ? what : `${what}: ${note}`, ''];
}

export function hookJson({ change: { ref, phase, wave }, effect, note }: HookRow): JsonObject {
  return { change: effect, phase, wave, ...ref, ...(note === '' ? {} : { note }) };
}

/** For the summary; nothing where there are none. */
export function countHooks(rows: readonly HookRow[]): readonly string[] {
  const count = rows.filter(({ effect }) => effect === 'run').length;
  return count === 0 ? [] : [`${count} ${count === 1 ? 'hook' : 'hooks'} to run`];
}

/**
 * Whether an automated sync would run hooks: it does when Git wants other objects, or hooks, than were applied last. One
 * by hand always does.
 */
export function hooksAreDue(applied: string | undefined, plan: Plan): boolean {
  return hookRows(plan).some(({ effect }) => effect === 'run') && applied !== plan.digest;
}
