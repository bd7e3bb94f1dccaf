import type { JsonObject, JsonValue } from '../../../model/json.ts';
import { isJsonArray, isJsonObject } from '../../../model/json.ts';

/**
 * kustomize decodes with Go's encoding/json, which takes `Resources` for `resources`, and its Unicode foldings, too:
 * two names are the same field when this is equal.
 */
export function foldedName(name: string): string {
  return name.toUpperCase().toLowerCase();
}

/** Every value that kustomize may take for the field; usually one. `name` is in lower case. */
export function valuesAt(value: JsonValue | undefined, name: string): JsonValue[] {
  if (!isJsonObject(value)) return [];
  return Object.keys(value)
    .filter((key) => foldedName(key) === name)
    .map((key) => value[key] ?? null);
}

/** The first text at a field; empty when there is none. */
export function textIn(value: JsonValue | undefined, name: string): string {
  return valuesAt(value, name).find((found) => typeof found === 'string') ?? '';
}

/** The items of the lists at a field, with their numbers. */
export function itemsIn(value: JsonValue | undefined, name: string): (readonly [number, JsonValue])[] {
  return valuesAt(value, name).flatMap((list) => (isJsonArray(list) ? [...list.entries()] : []));
}

/** The object with its fields renamed to the given spellings; undefined when two of its names are the same field. */
export function spelled(object: JsonObject, names: readonly string[]): JsonObject | undefined {
  const known = new Map(names.map((name) => [foldedName(name), name]));
  const entries = Object.entries(object).map(([key, value]) => [known.get(foldedName(key)) ?? key, value] as const);
  return new Set(entries.map(([key]) => key)).size === entries.length ? Object.fromEntries(entries) : undefined;
}
