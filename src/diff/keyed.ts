import type { JsonObject, JsonValue } from '../model/json.ts';
import { isJsonObject, jsonEqual } from '../model/json.ts';
import { plain } from './path.ts';

/** The key fields that an item gives itself; the others are left to the server's defaults. */
export function givenKeys(item: JsonObject, keys: readonly string[]): string[] {
  return keys.filter((key) => Object.hasOwn(item, key));
}

/** Where the live item with desired's key is, else -1; a key field left to its default matches if one item only does. */
export function positionOf(item: JsonObject, keys: readonly string[], live: readonly JsonObject[]): number {
  const given = givenKeys(item, keys);
  const matches = (other: JsonObject): boolean => given.every((key) => jsonEqual(item[key], other[key]));
  const matching = live.flatMap((other, index) => (matches(other) ? [index] : []));
  const [first = -1] = matching;
  return given.length === keys.length || matching.length === 1 ? first : -1;
}

/** True when a desired item has this key; what it leaves out is whatever the server filled into the live item. */
export function wantsKey(desired: readonly JsonValue[], key: JsonObject, item: JsonObject): boolean {
  return desired
    .filter(isJsonObject)
    .some((want) => givenKeys(want, Object.keys(key)).every((name) => jsonEqual(want[name], item[name])));
}

export function isAscending(positions: readonly number[]): boolean {
  return positions.every((position, index) => index === 0 || position > (positions[index - 1] ?? -1));
}

/** The keys of the items at these positions, for showing an order. */
export function labelsAt(keys: readonly string[], live: readonly JsonObject[], positions: readonly number[]): string[] {
  return positions.map((position) => keys.map((key) => plain(live[position]?.[key])).join('/'));
}
