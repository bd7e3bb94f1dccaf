import type { Needing } from '../diff/diff.ts';
import { writesInBatches } from '../diff/diff.ts';
import { OperatorError } from '../model/errors.ts';
import { describeRef, refOf } from '../model/object.ts';
import type { ChangeResult } from '../model/outcome.ts';
import type { Change, ChangeOf } from '../model/plan.ts';
import { isServed } from './definitions.ts';
import { objectError } from './errors.ts';
import { inParallel } from './in-parallel.ts';
import { waitForNeeds } from './needs.ts';
import type { Run } from './run.ts';
import type { Write } from './settle.ts';
import { created, isWrite, settle, settlingLate } from './settle.ts';
import { withoutRequest } from './without-request.ts';
import type { Decided } from './write-change.ts';
import { isDecided, writeChange } from './write-change.ts';

/**
 * Writes the objects of one stage of a step, in the order of their kinds and of what they need; what is independent in
 * parallel. One failure does not keep the others from being written.
 */
export async function writeStage(run: Run, changes: readonly Write[], step: readonly Change[]): Promise<void> {
  if (changes.length === 0) return;
  const placed = withNamespace(run, changes);
  const ready = await park(run, placed);
  const decided = await settleStage(run, ready);
  for (const batch of writesInBatches(decided, step)) await inParallel(batch, (needing) => write(run, needing));
}

async function write(run: Run, { change, needs }: Needing<Decided>): Promise<void> {
  if (run.isInterrupted) {
    run.skip([change]);
    return;
  }
  try {
    const waits = waitForNeeds(run, needs);
    if (waits !== undefined) {
      run.skip([change], waits);
      return;
    }
    const { result, overrides } = await writeChange(change, run.context);
    run.add(result);
    run.overrides.push(...overrides);
  } catch (error) {
    if (!(error instanceof OperatorError)) throw error;
    run.add({ kind: 'failed', change, error });
  }
}

/** Nothing is sent to a Namespace that the plan was to bring and did not. */
function withNamespace(run: Run, changes: readonly Write[]): readonly Write[] {
  for (const change of changes) {
    const namespace = { group: '', kind: 'Namespace', namespace: '', name: change.ref.namespace };
    const result = run.resultOf(namespace);
    const isThere = result === undefined || result.kind === 'applied' || isKept(result);
    if (!isThere) run.skip([change], `waits for ${describeRef(namespace)}`);
  }
  return run.open(changes).filter(isWrite);
}

function isKept(result: ChangeResult): boolean {
  return result.kind === 'kept' && result.change.reason !== 'terminating';
}

/** Objects of kinds that a definition of this plan has yet to bring wait for that definition's event, not here. */
async function park(run: Run, changes: readonly Write[]): Promise<readonly Write[]> {
  const { kinds } = run.context.cluster;
  const isMissing = ({ ref, desired }: Write): boolean => !isServed({ ...ref, apiVersion: desired.apiVersion }, kinds);
  const waiting = changes.filter((change) => isMissing(change) && run.provided.kind(change.ref));
  if (waiting.length === 0) return changes;
  await kinds.refresh();
  const parked = new Set(waiting.filter(isMissing));
  for (const change of parked) run.add({ kind: 'parked', change, message: notServedYet(change) });
  return changes.filter((change) => !parked.has(change));
}

function notServedYet({ ref, desired }: Write): string {
  return `${describeRef(ref)} waits until the cluster serves ${ref.kind} in ${desired.apiVersion}`;
}

/**
 * What could not be tried out before its namespace or kind was there is tried out now: if one fails, nothing is written
 * (with `PerObject` everything else is).
 */
async function settleStage(run: Run, changes: readonly Write[]): Promise<Decided[]> {
  const settled = await inParallel(changes, (change) => settleNow(run, change));
  const failed = run.context.app.spec.preflight === 'All' && settled.some((outcome) => outcome.kind === 'refuse');
  return settled.flatMap((outcome, index) => {
    if (isDecided(outcome)) {
      if (!failed) return [outcome];
      run.skip([outcome]);
    } else if (outcome.kind === 'refuse') {
      run.add({ kind: 'failed', change: changes[index] ?? outcome, error: run.sayWhatStands(outcome.error) });
    } else {
      const result = withoutRequest(outcome, run);
      if (result !== undefined) run.add(result);
    }
    return [];
  });
}

async function settleNow(run: Run, change: Write): Promise<Change> {
  if (change.kind !== 'undecided') return change;
  const { context, recorded } = run;
  // Where nothing could be before, an unforced apply is itself the question whether there is something.
  if (context.app.spec.preflight === 'PerObject' && change.question === 'exists') return created(change);
  try {
    const settled = await settle(change, settlingLate(context, recorded));
    return settled.kind === 'replace' ? unapproved(settled) : settled;
  } catch (error) {
    if (!(error instanceof OperatorError)) throw error;
    return { kind: 'refuse', ref: change.ref, error: isJustDefined(run, change) ? toTryAgain(error) : error };
  }
}

/** The server takes a moment until it goes by a definition that this run has written. */
function isJustDefined(run: Run, { ref }: Write): boolean {
  const definition = run.provided.definition(ref);
  return definition !== undefined && run.resultOf(refOf(definition))?.kind === 'applied';
}

function toTryAgain(error: OperatorError): OperatorError {
  const { step, reason, object } = error;
  const message = `${error.message} (its definition was written a moment ago; the operator tries again)`;
  return new OperatorError(message, {
    step,
    reason,
    retry: 'backoff',
    cause: error,
    ...(object === undefined ? {} : { object }),
  });
}

/** The guard has not seen this deletion: the next plan has it. */
function unapproved({ ref, desired, why }: ChangeOf<'replace'>): Change {
  const message = `it has to be deleted and created anew (${why}); the operator plans anew`;
  const complaint = { message, reason: 'SyncFailed', retry: 'backoff' } as const;
  return {
    kind: 'refuse',
    ref,
    desired,
    error: objectError({ step: 'apply', ref, origin: desired.origin }, complaint),
  };
}
