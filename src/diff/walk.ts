import type { JsonObject, JsonValue } from '../model/json.ts';
import { isJsonArray, isJsonObject, jsonEqual } from '../model/json.ts';
import { isBlank, mayBeDefaulted, maySayTheSame } from './equality.ts';
import type { ListShape } from './field-set.ts';
import { fieldsBelow, isListOfObjects, itemKeysBelow, matchesKey, setValuesBelow, shapeSeenBy } from './field-set.ts';
import type { Finding } from './finding.ts';
import { different, doubtful, lost, removal } from './finding.ts';
import { givenKeys, isAscending, labelsAt, positionOf, wantsKey } from './keyed.ts';
import { knownShape } from './list-keys.ts';
import { itemPath } from './path.ts';
import type { Place } from './place.ts';
import { atField, atItem, atValue, isAtomic, isOwned } from './place.ts';

type List = readonly JsonValue[];

/** Compares one value; `live` undefined = not there. */
function* compareValue(place: Place, desired: JsonValue, live: JsonValue | undefined): Generator<Finding> {
  if (live === undefined) yield* compareMissing(place, desired);
  else if (isJsonObject(desired) && isJsonObject(live)) yield* compareObject(place, desired, live);
  else if (isJsonArray(desired) && isJsonArray(live)) yield* compareList(place, desired, live);
  else yield* compareWhole(place, desired, live);
}

/** The server leaves blank values out and keeps them as ours; without ownership somebody may have removed them. */
function* compareMissing(place: Place, desired: JsonValue): Generator<Finding> {
  if (isJsonObject(desired) && namedOneByOne.has(place.schema)) yield* compareObject(place, desired, {});
  else if (!isBlank(desired)) yield different(place, desired, undefined);
  else if (!isOwned(place) && !isItemless(place, desired)) yield doubtful(place, desired, undefined);
}

/** Of these maps each key is a thing of its own to users, also when all are gone. */
const namedOneByOne = new Set(['metadata.labels', 'metadata.annotations']);

/** An associative list or set without items is in no field set: there is nothing to own, and nothing to lose. */
function isItemless(place: Place, desired: JsonValue): boolean {
  return isJsonArray(desired) && desired.length === 0 && shapeOf(place) !== undefined;
}

/** Compares a map: as one value where it is atomic, else every field of desired, and what is ours and not desired. */
export function* compareObject(place: Place, desired: JsonObject, live: JsonObject): Generator<Finding> {
  const isEmpty = Object.keys(desired).length === 0;
  if (!isEmpty && isAtomic(place)) {
    yield* compareWhole(place, desired, live);
    return;
  }
  if (isEmpty) yield* compareEmpty(place, desired, live);
  for (const [name, value] of Object.entries(desired)) {
    yield* compareValue(atField(place, name), value, live[name]);
  }
  yield* removedFields(place, desired, live);
}

/** What Git wrote empty may be filled by others; whether that is a change only shows in who owns it. */
function* compareEmpty(place: Place, desired: JsonObject | List, live: JsonObject | List): Generator<Finding> {
  if (isOwned(place) || isItemless(place, desired)) return;
  const isFilled = Object.keys(live).length > 0;
  if (isFilled && isAtomic(place)) yield different(place, desired, live);
  // Of a list that nobody owns and that may be associative, equal emptiness says nothing.
  else yield isFilled || isJsonArray(desired) ? doubtful(place, desired, live) : lost(place, desired);
}

/** Compares as one value: scalars, atomic lists and maps, values of different types. */
function* compareWhole(place: Place, desired: JsonValue, live: JsonValue): Generator<Finding> {
  if (!jsonEqual(desired, live))
    yield inOtherWords(place, desired, live) ? doubtful(place, desired, live) : different(place, desired, live);
  else if (!isOwned(place)) yield lost(place, desired);
}

/** An atomic value that another manager has taken was changed by it; one of ours may only have been defaulted. */
function inOtherWords(place: Place, desired: JsonValue, live: JsonValue): boolean {
  if (!isJsonObject(desired) && !isJsonArray(desired)) return maySayTheSame(desired, live);
  const taken = !isOwned(place) && place.others.length > 0;
  return !taken && mayBeDefaulted(desired, live);
}

/**
 * Compares two lists by what is known of them: what any manager's field set shows, else what is built in, else as one
 * value. In an associative list the order of our items counts, and items of others do not.
 */
function* compareList(place: Place, desired: List, live: List): Generator<Finding> {
  const shape = shapeOf(place);
  if (desired.length === 0) yield* compareEmpty(place, desired, live);
  else if (shape === 'set') yield* compareSet(place, desired, live);
  else if (shape !== undefined && isListOfObjects(desired) && isListOfObjects(live)) {
    yield* compareKeyed({ place, keys: shape, desired, live });
  } else {
    yield* compareWhole(place, desired, live);
    return;
  }
  yield* removedItems(place, desired, live);
}

export function shapeOf(place: Place): ListShape | undefined {
  for (const reach of [place.own, ...place.others.map((other) => other.reach)]) {
    const shape = shapeSeenBy(reach);
    if (shape !== undefined) return shape;
  }
  return knownShape(place.kind, place.schema);
}

interface KeyedLists {
  readonly place: Place;
  readonly keys: readonly string[];
  readonly desired: readonly JsonObject[];
  readonly live: readonly JsonObject[];
}

function* compareKeyed({ place, keys, desired, live }: KeyedLists): Generator<Finding> {
  const positions: number[] = [];
  for (const item of desired) {
    const position = positionOf(item, keys, live);
    const found = live[position];
    if (found === undefined) yield different(missingItem(place, keys, item), item, undefined);
    else {
      positions.push(position);
      yield* compareValue(atItem(place, keys, found), item, found);
    }
  }
  if (isAscending(positions)) return;
  const inLiveOrder = positions.toSorted((a, b) => a - b);
  // Whoever owns an item of the list has no say in the order of ours.
  const order = different(place, labelsAt(keys, live, positions), labelsAt(keys, live, inLiveOrder));
  yield { ...order, place: { ...place, others: [] } };
}

function missingItem(place: Place, keys: readonly string[], item: JsonObject): Place {
  const path = itemPath(place.path, givenKeys(item, keys), item);
  return { ...place, path, own: { covered: false }, others: [] };
}

/** Whether the order of a set means anything only its schema could say. */
function* compareSet(place: Place, desired: List, live: List): Generator<Finding> {
  const positions = desired.map((value) => live.findIndex((other) => jsonEqual(other, value)));
  for (const [index, value] of desired.entries()) {
    const found = live[positions[index] ?? -1];
    if (found === undefined) yield different(atValue(place, value), value, undefined);
    else if (!isOwned(atValue(place, value))) yield lost(atValue(place, value), value);
  }
  if (!isAscending(positions.filter((position) => position >= 0))) yield doubtful(place, desired, live);
}

/** Owned by us, live, and not desired: to be removed, or released where others own it too. */
function* removedFields(place: Place, desired: JsonObject, live: JsonObject): Generator<Finding> {
  for (const name of fieldsBelow(place.own)) {
    const value = live[name];
    if (Object.hasOwn(desired, name) || value === undefined) continue;
    yield* removed(atField(place, name), value);
  }
}

/** The same for the items of a list. */
function* removedItems(place: Place, desired: List, live: List): Generator<Finding> {
  for (const key of itemKeysBelow(place.own)) {
    const item = live.filter(isJsonObject).find((other) => matchesKey(key, other));
    if (item !== undefined && !wantsKey(desired, key, item))
      yield* removed(atItem(place, Object.keys(key), item), item);
  }
  for (const value of setValuesBelow(place.own)) {
    const isLive = live.some((other) => jsonEqual(other, value));
    if (isLive && !desired.some((other) => jsonEqual(other, value))) yield* removed(atValue(place, value), value);
  }
}

/** The whole place when it is ours alone, else only what is ours below it. */
function* removed(place: Place, live: JsonValue): Generator<Finding> {
  const whole = removal(place, live);
  if (whole !== undefined) yield whole;
  else if (isJsonObject(live)) yield* removedFields(place, {}, live);
  else if (isJsonArray(live)) yield* removedItems(place, [], live);
}
