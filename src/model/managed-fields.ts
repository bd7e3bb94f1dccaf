import { shortHash } from './hash.ts';
import type { Installation } from './installation.ts';
import { trackerIn } from './installation.ts';
import type { JsonObject } from './json.ts';
import { arrayAt, encodeJson, isJsonObject, numberAt, objectAt, stringAt } from './json.ts';
import type { FieldWriter, Observation } from './live.ts';
import type { KubeObject } from './object.ts';
import { annotationsOf, labelsOf, refOf, resourceVersionOf, uidOf } from './object.ts';

/** One item of `metadata.managedFields`. */
export interface ManagedEntry extends FieldWriter {
  readonly apiVersion: string;
  /** The field set: `f:` field, `k:` item by keys, `v:` set item, `i:` index, `.` the item itself. */
  readonly fields: JsonObject;
}

export function managedEntriesOf(object: KubeObject): ManagedEntry[] {
  return arrayAt(object.metadata, 'managedFields').filter(isJsonObject).map(readEntry);
}

function readEntry(item: JsonObject): ManagedEntry {
  return {
    manager: stringAt(item, 'manager') ?? '',
    operation: stringAt(item, 'operation') === 'Apply' ? 'Apply' : 'Update',
    subresource: stringAt(item, 'subresource') ?? '',
    time: stringAt(item, 'time') ?? '',
    apiVersion: stringAt(item, 'apiVersion') ?? '',
    fields: objectAt(item, 'fieldsV1'),
  };
}

/** Ours is the Apply entry of our manager on the main resource; an Update under our name is somebody else's write. */
export function isOurEntry(entry: FieldWriter, manager: string): boolean {
  return entry.manager === manager && entry.operation === 'Apply' && entry.subresource === '';
}

/**
 * Hash of apiVersion, time and fields of our entry. The server re-sorts the keys, so only a fingerprint of an answer of
 * the server may be compared, never one computed from a manifest.
 */
export function fingerprintOf(entry: ManagedEntry): string {
  return shortHash(`${entry.apiVersion}|${entry.time}|${encodeJson(entry.fields)}`);
}

/** What an object, whole or metadata-only, tells about itself. `health` is added by who assesses it. */
export function observe(object: KubeObject, installation: Installation): Observation {
  const entries = managedEntriesOf(object);
  const ours = entries.find((entry) => isOurEntry(entry, installation.manager));
  const foreign = newestForeign(entries, installation.manager);
  const { metadata } = object;
  const ref = refOf(object);
  return {
    ref,
    uid: uidOf(object),
    resourceVersion: resourceVersionOf(object),
    generation: numberAt(metadata, 'generation') ?? 0,
    fp: ours === undefined ? '' : fingerprintOf(ours),
    entryTime: ours?.time ?? '',
    partOf: stringAt(labelsOf(object), installation.partOfLabel) ?? '',
    tracker: trackerIn(stringAt(annotationsOf(object), installation.trackingAnnotation) ?? '', ref),
    deleting: stringAt(metadata, 'deletionTimestamp') !== undefined,
    controlled: isControlled(object),
    ...(foreign === undefined ? {} : { foreign }),
  };
}

/** True when an ownerReference says `controller: true`: a controller of the cluster owns the object, never adopt it. */
export function isControlled(object: KubeObject): boolean {
  return arrayAt(object.metadata, 'ownerReferences').some(
    (owner) => isJsonObject(owner) && owner['controller'] === true,
  );
}

function newestForeign(entries: readonly ManagedEntry[], manager: string): FieldWriter | undefined {
  let newest: ManagedEntry | undefined;
  for (const entry of entries) {
    if (entry.subresource !== '' || isOurEntry(entry, manager)) continue;
    if (newest === undefined || entry.time >= newest.time) newest = entry;
  }
  if (newest === undefined) return undefined;
  const { operation, subresource, time } = newest;
  return { manager: newest.manager, operation, subresource, time };
}
