import { isRemovedBefore, orderForApply, orderForRemoval, stageOf } from '../diff/diff.ts';
import { OperatorError } from '../model/errors.ts';
import type { RefKey } from '../model/object.ts';
import { describeRef, refKey } from '../model/object.ts';
import type { Applied, ChangeResult } from '../model/outcome.ts';
import type { Change, ChangeOf, Plan, Stage } from '../model/plan.ts';
import type { RecordEntry } from '../model/record.ts';
import type { ApplyContext } from './context.ts';
import { recordOf } from './context.ts';
import type { Provided } from './definitions.ts';
import { isServed, nothingProvided, providedBy } from './definitions.ts';
import { inParallel } from './in-parallel.ts';
import type { Removal } from './remove.ts';
import { isRemoval, remove } from './remove.ts';
import type { Write } from './settle.ts';
import { isWrite, settle } from './settle.ts';
import type { Decided, Override } from './write-change.ts';
import { writeChange } from './write-change.ts';
import { entryOf } from './write.ts';

/** Objects that a message names. */
const mostNamed = 10;

interface Run {
  readonly plan: Plan;
  readonly context: ApplyContext;
  readonly provided: Provided;
  readonly recorded: ReadonlyMap<RefKey, RecordEntry>;
  readonly results: ChangeResult[];
  readonly overrides: Override[];
}

/**
 * Does what a decided plan says: Namespaces, then definitions, then the rest, then removals in reverse.
 *
 * Guarantees: a stage starts only when the one before succeeded as a whole, removals only when everything was written;
 * every change of the plan has exactly one result; what was written before a failure is in the results. Waits for
 * nothing: objects whose kind is not served yet are `parked`, deletions that finalizers hold are `terminating`.
 * Assumptions: the plan went through `preflight`; creations were claimed.
 * Caveats: throws only for a bug.
 */
export async function applyPlan(plan: Plan, context: ApplyContext): Promise<Applied> {
  const recorded = recordOf(context);
  const run: Run = { plan, context, provided: providedBy(plan), recorded, results: [], overrides: [] };
  run.results.push(...plan.changes.flatMap((change) => withoutRequest(change, run)));
  for (const { changes } of orderForApply(plan.changes)) await writeStage(run, changes.filter(isWrite));
  for (const { stage, changes } of orderForRemoval(plan.changes))
    await removeStage(run, stage, changes.filter(isRemoval));
  return { plan, results: run.results, overrides: run.overrides };
}

/** What becomes of the changes that ask for no request. */
function withoutRequest(change: Change, run: Run): ChangeResult[] {
  switch (change.kind) {
    case 'keep': {
      const entry = entryKept(change, run);
      return [{ kind: 'kept', change, ...(entry === undefined ? {} : { entry }) }];
    }
    case 'forget':
      return [{ kind: 'removed', change }];
    case 'refuse':
      return [{ kind: 'failed', change, error: change.error }];
    case 'create':
    case 'update':
    case 'undecided':
    case 'prune':
    case 'release':
      return [];
  }
}

/** What was read and found equal goes on record as it is; everything else stays there as it was. */
function entryKept({ reason, ref, desired, live }: ChangeOf<'keep'>, run: Run): RecordEntry | undefined {
  if (reason === 'inSync' && desired !== undefined && live !== undefined) {
    return entryOf({ ref, desired: desired.hash }, live, run.context);
  }
  return run.recorded.get(refKey(ref));
}

async function writeStage(run: Run, changes: readonly Write[]): Promise<void> {
  if (changes.length === 0) return;
  if (isHalted(run)) {
    skip(run, changes);
    return;
  }
  const ready = await park(run, changes);
  const decided = await settleStage(run, ready);
  await inParallel(decided, async (change) => {
    if (isInterrupted(run)) {
      skip(run, [change]);
      return;
    }
    const { result, overrides } = await writeChange(change, run.context);
    run.results.push(result);
    run.overrides.push(...overrides);
  });
}

/** Objects of kinds that a definition of this plan has yet to bring wait for that definition's event, not here. */
async function park(run: Run, changes: readonly Write[]): Promise<readonly Write[]> {
  const { kinds } = run.context.cluster;
  const isMissing = ({ ref, desired }: Write): boolean => !isServed({ ...ref, apiVersion: desired.apiVersion }, kinds);
  const waiting = changes.filter((change) => isMissing(change) && run.provided.kind(change.ref));
  if (waiting.length === 0) return changes;
  await kinds.refresh();
  const parked = new Set(waiting.filter(isMissing));
  for (const change of parked) run.results.push({ kind: 'parked', change, message: notServedYet(change) });
  return changes.filter((change) => !parked.has(change));
}

function notServedYet({ ref, desired }: Write): string {
  return `${describeRef(ref)} waits until the cluster serves ${ref.kind} in ${desired.apiVersion}`;
}

/** What could not be tried out before its namespace or kind was there is tried out now: if one fails, nothing is written. */
async function settleStage(run: Run, changes: readonly Write[]): Promise<Decided[]> {
  const settled = await inParallel(changes, (change) => settleNow(run, change));
  const failed = settled.some((outcome) => outcome.kind === 'refuse');
  return settled.flatMap((outcome, index) => {
    if (outcome.kind === 'create' || outcome.kind === 'update') {
      if (!failed) return [outcome];
      skip(run, [outcome]);
    } else if (outcome.kind === 'refuse') {
      run.results.push({ kind: 'failed', change: changes[index] ?? outcome, error: sayWhatStands(run, outcome.error) });
    } else {
      run.results.push(...withoutRequest(outcome, run));
    }
    return [];
  });
}

async function settleNow({ context, recorded }: Run, change: Write): Promise<Change> {
  if (change.kind !== 'undecided') return change;
  try {
    return await settle(change, { context, provided: nothingProvided, missing: new Set(), recorded });
  } catch (error) {
    if (!(error instanceof OperatorError)) throw error;
    return { kind: 'refuse', ref: change.ref, error };
  }
}

/** Stopping between two stages leaves the cluster as no commit describes it: the error says what was written. */
function sayWhatStands({ results }: Run, error: OperatorError): OperatorError {
  const written = results.filter(({ kind }) => kind === 'applied').map(({ change }) => describeRef(change.ref));
  if (written.length === 0) return error;
  const more = written.length > mostNamed ? ` and ${written.length - mostNamed} more` : '';
  const message = `${error.message} (written before: ${written.slice(0, mostNamed).join(', ')}${more})`;
  const { step, reason, retry, object, retryAfterMs } = error;
  return new OperatorError(message, {
    step,
    reason,
    retry,
    cause: error,
    ...(object === undefined ? {} : { object }),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  });
}

/** Removals begin when everything else is done, and each of their stages when the one before is confirmed. */
async function removeStage(run: Run, stage: Stage, removals: readonly Removal[]): Promise<void> {
  const isHeldBack = ({ kind }: Removal): boolean => kind === 'prune' && run.plan.guard !== undefined;
  if (isHalted(run) || run.plan.changes.some((change) => isGoing(change) && comesFirst(change, stage))) {
    skip(run, removals);
    return;
  }
  await inParallel(removals, async (removal) => {
    if (isInterrupted(run) || isHeldBack(removal)) {
      skip(run, [removal]);
      return;
    }
    run.results.push(await remove(removal, run.context));
  });
}

/** Removed by an earlier run, and not gone yet. */
function isGoing(change: Change): boolean {
  return change.kind === 'keep' && change.reason === 'terminating' && change.desired === undefined;
}

function comesFirst({ ref }: Change, stage: Stage): boolean {
  return isRemovedBefore(stageOf(ref), stage);
}

function skip(run: Run, changes: readonly Change[]): void {
  run.results.push(...changes.map((change): ChangeResult => ({ kind: 'skipped', change })));
}

/** True when an earlier stage is not done as a whole. */
function isHalted(run: Run): boolean {
  return isInterrupted(run) || run.results.some(({ kind }) => unfinished.has(kind));
}

const unfinished: ReadonlySet<ChangeResult['kind']> = new Set(['failed', 'parked', 'skipped', 'terminating']);

/** Between two requests the sync may end: a newer commit takes over, or the operator stops. */
function isInterrupted({ context }: Run): boolean {
  return context.signal.aborted || context.superseded?.() === true;
}
