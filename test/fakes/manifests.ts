import jsonPatch from 'fast-json-patch';
import type { PatchOperation } from '../../src/kube/cluster.ts';
import { ApiError } from '../../src/model/api-error.ts';
import type { ApiErrorKind } from '../../src/model/api-error.ts';
import type { JsonObject } from '../../src/model/json.ts';
import { stringAt } from '../../src/model/json.ts';
import type { KubeObject } from '../../src/model/object.ts';
import { refOf, resourceVersionOf, uidOf } from '../../src/model/object.ts';
import { hasStatus } from './schema.ts';

export function refusal(kind: ApiErrorKind, status: number, message: string): ApiError {
  return new ApiError(message, { kind, status });
}

/** What counts of a manifest: not the preconditions, and not a status that has a subresource of its own. */
export function manifestOf(object: KubeObject): KubeObject {
  const manifest = { ...object, metadata: without(object.metadata, ['uid', 'resourceVersion']) };
  return hasStatus(refOf(object)) ? without(manifest, ['status']) : manifest;
}

function without<T extends JsonObject>(object: T, keys: readonly string[]): T {
  return Object.fromEntries(Object.entries(object).filter(([key]) => !keys.includes(key))) as T;
}

/** A stale resourceVersion of a missing object creates it again; another uid never does. */
export function checkPreconditions(before: KubeObject | undefined, wanted: KubeObject): void {
  const uid = stringAt(wanted.metadata, 'uid');
  if (uid !== undefined && uid !== (before === undefined ? '' : uidOf(before))) {
    throw refusal('conflict', 409, `uid mismatch: ${uid} was expected`);
  }
  const version = stringAt(wanted.metadata, 'resourceVersion');
  if (before === undefined || version === undefined || version === resourceVersionOf(before)) return;
  throw refusal('conflict', 409, 'the object has been modified; please apply your changes to the latest version');
}

/** What a PUT makes of an object: what the body lacks goes, but what the server keeps itself. */
export function replaced(before: KubeObject, object: KubeObject): KubeObject {
  checkPreconditions(before, object);
  const { name } = object.metadata;
  const kept = Object.entries(before.metadata).filter(([key]) => keptByServer.has(key));
  const metadata = { ...manifestOf(object).metadata, ...Object.fromEntries(kept), name };
  return withinSubresource(before, { ...object, metadata }, '');
}

const keptByServer = new Set([
  'uid',
  'resourceVersion',
  'generation',
  'creationTimestamp',
  'deletionTimestamp',
  'managedFields',
]);

export function withinSubresource(before: KubeObject, wanted: KubeObject, subresource: string): KubeObject {
  const status = (object: KubeObject) => (object['status'] === undefined ? {} : { status: object['status'] });
  if (subresource === 'status') return { ...before, ...status(wanted) };
  if (!hasStatus(refOf(before))) return wanted;
  return { ...without(wanted, ['status']), ...status(before) };
}

export function bornNamespace(before: KubeObject | undefined, after: KubeObject): KubeObject {
  if (before !== undefined || after.kind !== 'Namespace') return after;
  return { ...after, spec: { finalizers: ['kubernetes'] }, status: { phase: 'Active' } };
}

/** What a metadata-only list or watch shows. */
export function metadataOf({ apiVersion, kind, metadata }: KubeObject): KubeObject {
  return { apiVersion, kind, metadata };
}

export function patched(before: KubeObject, operations: readonly PatchOperation[]): KubeObject {
  try {
    const copy = structuredClone(before);
    return jsonPatch.applyPatch(copy, structuredClone(operations) as jsonPatch.Operation[], true).newDocument;
  } catch (cause) {
    throw new ApiError('the patch does not fit the object', { kind: 'invalid', status: 422, cause });
  }
}
