import type { JsonObject, JsonValue } from '../model/json.ts';
import { arrayAt, decodeJson, isJsonObject, jsonEqual, objectAt } from '../model/json.ts';
import type { ManagedEntry } from '../model/managed-fields.ts';
import { isOurEntry, managedEntriesOf } from '../model/managed-fields.ts';
import type { KubeObject } from '../model/object.ts';
import type { Step } from './field-steps.ts';

/** managedFields in which entries of others have become part of ours. */
export interface Fold {
  readonly from: readonly ManagedEntry[];
  readonly managedFields: readonly JsonObject[];
}

/** Entries that nothing may be folded from: what controllers own stays theirs. */
const untouchable = new Set(['kube-controller-manager']);

/**
 * Makes the entries that `chosen` accepts part of ours, so that our next apply removes what only they had; undefined when
 * there is none. Never those of subresources and of controllers. Fields that another API version names cannot be joined
 * with ours: such an entry is left alone.
 */
export function fold(object: KubeObject, manager: string, chosen: (entry: ManagedEntry) => boolean): Fold | undefined {
  const items = itemsOf(object);
  const ours = items.find(({ entry }) => isOurEntry(entry, manager));
  const eligible = items.filter((item) => item !== ours && isFoldable(item.entry) && chosen(item.entry));
  const [first] = eligible;
  if (first === undefined) return undefined;
  const { apiVersion } = (ours ?? first).entry;
  const folded = eligible.filter(({ entry }) => entry.apiVersion === apiVersion);
  if (folded.length === 0) return undefined;
  const fields = [...(ours === undefined ? [] : [ours]), ...folded].map(({ raw }) => objectAt(raw, 'fieldsV1'));
  const merged = {
    ...(ours?.raw ?? { ...first.raw, manager, operation: 'Apply' }),
    fieldsV1: fields.reduce(unionOfFields),
  };
  const kept = items.filter((item) => item !== ours && !folded.includes(item));
  return { from: folded.map(({ entry }) => entry), managedFields: [...kept.map(({ raw }) => raw), merged] };
}

/**
 * Makes single places of the entries that `chosen` accepts part of ours; undefined when none of them has one. The same
 * entries as above are left alone.
 */
export function foldPlaces(
  object: KubeObject,
  { manager, chosen }: { readonly manager: string; readonly chosen: (entry: ManagedEntry) => boolean },
  places: readonly (readonly Step[])[],
): readonly JsonObject[] | undefined {
  const items = itemsOf(object);
  const ours = items.find(({ entry }) => isOurEntry(entry, manager));
  const apiVersion = ours?.entry.apiVersion ?? object.apiVersion;
  const givers = items.filter(
    (item) => item !== ours && isFoldable(item.entry) && item.entry.apiVersion === apiVersion && chosen(item.entry),
  );
  const splits = new Map(givers.map((item) => [item, splitAtAll(item.entry.fields, places)]));
  const taken = [...splits.values()].flatMap(({ taken }): JsonObject[] => (taken === undefined ? [] : [taken]));
  const [first] = givers;
  if (taken.length === 0 || first === undefined) return undefined;
  const own = ours?.raw ?? { ...first.raw, manager, operation: 'Apply', fieldsV1: {} };
  const kept = items.flatMap((item) => {
    const left = splits.has(item) ? splits.get(item)?.left : item.entry.fields;
    return item === ours || left === undefined ? [] : [{ ...item.raw, fieldsV1: left }];
  });
  return [...kept, { ...own, fieldsV1: taken.reduce(unionOfFields, objectAt(own, 'fieldsV1')) }];
}

interface Split {
  readonly taken?: JsonObject;
  /** undefined: nothing is left, not even the parents. */
  readonly left?: JsonObject;
}

function splitAtAll(fields: JsonObject, places: readonly (readonly Step[])[]): Split {
  const split: { taken: JsonObject; left: JsonObject } = { taken: {}, left: fields };
  for (const steps of places) {
    const { taken = {}, left = {} } = splitAt(split.left, steps);
    split.taken = unionOfFields(split.taken, taken);
    split.left = left;
  }
  const { taken, left } = split;
  return { ...(isLeaf(taken) ? {} : { taken }), ...(isLeaf(left) ? {} : { left }) };
}

function splitAt(node: JsonObject, [step, ...rest]: readonly Step[]): Split {
  if (step === undefined) return { taken: node };
  const key = Object.keys(node).find((name) => isAt(name, step));
  const child = key === undefined ? undefined : node[key];
  if (key === undefined || !isJsonObject(child)) return { left: node };
  const { taken, left } = splitAt(child, rest);
  if (taken === undefined) return { left: node };
  const others = Object.fromEntries(Object.entries(node).filter(([name]) => name !== key));
  const remaining = left === undefined ? others : { ...others, [key]: left };
  return { taken: { [key]: taken }, ...(isLeaf(remaining) ? {} : { left: remaining }) };
}

function isAt(key: string, step: Step): boolean {
  if ('field' in step) return key === `f:${step.field}`;
  if ('value' in step) return key.startsWith('v:') && jsonEqual(decodeJson(key.slice(2)), step.value);
  return key.startsWith('k:') && jsonEqual(decodeJson(key.slice(2)), step.item);
}

interface Item {
  readonly raw: JsonObject;
  readonly entry: ManagedEntry;
}

function itemsOf(object: KubeObject): Item[] {
  const raws = arrayAt(object.metadata, 'managedFields').filter(isJsonObject);
  const entries = managedEntriesOf(object);
  return raws.flatMap((raw, index) => {
    const entry = entries[index];
    return entry === undefined ? [] : [{ raw, entry }];
  });
}

/** False for entries of subresources and of controllers. */
export function isFoldable({ manager, subresource }: ManagedEntry): boolean {
  return subresource === '' && !untouchable.has(manager);
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
