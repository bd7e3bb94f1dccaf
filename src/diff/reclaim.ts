import type { ConflictPolicy } from '../model/differences.ts';
import type { Installation } from '../model/installation.ts';
import type { JsonObject, JsonValue } from '../model/json.ts';
import { isJsonArray, isJsonObject, jsonEqual } from '../model/json.ts';
import type { ManagedEntry } from '../model/managed-fields.ts';
import { isOurEntry } from '../model/managed-fields.ts';
import { matchesManager } from '../model/manager-patterns.ts';
import type { KubeObject } from '../model/object.ts';
import { refOf, resourceVersionOf } from '../model/object.ts';
import { actionFor } from './conflicts.ts';
import type { Reach } from './field-set.ts';
import { fieldsBelow, isLeaf, isMember, itemKeysBelow, matchesKey, setValuesBelow } from './field-set.ts';
import type { Step } from './field-steps.ts';
import { valueAtPath, resolve } from './field-steps.ts';
import type { Finding } from './finding.ts';
import { foldPlaces, isFoldable } from './fold.ts';
import type { PathTree } from './hidden.ts';
import { masked } from './hidden.ts';
import { fixedIn } from './immutable.ts';
import { givenKeys } from './keyed.ts';
import type { PatchOperation } from './mark.ts';
import type { Place } from './place.ts';
import { atField, atItem, atValue, isOwned, ownersOf } from './place.ts';
import { beforeFirstApply } from './tools.ts';

/** From whom what they added is taken back. */
export interface Reclaiming {
  readonly policy: ConflictPolicy;
  readonly manager: string;
}

/** What others added to an object is compared with: what Git says, and what is ignored or left to others. */
interface Sight {
  readonly desired: KubeObject;
  readonly live: KubeObject;
  readonly hidden: PathTree;
}

/**
 * The places that only managers of `conflicts.reclaimFrom` own and that Git does not have: an apply leaves them alone
 * unless they become ours first (`reclaimPatch`).
 *
 * Guarantees: nothing that anybody else owns too, that is ignored or yielded, that a subresource or a controller set,
 * that cannot be changed, nor `kubectl.kubernetes.io/restartedAt`. An item of a list goes as a whole or stays.
 */
export function reclaimedIn(root: Place, { desired, live, hidden }: Sight, reclaiming: Reclaiming): Place[] {
  if (reclaiming.policy.reclaimFrom.length === 0) return [];
  const isFixed = fixedIn(live);
  const rules: Rules = {
    isTaken: (entry) => entry.apiVersion === desired.apiVersion && isReclaimed(entry, reclaiming),
    isExempt: (place) =>
      exempt.has(place.path) || isRestart(lastOf(place)) || isFixed(place.path) || isYielded(place, live, reclaiming),
  };
  return [...addedBelow({ place: root, desired, live, hidden }, rules)];
}

interface Rules {
  readonly isTaken: (entry: ManagedEntry) => boolean;
  readonly isExempt: (place: Place) => boolean;
}

/** Where a controller keeps what it found out, and what the server alone sets. */
const exempt = new Set(['status', 'metadata.generateName']);

const restartedAt = 'kubectl.kubernetes.io/restartedAt';

function isReclaimed(entry: ManagedEntry, { policy, manager }: Reclaiming): boolean {
  if (isOurEntry(entry, manager) || entry.manager === beforeFirstApply) return false;
  return isFoldable(entry) && matchesManager(entry.manager, policy.reclaimFrom);
}

function isYielded({ path, others }: Place, live: KubeObject, { policy }: Reclaiming): boolean {
  const rules: ConflictPolicy = { ...policy, default: 'Overwrite' };
  const ref = refOf(live);
  return others.some(({ writer: { manager } }) => actionFor({ ref, path, manager }, rules) === 'Yield');
}

function isRestart(step: Step | undefined): boolean {
  return step !== undefined && 'field' in step && step.field === restartedAt;
}

function lastOf({ steps }: Place): Step | undefined {
  return steps.at(-1);
}

/** One value, as it is and as Git wants it. */
interface Spot {
  readonly place: Place;
  readonly desired: JsonValue | undefined;
  readonly live: JsonValue;
  readonly hidden: PathTree | undefined;
}

function* addedBelow(spot: Spot, rules: Rules): Generator<Place> {
  for (const child of childrenOf(spot, rules)) {
    if (child.hidden?.whole === true || rules.isExempt(child.place)) continue;
    if (child.desired !== undefined) yield* addedBelow(child, rules);
    else if (goesWhole(child, rules)) yield child.place;
    else if (!isItem(child)) yield* addedBelow(child, rules);
  }
}

function isItem({ place }: Spot): boolean {
  const step = lastOf(place);
  return step !== undefined && 'item' in step;
}

/** What is owned by the managers below a place and is there, each once. */
function childrenOf(spot: Spot, rules: Rules): Spot[] {
  const reaches = spot.place.others.filter(({ writer }) => rules.isTaken(writer)).map(({ reach }) => reach);
  const children = reaches.flatMap((reach) => spotsBelow(spot, reach));
  return [...new Map(children.map((child) => [child.place.path, child])).values()];
}

function spotsBelow(spot: Spot, reach: Reach): Spot[] {
  const { live, desired } = spot;
  if (isJsonObject(live) && (desired === undefined || isJsonObject(desired)))
    return fieldsBelow(reach).flatMap((name) => fieldSpot(spot, name, { live, desired }));
  if (!isJsonArray(live) || (desired !== undefined && !isJsonArray(desired))) return [];
  const lists = { live, desired: desired ?? [] };
  return [
    ...itemKeysBelow(reach).flatMap((key) => itemSpot(spot, key, lists)),
    ...setValuesBelow(reach).flatMap((value) => valueSpot(spot, value, lists)),
  ];
}

interface Maps {
  readonly live: JsonObject;
  readonly desired: JsonObject | undefined;
}

interface Lists {
  readonly live: readonly JsonValue[];
  readonly desired: readonly JsonValue[];
}

function fieldSpot({ place, hidden }: Spot, name: string, { live, desired }: Maps): Spot[] {
  const value = live[name];
  if (value === undefined) return [];
  return [{ place: atField(place, name), desired: desired?.[name], live: value, hidden: hidden?.below.get(name) }];
}

/** A key field that Git leaves out is whatever the server fills in. */
function itemSpot({ place, hidden }: Spot, key: JsonObject, { live, desired }: Lists): Spot[] {
  const index = live.findIndex((item) => isJsonObject(item) && matchesKey(key, item));
  const item = live[index];
  if (!isJsonObject(item)) return [];
  const keys = Object.keys(key);
  const wanted = desired
    .filter(isJsonObject)
    .find((want) => givenKeys(want, keys).every((name) => jsonEqual(want[name], item[name])));
  return [{ place: atItem(place, keys, item), desired: wanted, live: item, hidden: hidden?.below.get(index) }];
}

function valueSpot({ place, hidden }: Spot, value: JsonValue, { live, desired }: Lists): Spot[] {
  const index = live.findIndex((other) => jsonEqual(other, value));
  if (index < 0) return [];
  const wanted = desired.find((other) => jsonEqual(other, value));
  return [{ place: atValue(place, value), desired: wanted, live: value, hidden: hidden?.below.get(index) }];
}

/** Removing a place removes all that is in it: nothing may be in it that has to stay. */
function goesWhole({ place, live, hidden }: Spot, rules: Rules): boolean {
  if (hidden !== undefined || mentionsRestart(live)) return false;
  const isNamed = place.others.some(({ reach }) => isMember(reach));
  return isNamed && place.others.every(({ writer }) => rules.isTaken(writer)) && isAllOwned(place, live);
}

function mentionsRestart(value: JsonValue): boolean {
  if (isJsonArray(value)) return value.some(mentionsRestart);
  if (!isJsonObject(value)) return false;
  return Object.entries(value).some(([name, below]) => name === restartedAt || mentionsRestart(below));
}

/** What nobody owns in a map may have been there before; in an item of a list the server has filled it in. */
function isAllOwned(place: Place, live: JsonValue): boolean {
  const isWhole = place.others.some(({ reach }) => reach.covered || isLeaf(reach));
  const step = lastOf(place);
  if (isWhole || !isJsonObject(live) || (step !== undefined && 'item' in step)) return isWhole || isTouched(place);
  return Object.entries(live).every(([name, value]) => isAllOwned(atField(place, name), value));
}

function isTouched(place: Place): boolean {
  return place.others.length > 0 || isOwned(place);
}

/** As removals: who added it is said, and that it is theirs does not keep it. */
export function reclaimFindings(places: readonly Place[], live: KubeObject): Finding[] {
  return places.map((place) => {
    const path = resolve(live, place.steps);
    const value = path === undefined ? undefined : valueAtPath(live, path);
    const present = value === undefined ? {} : { live: value };
    return { kind: 'different', difference: { path: place.path, ...present, who: ownersOf(place), reclaimed: true } };
  });
}

/** The object as it is once the places are gone: what a dry-run, which cannot make them ours first, does not show. */
export function withoutPlaces(
  object: KubeObject,
  places: readonly (readonly Step[])[],
  installation: Installation,
): KubeObject {
  const paths = places.map((steps) => resolve(object, steps)).filter((path) => path !== undefined);
  return masked(object, paths, installation);
}

/**
 * Makes the places ours, so that the next apply removes them; empty when nobody who is reclaimed from has them any more.
 * Stale: 409, nothing is written.
 */
export function reclaimPatch(
  live: KubeObject,
  places: readonly (readonly Step[])[],
  reclaiming: Reclaiming,
): PatchOperation[] {
  const chosen = (entry: ManagedEntry): boolean => isReclaimed(entry, reclaiming);
  const value = places.length === 0 ? undefined : foldPlaces(live, { manager: reclaiming.manager, chosen }, places);
  if (value === undefined) return [];
  return [
    { op: 'replace', path: '/metadata/managedFields', value },
    { op: 'replace', path: '/metadata/resourceVersion', value: resourceVersionOf(live) },
  ];
}
