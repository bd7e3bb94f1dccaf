import type { PatchOperation } from '../kube/cluster.ts';
import type { ApiErrorCause } from '../model/api-error.ts';
import { ApiError } from '../model/api-error.ts';
import type { Installation } from '../model/installation.ts';
import type { JsonObject, JsonValue } from '../model/json.ts';
import { isJsonArray, isJsonObject, jsonEqual, objectAt, pointerStep, stringAt } from '../model/json.ts';
import type { KubeObject } from '../model/object.ts';
import { groupOf } from '../model/object.ts';
import { foldForeign, takeItems, unchangedSince } from './ownership.ts';

/** A second request that lets an apply succeed which the server refuses: those that apply-rules part 4 names, and one for custom resources. */
export type Remedy =
  /** The defaulted half of a union has to go before the other half may come. */
  | { readonly kind: 'union'; readonly merge: JsonObject }
  /** Somebody changed the key of a list item: theirs has to go, for ours comes back beside it. */
  | { readonly kind: 'listKey'; readonly patch: readonly PatchOperation[] }
  /** What we leave empty has to be emptied first, where the server would make a null of it. */
  | { readonly kind: 'emptied'; readonly patch: readonly PatchOperation[] }
  /** What somebody added makes the whole invalid. */
  | { readonly kind: 'fold'; readonly patch: readonly PatchOperation[] };

/** Unions of which the server fills in one half: the field, the type that excludes it, and where. */
const unions = [
  { group: 'apps', kind: 'Deployment', field: 'strategy', type: 'Recreate', excluded: 'rollingUpdate' },
  { group: 'apps', kind: 'StatefulSet', field: 'updateStrategy', type: 'OnDelete', excluded: 'rollingUpdate' },
] as const;

/** Known before asking: the server would answer 422 to an apply that leaves the default of the other half in place. */
export function unionRemedy(desired: KubeObject, live: KubeObject): Remedy | undefined {
  const union = unions.find(({ group, kind }) => group === groupOf(desired.apiVersion) && kind === desired.kind);
  if (union === undefined) return undefined;
  const wanted = objectAt(desired['spec'], union.field);
  const present = objectAt(live['spec'], union.field);
  if (wanted['type'] !== union.type || union.excluded in wanted || !(union.excluded in present)) return undefined;
  return { kind: 'union', merge: { spec: { [union.field]: { type: union.type, [union.excluded]: null } } } };
}

/** True for a 422: valid by itself, refused together with what is there. */
export function isInvalidInPlace(error: unknown): error is ApiError {
  return error instanceof ApiError && error.kind === 'invalid' && error.status === 422;
}

/** What may help after a 422, or undefined: then it is the manifest that is wrong. */
export function remedyFor(
  error: ApiError,
  { desired, live, installation }: { desired: KubeObject; live: KubeObject; installation: Installation },
): Remedy | undefined {
  if (!isInvalidInPlace(error)) return undefined;
  const duplicates = error.causes.filter((cause) => cause.reason === 'FieldValueDuplicate');
  const removals = duplicates.flatMap((cause) => foreignTwins(cause, desired, live));
  if (removals.length > 0) return { kind: 'listKey', patch: rid(live, removals, installation) };
  const contents = error.causes.flatMap((cause) => contentOfEmptied(cause, desired, live));
  if (contents.length > 0) return { kind: 'emptied', patch: [...inRemovalOrder(contents), unchangedSince(live)] };
  const places = error.causes.filter((cause) => isOthersFault(cause, desired)).map(({ field }) => namesIn(field));
  const patch = foldForeign(live, installation, (fields) => places.some((names) => ownsNear(fields, names)));
  return patch.length > 0 ? { kind: 'fold', patch } : undefined;
}

/**
 * Removes the items at once, where something is left of each list: the server may refuse an empty one (the ports of a
 * Service). Else they become ours, so that the apply removes them while it puts ours in their place.
 */
function rid(live: KubeObject, pointers: readonly string[], installation: Installation): readonly PatchOperation[] {
  const taking = emptiesList(live, pointers) ? takeItems(live, installation, pointers) : [];
  return taking.length > 0 ? taking : [...inRemovalOrder(pointers), unchangedSince(live)];
}

/** True when nothing but these is in one of the lists. */
function emptiesList(live: KubeObject, pointers: readonly string[]): boolean {
  const byList = Map.groupBy(new Set(pointers), (pointer) => pointer.slice(0, pointer.lastIndexOf('/')));
  return [...byList].some(([list, items]) => items.length === lengthAt(live, list));
}

function lengthAt(object: KubeObject, pointer: string): number {
  const [, ...names] = pointer.split('/').map((name) => name.replaceAll('~1', '/').replaceAll('~0', '~'));
  let value: JsonValue | undefined = object;
  for (const name of names) {
    if (isJsonArray(value)) value = value[Number(name)];
    else value = isJsonObject(value) ? value[name] : undefined;
  }
  return isJsonArray(value) ? value.length : 0;
}

/**
 * JSON pointers to what is in a map or list of a custom resource of which an apply removes everything, while somebody
 * else owns the map or list itself: the server makes a null of it, which the schema refuses.
 */
function contentOfEmptied({ message, field }: ApiErrorCause, desired: KubeObject, live: KubeObject): string[] {
  const names = namesIn(field);
  if (!message.startsWith('Invalid value: "null"') || reaches(desired, names)) return [];
  let found: Item[] = [{ pointer: '', item: live }];
  for (const name of names) found = found.flatMap((item) => fieldOf(item, name));
  return found.flatMap(({ pointer, item }) => {
    if (isJsonArray(item)) return item.map((_, index) => `${pointer}/${index}`);
    return isJsonObject(item) ? Object.keys(item).map((name) => `${pointer}${pointerStep(name)}`) : [];
  });
}

/** JSON pointers to the live items that have the duplicate value and that Git does not want. */
function foreignTwins(cause: ApiErrorCause, desired: KubeObject, live: KubeObject): string[] {
  const names = namesIn(cause.field);
  const leaf = names.pop() ?? '';
  const value = /^Duplicate value: "(.*)"$/s.exec(cause.message)?.[1];
  const wanted = itemsAt(desired, names).map(({ item }) => item);
  return itemsAt(live, names)
    .filter(({ item }) => isJsonObject(item) && value !== undefined && stringAt(item, leaf) === value)
    .filter(({ item }) => !wanted.some((want) => contains(item, want)))
    .map(({ pointer }) => pointer);
}

interface Item {
  readonly pointer: string;
  readonly item: JsonValue;
}

/** The items of all lists that are reached by these field names, through every item of the lists on the way. */
function itemsAt(object: JsonValue, names: readonly string[]): Item[] {
  let found: Item[] = [{ pointer: '', item: object }];
  for (const name of names) found = found.flatMap((at) => itemsOf(at).flatMap((item) => fieldOf(item, name)));
  return found.filter(({ item }) => isJsonArray(item)).flatMap(itemsOf);
}

function itemsOf({ pointer, item }: Item): Item[] {
  if (!isJsonArray(item)) return [{ pointer, item }];
  return item.map((one, index) => ({ pointer: `${pointer}/${index}`, item: one }));
}

function fieldOf({ pointer, item }: Item, name: string): Item[] {
  const value = isJsonObject(item) ? item[name] : undefined;
  return value === undefined ? [] : [{ pointer: `${pointer}${pointerStep(name)}`, item: value }];
}

/** True when `whole` says everything that `part` says. */
function contains(whole: JsonValue, part: JsonValue): boolean {
  if (!isJsonObject(whole) || !isJsonObject(part)) return jsonEqual(whole, part);
  return Object.keys(part).every((key) => {
    const [left, right] = [whole[key], part[key]];
    return left !== undefined && right !== undefined && contains(left, right);
  });
}

/** Later items first, so that no removal moves what the next one points at. */
function inRemovalOrder(pointers: readonly string[]): PatchOperation[] {
  const ordered = [...new Set(pointers)].sort((a, b) => b.localeCompare(a, 'en', { numeric: true }));
  return ordered.map((path) => ({ op: 'remove', path }));
}

/** `spec.containers[0].ports[1].name` → spec, containers, ports, name. Keys in brackets (`data[a.b]`) are names. */
function namesIn(field: string): string[] {
  return [...field.matchAll(/\[([^\]]*)\]|([^.[\]]+)/g)]
    .map(([, key, name]) => name ?? key ?? '')
    .filter((part) => !/^[0-9]*$/.test(part));
}

/**
 * A value that Git says is Git's fault, unless what is refused is that it stands beside something else. A refusal of the
 * whole spec is about what must not change, which no taking over of fields can help.
 */
function isOthersFault({ reason, field }: ApiErrorCause, desired: KubeObject): boolean {
  const names = namesIn(field);
  return names.length >= shallowest && (reason === 'FieldValueForbidden' || !reaches(desired, names));
}

const shallowest = 3;

/** True when the object has something at this place, through any item of the lists on the way. */
function reaches(value: JsonValue, names: readonly string[]): boolean {
  if (isJsonArray(value)) return value.some((item) => reaches(item, names));
  const [name, ...rest] = names;
  if (name === undefined) return true;
  const next = isJsonObject(value) ? value[name] : undefined;
  return next !== undefined && reaches(next, rest);
}

/** True when the field set has something at the field, below it, or beside it under the same parent. */
function ownsNear(fields: JsonObject, names: readonly string[]): boolean {
  return ownsBelow(fields, names.slice(0, Math.max(1, names.length - 1)));
}

function ownsBelow(fields: JsonObject, names: readonly string[]): boolean {
  const [name, ...rest] = names;
  if (name === undefined) return true;
  return Object.entries(fields).some(([key, node]) => {
    if (!isJsonObject(node)) return false;
    if (key === `f:${name}`) return Object.keys(node).length === 0 || ownsBelow(node, rest);
    return key.startsWith('k:') && ownsBelow(node, names);
  });
}
