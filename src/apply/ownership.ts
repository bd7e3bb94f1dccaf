import type { PatchOperation } from '../kube/cluster.ts';
import { beforeFirstApply, fold, foldItems, narrow } from '../diff/diff.ts';
import type { Installation } from '../model/installation.ts';
import type { JsonObject, JsonValue } from '../model/json.ts';
import type { ManagedEntry } from '../model/managed-fields.ts';
import { isOurEntry, managedEntriesOf } from '../model/managed-fields.ts';
import type { KubeObject } from '../model/object.ts';
import { resourceVersionOf } from '../model/object.ts';

/** True when nobody is known to own anything: managedFields were wiped, or were never tracked. */
export function isUntracked(object: KubeObject): boolean {
  return managedEntriesOf(object).every(
    ({ manager, subresource }) => manager === beforeFirstApply || subresource !== '',
  );
}

/**
 * Takes from `before-first-apply`, which co-owns every field once managedFields were wiped, what is ours or said by Git,
 * for a field dropped from Git would stay for ever; empty when it has nothing of that. What others had set stays its own.
 * Folded into our entry it would be removed, an autoscaler's replicas included; owned by nobody it would go with the last
 * field of ours beside it.
 */
export function narrowBeforeFirstApply(
  object: KubeObject,
  { manager }: Installation,
  desired: KubeObject,
): PatchOperation[] {
  const narrowed = narrow(object, manager, desired);
  return narrowed === undefined ? [] : rewrite(object, narrowed);
}

/** What a merge patch of ours left behind (`evenkeel/Update`) becomes part of our Apply entry. */
export function foldOwnUpdate(object: KubeObject, { manager }: Installation): PatchOperation[] {
  return folding(object, manager, (entry) => entry.manager === manager && entry.operation === 'Update');
}

/** Entries of others that `chosen` accepts become part of ours. */
export function foldForeign(
  object: KubeObject,
  { manager }: Installation,
  chosen: (fields: JsonObject) => boolean,
): PatchOperation[] {
  return folding(object, manager, (entry) => !isOurEntry(entry, manager) && chosen(entry.fields));
}

/** Items of lists that others own, named by JSON pointers, become ours; empty when one of them is nobody's. */
export function takeItems(
  object: KubeObject,
  { manager }: Installation,
  pointers: readonly string[],
): PatchOperation[] {
  const folded = foldItems(object, manager, pointers);
  return folded === undefined ? [] : rewrite(object, folded);
}

function folding(object: KubeObject, manager: string, chosen: (entry: ManagedEntry) => boolean): PatchOperation[] {
  const folded = fold(object, manager, chosen);
  return folded === undefined ? [] : rewrite(object, folded.managedFields);
}

/** Stale: 409, nothing is written. */
function rewrite(object: KubeObject, entries: readonly JsonValue[]): PatchOperation[] {
  return [{ op: 'replace', path: '/metadata/managedFields', value: entries }, unchangedSince(object)];
}

/** Makes a JSON patch answer 409 when the object is not the one that was looked at. */
export function unchangedSince(object: KubeObject): PatchOperation {
  return { op: 'replace', path: '/metadata/resourceVersion', value: resourceVersionOf(object) };
}
