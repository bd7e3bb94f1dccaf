import type { Intention } from '../diff/diff.ts';
import { planExisting, replacementFor, replacesWhole, takesOver } from '../diff/diff.ts';
import type { WriteAnswer } from '../kube/cluster.ts';
import { ApiError } from '../model/api-error.ts';
import type { JsonObject } from '../model/json.ts';
import { jsonEqual } from '../model/json.ts';
import { isOurEntry, managedEntriesOf } from '../model/managed-fields.ts';
import type { KubeObject, RefKey } from '../model/object.ts';
import { groupKindKey, refKey } from '../model/object.ts';
import type { RecordEntry } from '../model/record.ts';
import type { Change, ChangeOf } from '../model/plan.ts';
import type { ApplyContext } from './context.ts';
import { requestOptions } from './context.ts';
import type { Provided } from './definitions.ts';
import { isServed, nothingProvided } from './definitions.ts';
import type { Complaint, Doing } from './errors.ts';
import { objectError, operatorErrorOf } from './errors.ts';
import { contested, hintsOn, intend } from './intend.ts';
import { isInvalidInPlace, remedyFor, unionRemedy } from './refusals.ts';
import { proveCreation } from './replace.ts';
import type { Order } from './write.ts';
import { dryRun, isFieldConflict, isStale } from './write.ts';
import { tryWhole } from './write-whole.ts';

/** A change that asks for a write, or may turn out to. */
export type Write = Asked | ChangeOf<'replace'>;

/** What a dry-run of the apply tells about. */
type Asked = ChangeOf<'create'> | ChangeOf<'update'> | ChangeOf<'undecided'>;

export function isWrite(change: Change): change is Write {
  return isAsked(change) || change.kind === 'replace';
}

function isAsked(change: Change): change is Asked {
  return change.kind === 'create' || change.kind === 'update' || change.kind === 'undecided';
}

export interface Settling {
  readonly context: ApplyContext;
  readonly provided: Provided;
  /** Namespaces that are known not to exist yet. */
  readonly missing: ReadonlySet<string>;
  /** Kinds (`group/Kind`) whose definitions this plan writes: what the server says of them now is not the last word. */
  readonly rewritten: ReadonlySet<string>;
  readonly recorded: ReadonlyMap<RefKey, RecordEntry>;
}

/** When everything that comes first is there. */
export function settlingLate(context: ApplyContext, recorded: Settling['recorded']): Settling {
  return { context, provided: nothingProvided, missing: new Set(), rewritten: new Set(), recorded };
}

/**
 * Asks the server what would become of one change, without force and without writing anything. The dry-run is also the
 * adoption check: it tells whether the object exists, and whether somebody else owns what Git says.
 *
 * Returns the change decided: create, update, replace, keep, refuse; or `undecided` still when the same plan has to bring its
 * namespace or kind first. Throws OperatorError (step `preflight`).
 */
export async function settle(change: Write, settling: Settling): Promise<Change> {
  if (hasToWait(change, settling)) return deferred(change);
  try {
    if (change.kind === 'replace') return await proveCreation(change, settling.context);
    return await (change.kind === 'update' && change.whole === true
      ? askWhole(change, settling)
      : ask(change, settling));
  } catch (error) {
    if (lacksNamespace(error) && settling.provided.namespace(change.ref.namespace)) return deferred(change);
    throw operatorErrorOf(error, doing(change));
  }
}

/** True when the same plan has to bring the namespace or the kind of an object first. */
export function hasToWait({ ref, desired }: Write, { context, provided, missing, rewritten }: Settling): boolean {
  const target = { ...ref, apiVersion: desired.apiVersion };
  if (missing.has(ref.namespace) || rewritten.has(groupKindKey(ref))) return true;
  return !isServed(target, context.cluster.kinds) && provided.kind(target);
}

function lacksNamespace(error: unknown): boolean {
  return error instanceof ApiError && error.kind === 'namespaceMissing';
}

/** The change as it is asked about again when its step begins. */
export function deferred(change: Write): ChangeOf<'undecided'> {
  if (change.kind === 'undecided') return change;
  if (change.kind === 'update') return { ...change, kind: 'undecided', question: 'equal' };
  if (change.kind === 'replace') return { ...change, kind: 'undecided', question: 'equal', adopts: false };
  const { ref, desired } = change;
  return { kind: 'undecided', ref, desired, question: 'exists', differences: [], adopts: false };
}

function doing({ ref, desired }: Write): Doing {
  return { step: 'preflight', ref, origin: desired.origin };
}

async function ask(change: Asked, settling: Settling): Promise<Change> {
  const { context } = settling;
  const known = change.kind === 'create' ? undefined : change.live;
  if (known !== undefined) return askAbout(change, known, context);
  const body = change.desired.body();
  const said = await tryOut(change, { body, force: false }, context);
  if (!(said instanceof ApiError) && said.created) return created(change);
  return meet(change, { body, said }, settling);
}

/** Of an object that was read; what is left to others is not sent, so that the answer is about the rest. */
async function askAbout(change: Asked, live: KubeObject, context: ApplyContext): Promise<Change> {
  const { ref, desired } = change;
  const intention = await intendFor(change, live, context);
  if (intention.refusal !== undefined) return { kind: 'refuse', ref, error: intention.refusal, desired };
  const body = change.kind === 'undecided' ? intention.probe : intention.body;
  const said = await tryOut(change, { body, force: false, reclaims: intention.reclaims }, context);
  return judge(change, { body, said, live, intention }, context);
}

function intendFor(change: Asked, live: KubeObject, context: ApplyContext): Promise<Intention> {
  const adopts = change.kind !== 'create' && change.adopts;
  return intend({ desired: change.desired.body(), live, adopts }, context);
}

/** What the server said to an unforced apply; a refusal is not the last word when it is about what others set. */
interface Tried {
  readonly body: KubeObject;
  readonly said: WriteAnswer | ApiError;
}

async function tryOut(
  { ref, desired }: Asked,
  how: Pick<Order, 'body' | 'force' | 'reclaims'>,
  context: ApplyContext,
): Promise<WriteAnswer | ApiError> {
  try {
    return await dryRun({ ref, desired: desired.hash, ...how }, context);
  } catch (error) {
    if (isFieldConflict(error) || isInvalidInPlace(error)) return error;
    throw error;
  }
}

/** What is to happen to an object that a list has shown, without trying it out. */
export async function settleShown(change: Write, settling: Settling): Promise<Change> {
  try {
    const live = await readLive(change, settling.context);
    const planned = live === undefined ? created(change) : await existing(change, live, settling);
    const isOpen = planned.kind === 'undecided' || planned.kind === 'replace';
    return isOpen ? await settle(planned, settling) : planned;
  } catch (error) {
    throw operatorErrorOf(error, doing(change));
  }
}

export function created({ ref, desired }: Write): ChangeOf<'create'> {
  return { kind: 'create', ref, desired };
}

function readLive({ ref, desired }: Write, context: ApplyContext): Promise<KubeObject | undefined> {
  return context.cluster.read({ ...ref, apiVersion: desired.apiVersion }, requestOptions(context));
}

/** No list had shown the object, and it may exist. */
async function meet(change: Asked, tried: Tried, settling: Settling): Promise<Change> {
  const { context } = settling;
  const live = await readLive(change, context);
  if (live === undefined) throw tried.said instanceof ApiError ? tried.said : objectError(doing(change), wentAway);
  const planned = await existing(change, live, settling);
  if (planned.kind === 'replace') return proveCreation(planned, context);
  if (!isAsked(planned)) return planned;
  const intention = await intendFor(planned, live, context);
  return intention.isWhole ? judge(planned, { ...tried, live, intention }, context) : askAbout(planned, live, context);
}

interface Judged extends Tried {
  readonly live: KubeObject;
  readonly intention: Intention;
}

async function judge(change: Asked, judged: Judged, context: ApplyContext): Promise<Change> {
  const { body, said, live, intention } = judged;
  const { ref, desired } = change;
  if (!(said instanceof ApiError)) {
    const isShown = !migrates(change) && intention.reclaims.length === 0;
    if (isShown && changesNothing(live, said.object, context)) return inSync(change, judged);
    if (body === intention.body) return asUpdate(change, judged, context);
  }
  const held = isFieldConflict(said) ? contested(said, ref, context) : undefined;
  if (held !== undefined) return { kind: 'refuse', ref, error: held, desired };
  const last = await lastWord(change, judged, context);
  const isFinal = last instanceof ApiError && !hasRemedy(last, { desired: intention.body, live }, context);
  return isFinal ? replaced(change, { refusal: last, live }, context) : asUpdate(change, judged, context);
}

/** The refusal of an unforced apply hides what else is wrong: taking the fields over is tried out, too. */
async function lastWord(
  change: Asked,
  { said, intention }: Judged,
  context: ApplyContext,
): Promise<WriteAnswer | ApiError> {
  if (said instanceof ApiError && !isFieldConflict(said)) return said;
  return tryOut(change, { body: intention.body, force: true, reclaims: intention.reclaims }, context);
}

/** A dry-run of the apply alone does not show what goes with the entries of others. */
function migrates(change: Asked): boolean {
  return change.kind === 'update' && takesOver(change.differences);
}

/** As `ask`, of an object that is written as a whole. One that changed meanwhile is looked at again when it is written. */
async function askWhole(change: ChangeOf<'update'>, { context }: Settling): Promise<Change> {
  const { desired, live } = change;
  try {
    await tryWhole({ body: desired.body(), live }, context);
    return change;
  } catch (error) {
    if (isStale(error)) return change;
    if (!(error instanceof ApiError)) throw error;
    return replaced(change, { refusal: error, live }, context);
  }
}

/** What the server refuses because it cannot be changed may be deleted and created anew. */
async function replaced(
  change: Asked,
  { refusal, live }: { readonly refusal: ApiError; readonly live: KubeObject },
  context: ApplyContext,
): Promise<Change> {
  const { differences, adopts } = change.kind === 'create' ? { differences: [], adopts: true } : change;
  const planned = replacementFor(refusal, { object: change.desired, live, differences, adopts }, context);
  if (planned === undefined) throw refusal;
  return planned.kind === 'replace' ? proveCreation(planned, context) : planned;
}

/** What has to go first cannot be tried out together with the apply: the remedy is taken for good. */
function hasRemedy(
  error: ApiError,
  { desired, live }: { readonly desired: KubeObject; readonly live: KubeObject },
  { installation }: ApplyContext,
): boolean {
  return unionRemedy(desired, live) !== undefined || remedyFor(error, { desired, live, installation }) !== undefined;
}

const wentAway: Complaint = {
  message: 'it went away while it was looked at; the operator looks again',
  reason: 'SyncFailed',
  retry: 'backoff',
};

/** The rules of the planner for an object that no list had shown. */
async function existing({ ref, desired }: Write, live: KubeObject, settling: Settling): Promise<Change> {
  const { context, recorded } = settling;
  const entry = recorded.get(refKey(ref));
  const hints = await hintsOn(desired.body(), live, context);
  return planExisting(context, { object: desired, live, entry, hints });
}

function asUpdate(change: Asked, { live, intention }: Judged, { app, installation }: ApplyContext): Change {
  if (change.kind === 'update') return change;
  const { ref, desired } = change;
  const adopts = change.kind === 'undecided' && change.adopts;
  const { differences, doubts, lost } = intention.comparison;
  const whole = replacesWhole(desired.body(), { app, installation }) ? { whole: true } : {};
  const differing = [...differences, ...doubts, ...lost];
  return { kind: 'update', ref, desired, live, differences: differing, adopts, yielded: intention.yielded, ...whole };
}

function inSync({ ref, desired }: Asked, { live, intention: { yielded } }: Judged): Change {
  return { kind: 'keep', ref, reason: 'inSync', message: '', desired, live, yielded };
}

/** True when the answer of a dry-run is what stands already, our ownership included. */
function changesNothing(live: KubeObject, answer: KubeObject, { installation }: ApplyContext): boolean {
  const [before, after] = [live, answer].map((object) => ({
    content: contentOf(object),
    fields: managedEntriesOf(object).find((entry) => isOurEntry(entry, installation.manager))?.fields,
  }));
  return jsonEqual(before?.content, after?.content) && jsonEqual(before?.fields, after?.fields);
}

/** Fields that the server keeps itself; a dry-run moves some of them. */
const kept = new Set(['managedFields', 'resourceVersion', 'generation']);

function contentOf(object: KubeObject): JsonObject {
  const metadata = Object.fromEntries(Object.entries(object.metadata).filter(([key]) => !kept.has(key)));
  return { ...object, metadata };
}
