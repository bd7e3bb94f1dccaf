import type { JsonObject, JsonValue } from '../model/json.ts';
import { decodeJson, isJsonArray, isJsonObject, jsonEqual } from '../model/json.ts';
import { givenKeys } from './keyed.ts';

/** One step down an object as Server-Side Apply sees it: a field, an item of a list by its keys, a member of a set. */
export type Step = { readonly field: string } | { readonly item: JsonObject } | { readonly value: JsonValue };

/** The step that a key of fieldsV1 names; undefined for an index, and for `.`, the item itself. */
export function stepOf(key: string): Step | undefined {
  if (key.startsWith('f:')) return { field: key.slice(2) };
  if (key.startsWith('v:')) return { value: decodeJson(key.slice(2)) };
  const item = key.startsWith('k:') ? decodeJson(key.slice(2)) : undefined;
  return isJsonObject(item) ? { item } : undefined;
}

/** Field names and indexes: a place in one particular document. */
export type DocumentPath = readonly (string | number)[];

/** Where the steps lead in a document; undefined when it has nothing there. */
export function resolve(document: JsonValue, steps: readonly Step[]): DocumentPath | undefined {
  const path: (string | number)[] = [];
  let value: JsonValue | undefined = document;
  for (const step of steps) {
    const key = keyOf(value, step);
    if (key === undefined) return undefined;
    path.push(key);
    value = childAt(value, key);
  }
  return value === undefined ? undefined : path;
}

function keyOf(value: JsonValue | undefined, step: Step): string | number | undefined {
  if ('field' in step) return step.field;
  if (!isJsonArray(value)) return undefined;
  const index = value.findIndex((item) => ('item' in step ? isItem(item, step.item) : jsonEqual(item, step.value)));
  return index < 0 ? undefined : index;
}

/** A key field that the manifest leaves out is whatever the server fills in. */
function isItem(item: JsonValue, key: JsonObject): boolean {
  if (!isJsonObject(item)) return false;
  const given = givenKeys(item, Object.keys(key));
  return given.length > 0 && given.every((name) => jsonEqual(item[name], key[name]));
}

/** The value at one key; undefined when there is none. */
export function childAt(value: JsonValue | undefined, key: string | number): JsonValue | undefined {
  if (isJsonArray(value)) return typeof key === 'number' ? value[key] : undefined;
  if (!isJsonObject(value) || !Object.hasOwn(value, key)) return undefined;
  return value[key];
}

/** The value at a path; undefined when there is none. */
export function valueAtPath(document: JsonValue, path: DocumentPath): JsonValue | undefined {
  return path.reduce<JsonValue | undefined>(childAt, document);
}
