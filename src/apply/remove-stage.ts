import { isGoing, isRemovedBefore, removalsInBatches, stageOf } from '../diff/diff.ts';
import type { Installation } from '../model/installation.ts';
import type { Ref } from '../model/object.ts';
import { describeRef, refKey } from '../model/object.ts';
import type { Change, Stage } from '../model/plan.ts';
import { turnOfLive } from '../model/turn.ts';
import { inParallel } from './in-parallel.ts';
import type { Removal } from './remove.ts';
import { remove } from './remove.ts';
import type { Run } from './run.ts';

/** Removes the objects of one stage of a step, as soon as those of the stages that go before it are proved to be gone. */
export async function removeStage(
  run: Run,
  {
    stage,
    removals,
    of,
  }: { readonly stage: Stage; readonly removals: readonly Removal[]; readonly of: readonly Change[] },
): Promise<void> {
  const inTheWay = of.find((change) => isRemovedBefore(stageOf(change.ref), stage) && isLeft(run, change));
  if (inTheWay !== undefined) {
    run.skip(removals, `waits until ${describeRef(inTheWay.ref)} is gone`);
    return;
  }
  const { installation } = run.context;
  for (const batch of removalsInBatches(removals, installation)) {
    await inParallel(batch, async (removal) => {
      const dependent = of.find((change) => isLeft(run, change) && dependsOn(change, removal.ref, installation));
      if (run.isInterrupted || isHeldBack(run, removal)) run.skip([removal]);
      else if (dependent !== undefined) run.skip([removal], `waits until ${describeRef(dependent.ref)} is gone`);
      else run.add(await remove(removal, run.context));
    });
  }
}

function dependsOn(change: Change, ref: Ref, installation: Installation): boolean {
  if (!('live' in change) || refKey(change.ref) === refKey(ref)) return false;
  const { dependsOn: on = [] } = turnOfLive(change.live, installation);
  return on.some((one) => refKey(one) === refKey(ref));
}

/** The guard waits for a person, and nothing waits for that. */
export function isHeldBack({ plan }: Run, { kind }: Change): boolean {
  return kind === 'prune' && plan.guard !== undefined;
}

function isLeft(run: Run, change: Change): boolean {
  return isGoing(change) && run.resultOf(change.ref)?.kind !== 'removed';
}
