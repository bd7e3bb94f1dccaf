import type { PatchOperation } from '../kube/cluster.ts';
import type { Installation } from '../model/installation.ts';
import type { JsonObject, JsonValue } from '../model/json.ts';
import { arrayAt, isJsonObject, objectAt, stringAt } from '../model/json.ts';
import type { FieldWriter } from '../model/live.ts';
import type { KubeObject } from '../model/object.ts';
import { annotationsOf, resourceVersionOf } from '../model/object.ts';

/** What SSA of the server calls the owner of everything that was there before managedFields were tracked. */
const beforeFirstApply = 'before-first-apply';

/** Managers of client-side `kubectl apply`, and what it leaves behind: migrated when an object is taken over. */
const clientSideApply = 'kubectl-client-side-apply';
const lastApplied = 'kubectl.kubernetes.io/last-applied-configuration';

/** True for a writer whose fields become ours when they stand in our way (`ownership.migrateFrom: [kubectl]`). */
export function isMigrated({ manager }: FieldWriter): boolean {
  return manager === clientSideApply || manager === beforeFirstApply;
}

/** Entries that nothing may be folded from: what controllers own stays theirs. */
const untouchable = new Set(['kube-controller-manager']);

type Entry = JsonObject;

/** True when nobody is known to own anything: managedFields were wiped, or were never tracked. */
export function isUntracked(object: KubeObject): boolean {
  return entriesOf(object).every((entry) => managerOf(entry) === beforeFirstApply || subresourceOf(entry) !== '');
}

/**
 * Drops `before-first-apply`, which co-owns every field once managedFields were wiped, so that a field dropped from Git
 * would stay for ever; empty when it is not there. Only beside an entry of ours, which owns what Git says. What others had set is owned by nobody
 * from then on and keeps its value: folding it into our entry would remove it, an autoscaler's replicas included.
 */
export function dropBeforeFirstApply(object: KubeObject): PatchOperation[] {
  const entries = entriesOf(object);
  const others = entries.filter((entry) => managerOf(entry) !== beforeFirstApply);
  return others.length === entries.length ? [] : rewrite(object, others);
}

/** The fields that a client-side `kubectl apply` owns become ours, and its annotation goes; empty when it left nothing. */
export function migrateClientSideApply(object: KubeObject, installation: Installation): PatchOperation[] {
  const fold = foldInto(object, installation, (entry) => managerOf(entry) === clientSideApply);
  const annotation: PatchOperation[] =
    lastApplied in annotationsOf(object)
      ? [{ op: 'remove', path: `/metadata/annotations/${lastApplied.replaceAll('/', '~1')}` }]
      : [];
  if (fold.length > 0) return [...annotation, ...fold];
  return annotation.length === 0 ? [] : [...annotation, unchangedSince(object)];
}

/** What a merge patch of ours left behind (`evenkeel/Update`) becomes part of our Apply entry. */
export function foldOwnUpdate(object: KubeObject, installation: Installation): PatchOperation[] {
  return foldInto(
    object,
    installation,
    (entry) => managerOf(entry) === installation.manager && stringAt(entry, 'operation') === 'Update',
  );
}

/** Entries of others that `chosen` accepts become part of ours; never those of subresources and of controllers. */
export function foldForeign(
  object: KubeObject,
  installation: Installation,
  chosen: (fields: JsonObject) => boolean,
): PatchOperation[] {
  return foldInto(
    object,
    installation,
    (entry) => isForeign(entry, installation) && chosen(objectAt(entry, 'fieldsV1')),
  );
}

function isForeign(entry: Entry, installation: Installation): boolean {
  return !isOurs(entry, installation) && !untouchable.has(managerOf(entry));
}

/** Fields that another API version names cannot be joined with ours: such an entry is left alone. */
function foldInto(object: KubeObject, installation: Installation, chosen: (entry: Entry) => boolean): PatchOperation[] {
  const entries = entriesOf(object);
  const ours = entries.find((entry) => isOurs(entry, installation));
  const version = ours === undefined ? undefined : stringAt(ours, 'apiVersion');
  const folded = entries.filter(
    (entry) =>
      entry !== ours &&
      subresourceOf(entry) === '' &&
      (version ?? stringAt(entry, 'apiVersion')) === stringAt(entry, 'apiVersion') &&
      chosen(entry),
  );
  const [first] = folded;
  if (first === undefined) return [];
  const fields = [...(ours === undefined ? [] : [ours]), ...folded].map((entry) => objectAt(entry, 'fieldsV1'));
  const merged = {
    ...(ours ?? { ...first, manager: installation.manager, operation: 'Apply' }),
    fieldsV1: fields.reduce(unionOfFields),
  };
  return rewrite(object, [...entries.filter((entry) => entry !== ours && !folded.includes(entry)), merged]);
}

/** fieldsV1: an empty object is the field itself; one with children owns itself only if it has the key `.`. */
function unionOfFields(a: JsonObject, b: JsonObject): JsonObject {
  const merged: Record<string, JsonValue> = { ...a };
  for (const [key, right] of Object.entries(b)) {
    const left = merged[key];
    merged[key] = isJsonObject(left) && isJsonObject(right) ? unionOfNodes(left, right) : right;
  }
  return merged;
}

function unionOfNodes(a: JsonObject, b: JsonObject): JsonObject {
  if (isLeaf(a) && isLeaf(b)) return {};
  return unionOfFields(isLeaf(a) ? { '.': {} } : a, isLeaf(b) ? { '.': {} } : b);
}

function isLeaf(node: JsonObject): boolean {
  return Object.keys(node).length === 0;
}

/** Stale: 409, nothing is written. */
function rewrite(object: KubeObject, entries: readonly Entry[]): PatchOperation[] {
  return [{ op: 'replace', path: '/metadata/managedFields', value: entries }, unchangedSince(object)];
}

/** Makes a JSON patch answer 409 when the object is not the one that was looked at. */
export function unchangedSince(object: KubeObject): PatchOperation {
  return { op: 'replace', path: '/metadata/resourceVersion', value: resourceVersionOf(object) };
}

function isOurs(entry: Entry, installation: Installation): boolean {
  return (
    managerOf(entry) === installation.manager && stringAt(entry, 'operation') === 'Apply' && subresourceOf(entry) === ''
  );
}

function entriesOf(object: KubeObject): Entry[] {
  return arrayAt(object.metadata, 'managedFields').filter(isJsonObject);
}

function managerOf(entry: Entry): string {
  return stringAt(entry, 'manager') ?? '';
}

function subresourceOf(entry: Entry): string {
  return stringAt(entry, 'subresource') ?? '';
}
