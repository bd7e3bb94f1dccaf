import type { JsonObject, JsonValue } from '../model/json.ts';
import { isJsonArray, isJsonObject } from '../model/json.ts';
import type { KubeObject, RefKey } from '../model/object.ts';
import { groupKindKey, groupOf, isKubeObject, refKey } from '../model/object.ts';
import type { Change } from '../model/plan.ts';
import { positionOf } from './keyed.ts';
import { knownShape } from './list-keys.ts';
import type { Mask } from './mask.ts';
import { maskObject } from './mask.ts';
import { normalise } from './normalise.ts';
import { read } from './print.ts';

/** What the server answered to the dry-run of an object. */
export type Answers = ReadonlyMap<RefKey, KubeObject>;

/** An object before and after a change, for display; undefined = not there. */
export interface States {
  readonly before?: KubeObject;
  readonly after?: KubeObject;
}

/**
 * What a change makes of its object: the server's own answer where it was asked, else what Git wants laid over what is
 * there, which shows neither what the server would fill in nor what it would remove.
 *
 * Guarantees: without what belongs to the server; values of Secrets are masked. With one mask for several objects equal
 * values look equal in all of them.
 */
export function statesOf(change: Change, answers: Answers, mask: Mask): States {
  const { before, after } = read(change.kind, change);
  const shown = (object: KubeObject): KubeObject => maskObject(normalise(object), mask);
  const from = before === undefined ? undefined : shown(before);
  if (after === undefined) return from === undefined ? {} : { before: from };
  const to = shown(answers.get(refKey(change.ref)) ?? laidOver(before, after()));
  return { ...(from === undefined ? {} : { before: from }), after: to };
}

/** Maps and lists with known keys are merged, everything else is replaced. */
function laidOver(live: KubeObject | undefined, desired: KubeObject): KubeObject {
  const kind = groupKindKey({ group: groupOf(desired.apiVersion), kind: desired.kind });
  const merged = merge({ kind, path: '' }, live, desired);
  return isKubeObject(merged) ? merged : desired;
}

interface Place {
  readonly kind: string;
  /** Without items. */
  readonly path: string;
}

function merge(place: Place, live: JsonValue | undefined, desired: JsonValue): JsonValue {
  if (isJsonObject(live) && isJsonObject(desired)) return mergeMap(place, live, desired);
  const keys = knownShape(place.kind, place.path);
  if (!Array.isArray(keys) || !isJsonArray(live) || !isJsonArray(desired)) return desired;
  return mergeItems(place, { keys, live: live.filter(isJsonObject), desired });
}

function mergeMap({ kind, path }: Place, live: JsonObject, desired: JsonObject): JsonObject {
  const below = (name: string): Place => ({ kind, path: path === '' ? name : `${path}.${name}` });
  const pairs = Object.entries(desired).map(([name, value]) => [name, merge(below(name), live[name], value)] as const);
  return { ...live, ...Object.fromEntries(pairs) };
}

interface Items {
  readonly keys: readonly string[];
  readonly live: readonly JsonObject[];
  readonly desired: readonly JsonValue[];
}

/** In the order that Git wants; items of others stay, at the end. */
function mergeItems(place: Place, { keys, live, desired }: Items): JsonValue {
  const positions = desired.map((item) => (isJsonObject(item) ? positionOf(item, keys, live) : -1));
  const ours = desired.map((item, index) => merge(place, live[positions[index] ?? -1], item));
  return [...ours, ...live.filter((_, index) => !positions.includes(index))];
}
