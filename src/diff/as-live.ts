import type { JsonObject, JsonValue } from '../model/json.ts';
import { isJsonArray, isJsonObject, jsonEqual } from '../model/json.ts';
import type { Reach } from './field-set.ts';
import {
  fieldOf,
  fieldsBelow,
  isLeaf,
  isListOfObjects,
  isMember,
  keyedItemOf,
  setItemOf,
  touches,
} from './field-set.ts';
import type { PathTree } from './hidden.ts';
import { positionOf } from './keyed.ts';
import type { Place } from './place.ts';
import { atField, atItem, isAtomic } from './place.ts';
import { shapeOf } from './walk.ts';

/** One value in Git and in the cluster, and what of it is hidden in each. */
interface Pair {
  readonly desired: JsonValue | undefined;
  readonly live: JsonValue | undefined;
  readonly hidden: { readonly desired: PathTree | undefined; readonly live: PathTree | undefined };
}

/**
 * What is sent so that the hidden places stay as they are: there, what we own has its live value, because leaving it out
 * would remove it, and what is not ours is left out, because sending it would take it. undefined: nothing is sent.
 */
export function asLive(place: Place, pair: Pair): JsonValue | undefined {
  const { desired, live, hidden } = pair;
  if (hidden.desired === undefined && hidden.live === undefined) return desired;
  if (isWhole(pair)) return live === undefined ? undefined : ownedPart(place.own, live);
  if (isAtomic(place)) return substituted(pair);
  if (isObjectOrNone(desired) && isObjectOrNone(live)) return mapAsLive(place, pair, { desired, live });
  return isJsonArray(desired) ? listAsLive(place, pair, { desired, live: isJsonArray(live) ? live : [] }) : desired;
}

function listAsLive(place: Place, pair: Pair, lists: Lists): JsonValue | undefined {
  const { desired, live: items } = lists;
  const shape = shapeOf(place);
  if (shape === 'set') return setAsLive(place, pair, lists);
  const isKeyed = shape !== undefined && isListOfObjects(desired) && isListOfObjects(items);
  return isKeyed ? keyedAsLive({ place, keys: shape }, pair, { desired, live: items }) : substituted(pair);
}

function asList(value: JsonValue | undefined): JsonValue[] {
  return value === undefined ? [] : [value];
}

function isWhole({ hidden }: Pair): boolean {
  return hidden.desired?.whole === true || hidden.live?.whole === true;
}

function isObjectOrNone(value: JsonValue | undefined): value is JsonObject | undefined {
  return value === undefined || isJsonObject(value);
}

interface Maps {
  readonly desired: JsonObject | undefined;
  readonly live: JsonObject | undefined;
}

function mapAsLive(place: Place, pair: Pair, { desired, live }: Maps): JsonObject | undefined {
  const entries = namesIn(desired, pair).flatMap((name): [string, JsonValue][] => {
    const value = asLive(atField(place, name), {
      desired: desired?.[name],
      live: live?.[name],
      hidden: below(pair, name),
    });
    return value === undefined ? [] : [[name, value]];
  });
  const isEmptied = entries.length === 0 && Object.keys(desired ?? {}).length > 0;
  return isEmptied || (entries.length === 0 && desired === undefined) ? undefined : Object.fromEntries(entries);
}

interface Lists<T extends JsonValue = JsonValue> {
  readonly desired: readonly T[];
  readonly live: readonly T[];
}

interface Keyed {
  readonly place: Place;
  readonly keys: readonly string[];
}

function keyedAsLive({ place, keys }: Keyed, { hidden }: Pair, lists: Lists<JsonObject>): JsonValue | undefined {
  const { desired, live } = lists;
  const met = new Set<number>();
  const items = desired.flatMap((item, index) => {
    const position = positionOf(item, keys, live);
    met.add(position);
    const found = live[position];
    const trees = { desired: hidden.desired?.below.get(index), live: hidden.live?.below.get(position) };
    return asList(asLive(atItem(place, keys, found ?? item), { desired: item, live: found, hidden: trees }));
  });
  const kept = live.flatMap((item, index) => {
    if (met.has(index) || hidden.live?.below.get(index)?.whole !== true) return [];
    return asList(ownedPart(keyedItemOf(place.own, item), item));
  });
  return noneIfEmptied([...items, ...kept], desired);
}

function setAsLive(place: Place, { hidden }: Pair, { desired, live }: Lists): JsonValue | undefined {
  const shown = desired.filter((_, index) => hidden.desired?.below.get(index) === undefined);
  const kept = live.filter(
    (value, index) => hidden.live?.below.get(index) !== undefined && touches(setItemOf(place.own, value)),
  );
  return noneIfEmptied([...shown, ...kept.filter((value) => !shown.some((one) => jsonEqual(one, value)))], desired);
}

function noneIfEmptied(items: readonly JsonValue[], before: readonly JsonValue[]): JsonValue | undefined {
  return items.length === 0 && before.length > 0 ? undefined : items;
}

/** Of what is owned as one value no part can be left out: hidden parts get their live value. */
function substituted(pair: Pair): JsonValue | undefined {
  const { desired, live, hidden } = pair;
  if (hidden.desired === undefined && hidden.live === undefined) return desired;
  if (isWhole(pair)) return live;
  if (isJsonArray(desired)) {
    const items = isJsonArray(live) ? live : [];
    return desired.flatMap((item, index) =>
      asList(substituted({ desired: item, live: items[index], hidden: below(pair, index) })),
    );
  }
  if (!isJsonObject(desired)) return desired;
  const other = isJsonObject(live) ? live : {};
  const entries = namesIn(desired, pair).flatMap((name): [string, JsonValue][] => {
    const value = substituted({ desired: desired[name], live: other[name], hidden: below(pair, name) });
    return value === undefined ? [] : [[name, value]];
  });
  return Object.fromEntries(entries);
}

function below({ hidden }: Pair, key: string | number): Pair['hidden'] {
  return { desired: hidden.desired?.below.get(key), live: hidden.live?.below.get(key) };
}

/** Fields of Git, and those that may have to stay although Git does not have them. */
function namesIn(desired: JsonObject | undefined, { hidden }: Pair): string[] {
  return [...new Set([...Object.keys(desired ?? {}), ...(hidden.live?.below.keys() ?? [])].map(String))];
}

/** The part of a live value that a field set has. */
function ownedPart(reach: Reach, live: JsonValue): JsonValue | undefined {
  if (reach.covered || isLeaf(reach)) return live;
  if (reach.node === undefined) return undefined;
  if (isJsonObject(live)) return ownedFields(reach, live);
  if (!isJsonArray(live)) return undefined;
  const items = live.flatMap((item) => {
    const part = isJsonObject(item)
      ? ownedPart(keyedItemOf(reach, item), item)
      : touches(setItemOf(reach, item))
        ? item
        : undefined;
    return asList(part);
  });
  return items.length === 0 ? undefined : items;
}

function ownedFields(reach: Reach, live: JsonObject): JsonObject | undefined {
  const entries = fieldsBelow(reach).flatMap((name): [string, JsonValue][] => {
    const value = live[name];
    const part = value === undefined ? undefined : ownedPart(fieldOf(reach, name), value);
    return part === undefined ? [] : [[name, part]];
  });
  return entries.length === 0 && !isMember(reach) ? undefined : Object.fromEntries(entries);
}
