import type { Application, HeldPlan } from '../../model/application.ts';
import { describeRef } from '../../model/object.ts';
import type { Change, KeepReason, Plan } from '../../model/plan.ts';

const mostNamed = 50;

/**
 * The plan that waits for an approval. A run that decides nothing about what Git dropped, a sync of other objects for one,
 * leaves it as it is: how many objects there were when it was held back must not be forgotten.
 */
export function heldPlan({ status }: Application, { guard, hash, changes }: Plan): HeldPlan | undefined {
  if (guard === undefined) return changes.some((change) => isLeftOpen(change, status.plan)) ? status.plan : undefined;
  const destructive = guard.destructive.slice(0, mostNamed).map(describeRef);
  return { hash, summary: guard.message, destructive, recorded: guard.recorded };
}

const undecided: ReadonlySet<KeepReason> = new Set([
  'waitsForSync',
  'dryRun',
  'dependency',
  'unknown',
  'claimedElsewhere',
  'emptyRender',
]);

function isLeftOpen(change: Change, held: HeldPlan | undefined): boolean {
  if (change.kind !== 'keep' || change.desired !== undefined || !undecided.has(change.reason)) return false;
  return held?.destructive.includes(describeRef(change.ref)) === true;
}
