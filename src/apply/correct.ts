import type { Comparison, Intention } from '../diff/diff.ts';
import { adoptionRefusal, intended, mayBeUpdated, proofOf } from '../diff/diff.ts';
import type { Yielded } from '../model/differences.ts';
import type { OperatorError } from '../model/errors.ts';
import type { Override } from '../model/outcome.ts';
import { stringAt } from '../model/json.ts';
import type { KubeObject, Ref } from '../model/object.ts';
import { resourceVersionOf, uidOf } from '../model/object.ts';
import type { FieldDifference } from '../model/plan.ts';
import type { RecordEntry } from '../model/record.ts';
import type { ApplyContext } from './context.ts';
import { requestOptions } from './context.ts';
import type { Doing } from './errors.ts';
import { objectError, operatorErrorOf } from './errors.ts';
import type { Drifted, Suspicion } from './drifted.ts';
import { overridesIn } from './overridden.ts';
import { healedBetween, isTaken, takenIn, writerOf } from './drifted.ts';
import { contested, hintsOn } from './intend.ts';
import { isUntracked } from './ownership.ts';
import type { Order, Written } from './write.ts';
import { dryRun, entryOf, isFieldConflict, isStale, writeObject } from './write.ts';

/** One object that may have drifted. */
export interface CorrectionInput {
  readonly ref: Ref;
  /** What was applied last: drift is measured against it, never against a commit that is not synced yet. */
  readonly body: KubeObject;
  readonly desiredHash: string;
  readonly recorded: RecordEntry;
  readonly suspect: Suspicion;
  readonly mode: 'repair' | 'detect';
  /** Whether an object that was deleted may be created again out of order (apply-rules part 6); asked when it is gone. */
  readonly mayRecreate: () => Promise<boolean>;
  /** Puts on record that the object on record is gone, and another one about to be ours: a crash may not orphan it. */
  readonly announce: () => Promise<void>;
}

/** The object as it is now. */
interface Looked {
  readonly object: KubeObject;
  readonly entry: RecordEntry;
  /** What stays as its owner has it. */
  readonly yielded: readonly Yielded[];
  /** Of a write: what of ours admission replaced. */
  readonly overrides?: readonly Override[];
}

export type Correction =
  /** Nothing of ours differs: no write, or a verify without effect. */
  | ({ readonly kind: 'unchanged' } & Looked)
  /** The values were right and some were not ours any more; now they are. Not drift. */
  | ({ readonly kind: 'shared' } & Looked)
  | ({ readonly kind: 'corrected' } & Looked & Drifted)
  /** Differs, and nothing was written, as asked. */
  | ({ readonly kind: 'detected' } & Drifted)
  /** It had been deleted, or deleted and created anew by somebody. */
  | { readonly kind: 'recreated'; readonly object: KubeObject; readonly entry: RecordEntry }
  /** Deleted; the ordered plan creates it again. */
  | { readonly kind: 'vanished' }
  | { readonly kind: 'terminating' }
  | { readonly kind: 'failed'; readonly error: OperatorError };

/**
 * How often the object is looked at because somebody wrote it between our look and our write. A scaled workload's
 * controller writes its status several times within the time of one look: three looks often were too few.
 */
const looks = 10;

/** A no-op apply moves resourceVersion for these: only a dry-run may ask whether anything differs. */
const movedByNoOp = new Set(['PersistentVolumeClaim']);

/**
 * Looks at one object that may have drifted and puts back what is ours: the second lane, beside the ordered plan.
 *
 * Guarantees: one read and at most two writes (three where apply-rules names a fold, a union or a list key) per look;
 * writes carry uid and resourceVersion of what was read, so nothing newer is overwritten unseen; `detect` writes nothing.
 * Throws only for a bug.
 */
export async function correctObject(input: CorrectionInput, context: ApplyContext): Promise<Correction> {
  try {
    for (let look = 0; look < looks; look++) {
      const correction = await lookAnnounced(input, context);
      if (correction !== 'stale') return correction;
    }
    const message = 'it is written by somebody else all the time; the operator tries again';
    return failure(objectError(doing(input), { message, reason: 'SyncFailed', retry: 'backoff' }));
  } catch (error) {
    return failure(operatorErrorOf(error, doing(input)));
  }
}

/**
 * What the watch shows from before the read on is held until the look has ended: what was read may be accepted as it is,
 * and would else count as newer than what has happened since.
 */
async function lookAnnounced(input: CorrectionInput, context: ApplyContext): Promise<Correction | 'stale'> {
  const flight = context.writes.begin(input.ref);
  try {
    return await lookOnce(input, context);
  } finally {
    flight.end();
  }
}

async function lookOnce(input: CorrectionInput, context: ApplyContext): Promise<Correction | 'stale'> {
  const { ref, body, mode } = input;
  const live = await context.cluster.read({ ...ref, apiVersion: body.apiVersion }, requestOptions(context));
  if (live !== undefined && stringAt(live.metadata, 'deletionTimestamp') !== undefined) return { kind: 'terminating' };
  try {
    if (live === undefined) return await recreate(input, context);
    if (!mayBeUpdated(body, context.installation)) return accept({ input, live }, context);
    const refusal = takeover(input, live, context);
    if (refusal !== undefined) return failure(refusal);
    const hints = await hintsOn(body, live, context);
    const adopts = uidOf(live) !== input.recorded.uid;
    const intention = intended({ desired: body, live, hints, adopts }, context);
    if (intention.refusal !== undefined) return failure(intention.refusal);
    const compareTo = (answer: KubeObject): Comparison =>
      intended({ desired: body, live: answer, hints }, context).comparison;
    const seen = { input, live, before: intention.comparison, intention, compareTo };
    return mode === 'detect' ? await detect(seen, context) : await repair(seen, context);
  } catch (error) {
    if (isStale(error)) return 'stale';
    throw error;
  }
}

/** Another object of the same name is taken under the planner's rules only. */
function takeover({ recorded }: CorrectionInput, live: KubeObject, context: ApplyContext): OperatorError | undefined {
  const { app, claims, installation } = context;
  const owner = { key: app.key, installation };
  return proofOf(recorded, live, owner) === 'theirs'
    ? adoptionRefusal(live, owner, claims, app.spec.ownership)
    : undefined;
}

/** An object, as it was read, beside what was applied to it. */
interface Seen {
  readonly input: CorrectionInput;
  readonly live: KubeObject;
  readonly before: Comparison;
  readonly intention: Intention;
  /** An answer of the server, compared in the same way. */
  readonly compareTo: (answer: KubeObject) => Comparison;
}

/** Without force: somebody may create it at the same moment, and is looked at then. */
async function recreate(input: CorrectionInput, context: ApplyContext): Promise<Correction | 'stale'> {
  if (input.mode === 'detect' || !(await input.mayRecreate())) return { kind: 'vanished' };
  await input.announce();
  try {
    const { object, entry } = await writeObject(orderOf(input, { body: input.body, force: false }), context);
    return { kind: 'recreated', object, entry };
  } catch (error) {
    if (isFieldConflict(error)) return 'stale';
    throw error;
  }
}

async function repair(seen: Seen, context: ApplyContext): Promise<Correction> {
  if (isAsApplied(seen)) return accept(seen, context);
  if (seen.before.verdict === 'doubtful' && movedByNoOp.has(seen.input.ref.kind)) {
    const fields = await healedByDryRun(seen, context);
    if (fields.length === 0) return accept(seen, context);
  }
  const written = await writeWithPolicy(seen, context);
  return verdictOn(seen, written, context);
}

/** Nothing differs, everything is ours, and it is the object on record: no request can tell more. */
function isAsApplied({ before, live, input }: Seen): boolean {
  return before.verdict === 'equal' && uidOf(live) === input.recorded.uid;
}

/** From now on what was read counts as verified. */
function accept(
  { input, live, intention }: Pick<Seen, 'input' | 'live'> & Partial<Pick<Seen, 'intention'>>,
  context: ApplyContext,
): Correction {
  const flight = context.writes.begin(input.ref);
  flight.answered(live, input.desiredHash);
  flight.end();
  return {
    kind: 'unchanged',
    object: live,
    entry: entryOf({ ref: input.ref, desired: input.desiredHash }, live, context),
    yielded: intention?.yielded ?? [],
  };
}

/** First without force, which heals removals and shares equal values; with force where others hold what is ours. */
async function writeWithPolicy({ input, live, before, intention }: Seen, context: ApplyContext): Promise<Written> {
  const { probe: body, reclaims } = intention;
  const force = isUntracked(live) || before.differences.some(isTaken);
  const takesOver = uidOf(live) !== input.recorded.uid;
  if (takesOver) await input.announce();
  try {
    return await writeObject(orderOf(input, { body, live, force, takesOver, reclaims }), context);
  } catch (error) {
    if (!isFieldConflict(error)) throw error;
    const held = contested(error, input.ref, context);
    if (held !== undefined) throw held;
    return writeObject(orderOf(input, { body, live, force: true, takesOver, reclaims }), context);
  }
}

/** Compares what was found with what stands after our write: what is gone was drift, what stays is admission's. */
function verdictOn(
  { input, live, before, compareTo, intention }: Seen,
  { object, entry }: Written,
  context: ApplyContext,
): Correction {
  if (uidOf(live) !== input.recorded.uid) return { kind: 'recreated', object, entry };
  const { yielded, probe } = intention;
  const looked = { object, entry, yielded, overrides: overridesIn(input.ref, probe, object, context) };
  if (resourceVersionOf(object) === resourceVersionOf(live)) return { kind: 'unchanged', ...looked };
  const healed = healedBetween(before, compareTo(object));
  if (healed.length > 0) return { kind: 'corrected', ...looked, ...drifted(healed, input, context) };
  const wasLost = before.verdict === 'ownershipLost' || before.lost.length > 0;
  return { kind: wasLost ? 'shared' : 'unchanged', ...looked };
}

/** Says what is different and writes nothing; where only the server knows, a dry-run asks it. */
async function detect(seen: Seen, context: ApplyContext): Promise<Correction> {
  const { before, input } = seen;
  if (isAsApplied(seen)) return accept(seen, context);
  if (uidOf(seen.live) !== input.recorded.uid)
    return { kind: 'detected', fields: ['metadata.uid'], by: undefined, taken: [] };
  const sure = before.differences.filter(({ base, desired }) => base === undefined || desired === undefined);
  const fields = sure.length > 0 ? sure : await healedByDryRun(seen, context);
  return fields.length > 0 ? { kind: 'detected', ...drifted(fields, input, context) } : accept(seen, context);
}

/** What an unforced apply would put back; what others hold counts too, for the server names it in its refusal. */
async function healedByDryRun(
  { input, live, before, intention, compareTo }: Seen,
  context: ApplyContext,
): Promise<FieldDifference[]> {
  if (before.differences.length + before.doubts.length === 0) return [];
  try {
    const answer = await dryRun(orderOf(input, { body: intention.probe, live, force: false }), context);
    return healedBetween(before, compareTo(answer.object));
  } catch (error) {
    if (isFieldConflict(error)) return [...before.differences, ...before.doubts];
    throw error;
  }
}

function drifted(
  fields: readonly FieldDifference[],
  { suspect }: CorrectionInput,
  { installation }: ApplyContext,
): Drifted {
  const by = writerOf(fields, suspect, installation.manager);
  return { fields: fields.map(({ path }) => path), by, taken: takenIn(fields) };
}

function orderOf(
  { ref, desiredHash }: CorrectionInput,
  how: Pick<Order, 'body' | 'live' | 'force' | 'takesOver' | 'reclaims'>,
): Order {
  return { ref, desired: desiredHash, ...how };
}

function doing({ ref }: CorrectionInput): Doing {
  return { step: 'apply', ref };
}

function failure(error: OperatorError): Correction {
  return { kind: 'failed', error };
}
