import { normalise, replacementFailed } from '../diff/diff.ts';
import { ApiError } from '../model/api-error.ts';
import { sha256Hex } from '../model/hash.ts';
import type { JsonObject, JsonValue } from '../model/json.ts';
import { isJsonArray, isJsonObject, objectAt } from '../model/json.ts';
import type { KubeObject, RefKey } from '../model/object.ts';
import { groupKindKey, refKey, refOf, resourceVersionOf, targetOf, uidOf } from '../model/object.ts';
import type { ChangeResult } from '../model/outcome.ts';
import type { ChangeOf } from '../model/plan.ts';
import type { ApplyContext } from './context.ts';
import { requestOptions } from './context.ts';
import type { Doing } from './errors.ts';
import { objectError, operatorErrorOf } from './errors.ts';
import { serverWords } from './server-words.ts';
import { isStale, writeObject } from './write.ts';

type Replace = ChangeOf<'replace'>;

/**
 * Asks whether the server would create the object, without writing anything: as a creation under another name, so that
 * all but the name is looked at. Throws OperatorError when it would not: then nothing may be deleted.
 */
export async function proveCreation(change: Replace, context: ApplyContext): Promise<Replace> {
  const { cluster, installation } = context;
  const options = { ...requestOptions(context), manager: installation.manager, force: false, dryRun: true };
  try {
    await cluster.apply(underAnotherName(change.desired.body()), options);
    return change;
  } catch (error) {
    if (!(error instanceof ApiError) || !isRefusal(error)) throw error;
    const message = `it would have to be deleted and created anew, and the server refuses the creation: ${serverWords(error, change.ref)}`;
    throw objectError(doing(change, 'preflight'), {
      message,
      reason: 'InvalidObject',
      retry: 'interval',
      cause: error,
    });
  }
}

function underAnotherName(body: KubeObject): KubeObject {
  const { name } = body.metadata;
  const stem = name.slice(0, 40).replace(/[^A-Za-z0-9]+$/, '');
  return withoutAddresses({ ...body, metadata: { ...body.metadata, name: `${stem}-${sha256Hex(name).slice(0, 8)}` } });
}

/** Addresses and ports of a Service are taken as long as the present one is there. */
function withoutAddresses(body: KubeObject): KubeObject {
  if (groupKindKey(refOf(body)) !== '/Service') return body;
  const taken = new Set(['clusterIPs', 'healthCheckNodePort']);
  const spec = objectAt(body, 'spec');
  const kept = Object.entries(spec).filter(([key]) => !taken.has(key) && (key !== 'clusterIP' || spec[key] === 'None'));
  const { ports } = spec;
  const free = isJsonArray(ports) ? { ports: ports.map((port) => without(port, 'nodePort')) } : {};
  return { ...body, spec: { ...Object.fromEntries(kept), ...free } };
}

function without(value: JsonValue, name: string): JsonObject {
  return isJsonObject(value) ? Object.fromEntries(Object.entries(value).filter(([key]) => key !== name)) : {};
}

/**
 * Deletes an object and creates it as Git says. `terminating`: something holds the deletion; the next run creates it,
 * for the ref stays on record.
 *
 * Guarantees: only the object that was planned with is deleted (uid and resourceVersion); Pods that the new one will
 * select stay. When the server then refuses the creation the former object is put back, marked so that the same
 * manifest does not replace it again.
 * Assumptions: the plan went through `preflight`, which has proved the creation, and through the guard.
 */
export async function replaceObject(change: Replace, context: ApplyContext): Promise<ChangeResult> {
  try {
    if (!(await deleteFormer(change, context))) return { kind: 'terminating', change };
    return await createAnew(change, context);
  } catch (error) {
    return { kind: 'failed', change, error: operatorErrorOf(error, doing(change, 'apply')) };
  }
}

/** True when it is gone. */
async function deleteFormer(change: Replace, context: ApplyContext): Promise<boolean> {
  const { live, desired, ref } = change;
  const flight = context.writes.begin(ref);
  try {
    const left = await context.cluster.delete(targetOf(live), {
      ...requestOptions(context),
      uid: uidOf(live),
      resourceVersion: resourceVersionOf(live),
      propagation: propagationFor(live, desired.body()),
    });
    if (left === undefined) flight.gone();
    return left === undefined;
  } catch (error) {
    if (!isStale(error)) throw error;
    const message = 'it changed while it was to be deleted and created anew; the operator plans anew';
    throw objectError(doing(change, 'apply'), { message, reason: 'SyncFailed', retry: 'backoff', cause: error });
  } finally {
    flight.end();
  }
}

/** Kinds that have Pods; those of the first set find them again by their selector. */
const adopting: ReadonlySet<string> = new Set([
  'apps/DaemonSet',
  'apps/Deployment',
  'apps/ReplicaSet',
  'apps/StatefulSet',
]);
const waitingForPods: ReadonlySet<string> = new Set([
  ...adopting,
  'batch/Job',
  'batch/CronJob',
  '/ReplicationController',
]);

/**
 * Pods that the new object selects go on running and become its own; all others have to be gone before it comes, for two
 * runs of a Job, or two Pods of one name, may not be there at once. What has no Pods is deleted at once.
 */
function propagationFor(live: KubeObject, desired: KubeObject): 'Orphan' | 'Foreground' | 'Background' {
  const kind = groupKindKey(refOf(live));
  if (adopting.has(kind) && selects(desired, live)) return 'Orphan';
  return waitingForPods.has(kind) ? 'Foreground' : 'Background';
}

function selects(desired: KubeObject, live: KubeObject): boolean {
  const selector = objectAt(objectAt(desired, 'spec'), 'selector');
  const labels = objectAt(objectAt(objectAt(objectAt(live, 'spec'), 'template'), 'metadata'), 'labels');
  const wanted = Object.entries(objectAt(selector, 'matchLabels'));
  return (
    selector['matchExpressions'] === undefined &&
    wanted.length > 0 &&
    wanted.every(([name, value]) => labels[name] === value)
  );
}

async function createAnew(change: Replace, context: ApplyContext): Promise<ChangeResult> {
  const { ref, desired } = change;
  try {
    const order = { ref, body: desired.body(), desired: desired.hash, force: false };
    const { object, entry } = await writeObject(order, context);
    return { kind: 'applied', change, object, entry };
  } catch (error) {
    // Whether anything was created is unknown after other failures: the next run looks, and creates what is missing.
    if (!(error instanceof ApiError) || !isRefusal(error)) throw error;
    return putBack(change, error, context);
  }
}

async function putBack(change: Replace, refusal: ApiError, context: ApplyContext): Promise<ChangeResult> {
  const { ref, live, desired } = change;
  const refused = `it was deleted, and the server refused to create it anew: ${serverWords(refusal, ref)}`;
  const complain = (what: string): ChangeResult & { kind: 'failed' } => {
    const complaint = {
      message: `${refused}. ${what}`,
      reason: 'InvalidObject',
      retry: 'interval',
      cause: refusal,
    } as const;
    return { kind: 'failed', change, error: objectError(doing(change, 'apply'), complaint) };
  };
  try {
    const body = replacementFailed(formerOf(live), desired.hash, context.installation);
    const order = { ref, body, desired: recordedHash(refKey(ref), context), force: false };
    const { entry } = await writeObject(order, context);
    return { ...complain('The former object was put back; it is not replaced by this manifest again'), entry };
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    return complain(`The former object could not be put back either: ${serverWords(error, ref)}`);
  }
}

function recordedHash(key: RefKey, { app }: ApplyContext): string {
  return app.record.find(({ ref }) => refKey(ref) === key)?.desired ?? '';
}

/** What can be created again: without what the server has set, which for a Job includes how it finds its Pods. */
function formerOf(live: KubeObject): KubeObject {
  const former = normalise(live);
  const spec = objectAt(former, 'spec');
  if (groupKindKey(refOf(former)) !== 'batch/Job' || spec['manualSelector'] === true) return former;
  const template = objectAt(spec, 'template');
  const metadata = objectAt(template, 'metadata');
  const labels = Object.entries(objectAt(metadata, 'labels')).filter(([name]) => !jobLabels.test(name));
  const own = { ...template, metadata: { ...metadata, labels: Object.fromEntries(labels) } };
  return { ...former, spec: { ...without(spec, 'selector'), template: own } };
}

const jobLabels = /^(batch\.kubernetes\.io\/)?(controller-uid|job-name)$/;

/** The server has understood, and says no. */
function isRefusal({ kind }: ApiError): boolean {
  return kind === 'invalid' || kind === 'forbidden' || kind === 'tooLarge' || kind === 'terminating';
}

function doing({ ref, desired }: Replace, step: Doing['step']): Doing {
  return { step, ref, origin: desired.origin };
}
