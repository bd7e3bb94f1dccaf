import type { JsonObject, JsonValue } from '../model/json.ts';
import { arrayAt, isJsonObject, objectAt } from '../model/json.ts';
import type { ManagedEntry } from '../model/managed-fields.ts';
import { isOurEntry, managedEntriesOf } from '../model/managed-fields.ts';
import type { KubeObject } from '../model/object.ts';

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

function isFoldable({ manager, subresource }: ManagedEntry): boolean {
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
