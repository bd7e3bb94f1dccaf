import type { JsonObject, JsonValue } from '../model/json.ts';
import { decodeJson, isJsonArray, isJsonObject, jsonEqual } from '../model/json.ts';

/**
 * Where one field set (fieldsV1 of one manager) stands at one path of an object. `node` is what it says there;
 * `covered`: an ancestor is a leaf of the set, so the whole subtree belongs to it (an atomic list or map).
 */
export interface Reach {
  readonly node?: JsonObject;
  readonly covered: boolean;
}

/** What the keys of a list's items are: names of the key fields, or a set of values. */
export type ListShape = readonly string[] | 'set';

const outOfReach: Reach = { covered: false };

/** True when the set has the path, or part of it. */
export function touches(reach: Reach): boolean {
  return reach.covered || reach.node !== undefined;
}

/** True when the set names exactly this path and nothing below it. */
export function isLeaf(reach: Reach): boolean {
  return reach.node !== undefined && Object.keys(reach.node).every((key) => key === '.');
}

/** True when the path itself, not only something below it, is in the set. */
export function isMember(reach: Reach): boolean {
  return isLeaf(reach) || (reach.node !== undefined && Object.hasOwn(reach.node, '.'));
}

export function fieldOf(reach: Reach, name: string): Reach {
  return step(reach, `f:${name}`);
}

/** The item of an associative list whose key fields have the item's values. */
export function keyedItemOf(reach: Reach, item: JsonObject): Reach {
  return stepWhere(reach, 'k:', (key) => matchesKey(key, item));
}

/** The item of a set. */
export function setItemOf(reach: Reach, value: JsonValue): Reach {
  return stepWhere(reach, 'v:', (item) => jsonEqual(item, value));
}

function step(reach: Reach, key: string): Reach {
  if (reach.covered || isLeaf(reach)) return { covered: true };
  const node = reach.node?.[key];
  return isJsonObject(node) ? { node, covered: false } : outOfReach;
}

function stepWhere(reach: Reach, prefix: string, matches: (decoded: JsonValue) => boolean): Reach {
  if (reach.covered || isLeaf(reach)) return { covered: true };
  const found = Object.keys(reach.node ?? {}).find(
    (key) => key.startsWith(prefix) && matches(decodeJson(key.slice(2))),
  );
  return found === undefined ? outOfReach : step(reach, found);
}

/** Names of the fields below a path. */
export function fieldsBelow(reach: Reach): string[] {
  return Object.keys(reach.node ?? {})
    .filter((key) => key.startsWith('f:'))
    .map((key) => key.slice(2));
}

/** Keys of the associative list's items below a path, as objects of the key fields. */
export function itemKeysBelow(reach: Reach): JsonObject[] {
  return decodedBelow(reach, 'k:').filter(isJsonObject);
}

/** Values of the set's items below a path. */
export function setValuesBelow(reach: Reach): JsonValue[] {
  return decodedBelow(reach, 'v:');
}

function decodedBelow(reach: Reach, prefix: string): JsonValue[] {
  return Object.keys(reach.node ?? {})
    .filter((key) => key.startsWith(prefix))
    .map((key) => decodeJson(key.slice(2)));
}

/** The shape of a list, as far as this set tells it. */
export function shapeSeenBy(reach: Reach): ListShape | undefined {
  for (const key of Object.keys(reach.node ?? {})) {
    if (key.startsWith('v:')) return 'set';
    if (!key.startsWith('k:')) continue;
    const decoded = decodeJson(key.slice(2));
    if (isJsonObject(decoded)) return Object.keys(decoded).sort();
  }
  return undefined;
}

export function matchesKey(key: JsonValue, item: JsonObject): boolean {
  return isJsonObject(key) && Object.keys(key).every((name) => jsonEqual(key[name], item[name]));
}

/** True for lists of which every item is an object, which only can be associative by keys. */
export function isListOfObjects(value: JsonValue): value is readonly JsonObject[] {
  return isJsonArray(value) && value.every(isJsonObject);
}
