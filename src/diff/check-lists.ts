import type { JsonObject, JsonValue } from '../model/json.ts';
import { canonicalJson, isJsonArray, isJsonObject } from '../model/json.ts';
import type { KubeObject } from '../model/object.ts';
import type { Flaw } from './flaw.ts';
import { keyDefaults, shapesOf } from './list-keys.ts';
import type { ListShape } from './field-set.ts';
import { itemPath, valuePath } from './path.ts';
import { valuesAt } from './visit.ts';

/** Items of associative lists that have the same key: Server-Side Apply refuses them, as an error of the server. */
export function duplicatesIn(object: KubeObject, kind: string): Flaw[] {
  return shapesOf(kind).flatMap(([path, shape]) =>
    valuesAt(object, path).flatMap(({ path: list, value }) =>
      isJsonArray(value) ? repeatedIn(list, shape, value) : [],
    ),
  );
}

/** The same of one list, of which the schema says how it is keyed. */
export function repeatedIn(list: string, shape: ListShape, items: readonly JsonValue[]): Flaw[] {
  return repeated(items.flatMap((item) => keyOf(list, shape, item)));
}

/** The path of an item by its key; none for an item that has no complete key, which the server names. */
function keyOf(list: string, shape: ListShape, item: JsonValue): string[] {
  if (shape === 'set') return isJsonObject(item) || isJsonArray(item) ? [canonicalJson(item)] : [valuePath(list, item)];
  if (!isJsonObject(item)) return [];
  const complete: JsonObject = { ...item, ...missingDefaults(shape, item) };
  return shape.every((key) => complete[key] !== undefined) ? [itemPath(list, shape, complete)] : [];
}

function missingDefaults(keys: readonly string[], item: JsonObject): JsonObject {
  const missing = keys.filter((key) => item[key] === undefined && keyDefaults[key] !== undefined);
  return Object.fromEntries(missing.map((key) => [key, keyDefaults[key] ?? '']));
}

function repeated(paths: readonly string[]): Flaw[] {
  const again = paths.filter((path, index) => paths.indexOf(path) !== index);
  return [...new Set(again)].map((path) => ({ path, problem: 'there is more than one item with this key' }));
}
