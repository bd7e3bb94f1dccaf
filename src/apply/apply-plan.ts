import type { Step } from '../diff/diff.ts';
import { compareSteps, orderForApply, orderForRemoval, stepsOf } from '../diff/diff.ts';
import type { HookPlan } from '../model/hook-plan.ts';
import type { Applied } from '../model/outcome.ts';
import { describeRef } from '../model/object.ts';
import type { Plan, StepKey } from '../model/plan.ts';
import type { ApplyContext } from './context.ts';
import { Hooks } from './hooks.ts';
import { isRemoval } from './remove.ts';
import { removeStage } from './remove-stage.ts';
import { Run } from './run.ts';
import { isWrite } from './settle.ts';
import { isAllDone, waitFor } from './step-done.ts';
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
  const hooks = new Hooks(plan.hooks ?? noHooks, context);
  if (hooks.isFailing) await failOn(run, hooks);
  else
    await carryOutAll(run, hooks, withHooks(stepsOf(plan.changes, { ...context, hooks: hooks.places }), hooks.steps));
  const done = await hooks.conclude(isAllDone(run));
  return { plan, results: run.results, hooks: done, awaited: [...run.awaited.values()], overrides: run.overrides };
}

const noHooks: HookPlan = { changes: [], forgotten: [] };

/** A sync that has failed writes no objects any more. */
async function failOn(run: Run, hooks: Hooks): Promise<void> {
  run.skip(run.plan.changes, 'the sync has failed; its SyncFail hooks come first');
  await hooks.carryOutSyncFail();
}

function withHooks(steps: readonly Step[], ofHooks: readonly StepKey[]): readonly Step[] {
  const added: Step[] = [];
  for (const { phase, wave } of ofHooks) {
    const key = { phase, wave };
    if (![...steps, ...added].some((step) => compareSteps(step, key) === 0)) added.push({ ...key, changes: [] });
  }
  return [...steps, ...added].sort(compareSteps);
}

async function carryOutAll(run: Run, hooks: Hooks, steps: readonly Step[]): Promise<void> {
  // Nothing is waited for when nothing is left to do.
  const last = steps.findLastIndex((step) => run.open(step.changes).length > 0 || hooks.isOpen(step));
  let waits: string | undefined;
  for (const [index, step] of steps.slice(0, last + 1).entries()) {
    const before = steps[index - 1];
    if (before !== undefined && waits === undefined) waits = waitFor(run, before) ?? hooks.waitFor(before);
    if (waits === undefined && !run.isInterrupted) await carryOut(run, step);
    if (waits === undefined && !run.isInterrupted) await hooks.carryOut(step);
    run.skip(step.changes, waits);
    if (waits !== undefined) hooks.hold(step, waits);
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
