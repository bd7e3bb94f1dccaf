import type { Need } from '../diff/diff.ts';
import type { Health } from '../model/health.ts';
import type { Ref } from '../model/object.ts';
import { describeRef, refKey } from '../model/object.ts';
import type { ChangeResult } from '../model/outcome.ts';
import type { Plan } from '../model/plan.ts';
import type { Run } from './run.ts';
import { isWrite } from './settle.ts';
import { healthOf, isDone } from './step-done.ts';

/** What `depends-on` of the objects that a plan writes names outside of it. */
export function dependenciesOutside({ changes }: Plan): readonly Ref[] {
  const planned = new Set(changes.map(({ ref }) => refKey(ref)));
  const named = changes.filter(isWrite).flatMap(({ desired }) => desired.dependsOn ?? []);
  return [...new Map(named.map((ref) => [refKey(ref), ref])).values()].filter((ref) => !planned.has(refKey(ref)));
}

/** What an object waits for; undefined: for nothing. */
export function waitForNeeds(run: Run, needs: readonly Need[]): string | undefined {
  for (const need of needs) {
    const open = openOf(run, need);
    if (open !== undefined) return `waits for ${open}`;
  }
  return undefined;
}

function openOf(run: Run, need: Need): string | undefined {
  const result = run.resultOf(need.ref);
  switch (need.until) {
    case 'written':
      return result !== undefined && isWaiting(result) ? describeRef(need.ref) : undefined;
    case 'available': {
      if (result === undefined || isWaiting(result)) return describeRef(need.ref);
      // One that fails may fail because it is not called yet.
      const health = healthOf(run, need.ref);
      return health.status === 'Progressing' ? sayHealth(need.ref, health) : undefined;
    }
    case 'healthy':
      return result === undefined ? openOutside(run, need.ref) : openInside(run, need.ref, result);
  }
}

function isWaiting({ kind }: ChangeResult): boolean {
  return kind === 'skipped' || kind === 'parked';
}

function openInside(run: Run, ref: Ref, result: ChangeResult): string | undefined {
  if (result.kind !== 'applied' && result.kind !== 'kept') return describeRef(ref);
  const health = healthOf(run, ref);
  if (isDone(health)) return undefined;
  run.awaitHealth(ref);
  return sayHealth(ref, health);
}

/** An object of somebody else, or one of a later stage. */
function openOutside({ context: { outside } }: Run, ref: Ref): string | undefined {
  return outside?.has(refKey(ref)) === true ? outside.get(refKey(ref)) : describeRef(ref);
}

function sayHealth(ref: Ref, { status, message }: Health): string {
  return `${describeRef(ref)}, which is ${status}${message === '' ? '' : `: ${message}`}`;
}
