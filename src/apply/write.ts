import { ApiError } from '../model/api-error.ts';
import type { Intention } from '../diff/diff.ts';
import { migrationPatch, reclaimPatch, withoutPlaces } from '../diff/diff.ts';
import type { WriteAnswer } from '../kube/cluster.ts';
import type { Origin } from '../model/desired.ts';
import { observe } from '../model/managed-fields.ts';
import type { KubeObject, Ref } from '../model/object.ts';
import { resourceVersionOf, targetOf, uidOf } from '../model/object.ts';
import type { RecordEntry } from '../model/record.ts';
import type { PatchOperation } from '../kube/cluster.ts';
import type { ApplyContext } from './context.ts';
import { requestOptions } from './context.ts';
import { foldOwnUpdate, isUntracked, narrowBeforeFirstApply } from './ownership.ts';
import type { Remedy } from './refusals.ts';
import { remedyFor, unionRemedy } from './refusals.ts';

/** One object that is to be as Git says. */
export interface Order {
  readonly ref: Ref;
  /** Normalised, with our marks. */
  readonly body: KubeObject;
  /** Hash of the body. */
  readonly desired: string;
  readonly origin?: Origin;
  /** As last looked at; undefined: there is none. */
  readonly live?: KubeObject | undefined;
  /** Take fields from whoever owns them; otherwise the server answers 409 naming them. */
  readonly force: boolean;
  /** What `ownership.migrateFrom` names becomes ours first, so that our apply removes what Git does not want. */
  readonly takesOver?: boolean;
  /** Places that others added and that become ours first, so that our apply removes them. */
  readonly reclaims?: Intention['reclaims'];
}

export interface Written {
  /** The server's answer. */
  readonly object: KubeObject;
  readonly entry: RecordEntry;
  /** There was no such object. */
  readonly created: boolean;
}

/**
 * Writes one object by Server-Side Apply.
 *
 * Guarantees: an existing object is written only if it is the one that was looked at (uid and resourceVersion are
 * preconditions), and one is created only while there is none, else `conflict` is thrown and nothing was changed; every
 * request is announced in the write log.
 * More than one request is made only for what apply-rules names: taking over from another tool, what others added and has to go, a defaulted union,
 * a changed list key, a foreign field that makes the object invalid, managedFields that were wiped.
 * Throws ApiError.
 */
export async function writeObject(order: Order, context: ApplyContext): Promise<Written> {
  const flight = context.writes.begin(order.ref);
  try {
    const live = await prepare(order, context);
    const answer = await applyOrRemedy({ ...order, live }, context);
    const object = await narrowTrackingOfAll({ ...order, live }, answer.object, context);
    flight.answered(object, order.desired);
    return { object, entry: entryOf(order, object, context), created: answer.created };
  } finally {
    flight.end();
  }
}

/** What goes on record: the fingerprint of the server's answer, never of the manifest. */
export function entryOf(order: Pick<Order, 'ref' | 'desired'>, object: KubeObject, context: ApplyContext): RecordEntry {
  const { uid, fp } = observe(object, context.installation);
  return { ref: order.ref, uid, desired: order.desired, fp };
}

/** Asks what the server would answer, without force, and changes nothing. Throws ApiError. */
export async function dryRun(order: Order, context: ApplyContext): Promise<WriteAnswer> {
  const answer = await sendApply(order, context, true);
  context.tried?.(withoutPlaces(answer.object, order.reclaims ?? [], context.installation));
  return answer;
}

/** True when the object is not the one that was looked at: gone, recreated, or written by somebody meanwhile. */
export function isStale(error: unknown): error is ApiError {
  if (!(error instanceof ApiError)) return false;
  if (error.kind === 'conflict') return !isFieldConflict(error);
  return (
    error.kind === 'notFound' ||
    (error.kind === 'invalid' && error.causes.some(({ field }) => field === 'metadata.uid'))
  );
}

/** True when an unforced apply met fields that others own; the causes name them. */
export function isFieldConflict(error: unknown): error is ApiError {
  return (
    error instanceof ApiError &&
    error.kind === 'conflict' &&
    error.causes.some(({ reason }) => reason === 'FieldManagerConflict')
  );
}

/** One apply, without the remedies that an order may need. Throws ApiError. */
export async function sendApply(order: Order, context: ApplyContext, dry = false): Promise<WriteAnswer> {
  const isQuestion = dry && order.live === undefined;
  return context.cluster.apply(isQuestion ? order.body : guarded(order.body, order.live), {
    ...requestOptions(context),
    manager: context.installation.manager,
    force: order.force,
    ...(dry ? { dryRun: true } : {}),
  });
}

/** No object ever has it. The server asks for it of an object that exists, and creates one that does not. */
const neverThere = { resourceVersion: '1' };

/** Our body, valid only for the object that was looked at; where there was none, only while there is none. */
function guarded(body: KubeObject, live: KubeObject | undefined): KubeObject {
  const preconditions =
    live === undefined ? neverThere : { uid: uidOf(live), resourceVersion: resourceVersionOf(live) };
  return { ...body, metadata: { ...body.metadata, ...preconditions } };
}

/** What has to be done before the server would take our apply, or before it would do what we mean. */
async function prepare(order: Order, context: ApplyContext): Promise<KubeObject | undefined> {
  const { live } = order;
  if (live === undefined) return undefined;
  const { installation } = context;
  const taking = { desired: order.body, live, installation, policy: context.app.spec.ownership };
  const migrated = order.takesOver === true ? await patchObject(live, migrationPatch(taking), context) : live;
  const reclaiming = { policy: context.app.spec.conflicts, manager: installation.manager };
  const reclaimed = await patchObject(migrated, reclaimPatch(migrated, order.reclaims ?? [], reclaiming), context);
  const tracked = isUntracked(reclaimed)
    ? reclaimed
    : await patchObject(reclaimed, narrowBeforeFirstApply(reclaimed, installation, order.body), context);
  const union = unionRemedy(order.body, tracked);
  return union === undefined ? tracked : remedy(union, tracked, context);
}

async function applyOrRemedy(order: Order, context: ApplyContext): Promise<WriteAnswer> {
  try {
    return await sendApply(order, context);
  } catch (error) {
    const { live, body } = order;
    if (!(error instanceof ApiError) || live === undefined || isStale(error)) throw error;
    const found = remedyFor(error, { desired: body, live, installation: context.installation });
    if (found === undefined) throw error;
    return sendApply({ ...order, live: await remedy(found, live, context) }, context);
  }
}

async function remedy(found: Remedy, live: KubeObject, context: ApplyContext): Promise<KubeObject> {
  if (found.kind !== 'union') return patchObject(live, found.patch, context);
  const { cluster, installation } = context;
  const guardedMerge = { ...found.merge, metadata: { resourceVersion: resourceVersionOf(live) } };
  const options = { ...requestOptions(context), manager: installation.manager };
  const merged = await cluster.merge(targetOf(live), guardedMerge, options);
  return patchObject(merged, foldOwnUpdate(merged, installation), context);
}

/** After wiped managedFields the server invents a co-owner of everything at our first apply: what is ours is not its. */
async function narrowTrackingOfAll(order: Order, answer: KubeObject, context: ApplyContext): Promise<KubeObject> {
  if (order.live === undefined) return answer;
  return patchObject(answer, narrowBeforeFirstApply(answer, context.installation, order.body), context);
}

/** A patch under our name; without operations nothing is sent. Throws ApiError. */
export async function patchObject(
  live: KubeObject,
  operations: readonly PatchOperation[],
  context: ApplyContext,
): Promise<KubeObject> {
  if (operations.length === 0) return live;
  const options = { ...requestOptions(context), manager: context.installation.manager };
  return context.cluster.patch(targetOf(live), operations, options);
}
