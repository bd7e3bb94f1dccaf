import type { Installation } from '../model/installation.ts';
import type { JsonObject, JsonValue } from '../model/json.ts';
import { isJsonArray, isJsonObject, objectAt } from '../model/json.ts';
import type { KubeObject } from '../model/object.ts';
import type { DocumentPath } from './field-steps.ts';

/** Places that are left out of a comparison, in what Git says and in what the cluster has. */
export interface Hidden {
  readonly desired: readonly DocumentPath[];
  readonly live: readonly DocumentPath[];
}

export const nothingHidden: Hidden = { desired: [], live: [] };

export function hiddenInAll(parts: readonly Hidden[]): Hidden {
  return { desired: parts.flatMap(({ desired }) => desired), live: parts.flatMap(({ live }) => live) };
}

export function isNothing({ desired, live }: Hidden): boolean {
  return desired.length === 0 && live.length === 0;
}

/** Paths as a tree, so that a document is walked once. */
export interface PathTree {
  whole: boolean;
  readonly below: Map<string | number, PathTree>;
}

export function treeOf(paths: readonly DocumentPath[]): PathTree {
  const root: PathTree = { whole: false, below: new Map() };
  for (const path of paths) {
    let node = root;
    for (const key of path) {
      const next = node.below.get(key) ?? { whole: false, below: new Map() };
      node.below.set(key, next);
      node = next;
    }
    node.whole = true;
  }
  return root;
}

/**
 * The object without the places, and without maps and lists that this empties.
 *
 * Guarantees: what names the object, who owns what, and our marks stay, whatever is to be hidden: without them an object
 * would be lost.
 */
export function masked(object: KubeObject, paths: readonly DocumentPath[], installation: Installation): KubeObject {
  if (paths.length === 0) return object;
  const rest = without(object, treeOf(paths));
  return withIdentity(isJsonObject(rest) ? rest : {}, object, installation);
}

const untouchable = ['name', 'namespace', 'uid', 'resourceVersion', 'managedFields', 'deletionTimestamp', 'generation'];

/** What no rule may hide or change. */
export function withIdentity(object: JsonObject, from: KubeObject, installation: Installation): KubeObject {
  const { partOfLabel, slotLabel, trackingAnnotation } = installation;
  const metadata = {
    ...objectAt(object, 'metadata'),
    ...chosen(from.metadata, untouchable),
    name: from.metadata.name,
    ...withMarks(object, from, 'labels', [partOfLabel, slotLabel]),
    ...withMarks(object, from, 'annotations', [trackingAnnotation]),
  };
  return { ...object, apiVersion: from.apiVersion, kind: from.kind, metadata };
}

function withMarks(object: JsonObject, from: KubeObject, at: 'labels' | 'annotations', names: string[]): JsonObject {
  const map = { ...objectAt(object['metadata'], at), ...chosen(objectAt(from.metadata, at), names) };
  return Object.keys(map).length === 0 ? {} : { [at]: map };
}

function chosen(object: JsonObject, names: readonly string[]): JsonObject {
  const found = names.map((name): [string, JsonValue | undefined] => [name, object[name]]);
  return Object.fromEntries(found.filter((entry): entry is [string, JsonValue] => entry[1] !== undefined));
}

function without(value: JsonValue, tree: PathTree): JsonValue | undefined {
  if (tree.whole) return undefined;
  if (isJsonArray(value)) {
    const items = value.flatMap((item, index) => withoutChild(item, tree.below.get(index)) ?? []);
    return items.length === 0 && value.length > 0 ? undefined : items;
  }
  if (!isJsonObject(value)) return value;
  const entries = Object.entries(value).flatMap(([key, child]): [string, JsonValue][] => {
    const left = withoutChild(child, tree.below.get(key));
    return left === undefined ? [] : [[key, left[0]]];
  });
  return entries.length === 0 && Object.keys(value).length > 0 ? undefined : Object.fromEntries(entries);
}

/** In a list of one, for a value may itself be a list. */
function withoutChild(value: JsonValue, tree: PathTree | undefined): [JsonValue] | undefined {
  const left = tree === undefined ? value : without(value, tree);
  return left === undefined ? undefined : [left];
}
