import type { Step } from '../diff/diff.ts';
import { orderForApply, orderForRemoval, stepsOf } from '../diff/diff.ts';
import type { Applied } from '../model/outcome.ts';
import { describeRef } from '../model/object.ts';
import type { Plan } from '../model/plan.ts';
import type { ApplyContext } from './context.ts';
import { isRemoval } from './remove.ts';
import { removeStage } from './remove-stage.ts';
import { Run } from './run.ts';
import { isWrite } from './settle.ts';
import { waitFor } from './step-done.ts';
import { withoutRequest } from './without-request.ts';
import { writeStage } from './write-stage.ts';

/**
 * Does what a decided plan says, step by step (`stepsOf`): phases, in them waves; in a wave removals first, then
 * Namespaces, definitions, the rest.
 *
 * Guarantees: a step begins when the one before is done (`waitFor`: every result is final and, as there is more than
 * one step, every object healthy); what is not begun is `skipped` and says what it waits for. Every change of the plan
 * has exactly one result; what was written before a failure is in the results. Waits for nothing itself: objects whose
 * kind is not served yet are `parked`, deletions that finalizers hold are `terminating`, and the next run, woken by the
 * watches, plans anew, finds the first steps done, and goes on.
 * Assumptions: the plan went through `preflight`; creations were claimed.
 * Caveats: throws only for a bug.
 */
export async function applyPlan(plan: Plan, context: ApplyContext): Promise<Applied> {
  const run = new Run(plan, context);
  for (const change of plan.changes) {
    const result = withoutRequest(change, run);
    if (result !== undefined) run.add(result);
  }
  await carryOutAll(run, stepsOf(plan.changes, context));
  return { plan, results: run.results, awaited: [...run.awaited.values()], overrides: run.overrides };
}

async function carryOutAll(run: Run, steps: readonly Step[]): Promise<void> {
  // Nothing is waited for when nothing is left to do.
  const last = steps.findLastIndex(({ changes }) => run.open(changes).length > 0);
  let waits: string | undefined;
  for (const [index, step] of steps.slice(0, last + 1).entries()) {
    const before = steps[index - 1];
    if (before !== undefined && waits === undefined) waits = waitFor(run, before);
    if (waits === undefined && !run.isInterrupted) await carryOut(run, step);
    run.skip(step.changes, waits);
  }
}

/** Removals come first; one that fails keeps the objects of its step from being written. */
async function carryOut(run: Run, { changes }: Step): Promise<void> {
  for (const { stage, changes: removals } of orderForRemoval(changes))
    await removeStage(run, { stage, removals: removals.filter(isRemoval), of: changes });
  const failed = changes.find((change) => isRemoval(change) && run.resultOf(change.ref)?.kind === 'failed');
  if (failed !== undefined) run.skip(changes, `waits until ${describeRef(failed.ref)} can be deleted`);
  for (const stage of orderForApply(changes)) {
    if (!run.isInterrupted) await writeStage(run, run.open(stage.changes).filter(isWrite), changes);
  }
}
