import type { JsonObject } from '../model/json.ts';
import { arrayAt, isJsonArray, isJsonObject, jsonEqual, objectAt, stringAt } from '../model/json.ts';
import type { Flaw } from './flaw.ts';
import { fieldPath } from './path.ts';

/**
 * Where the new schema of a CustomResourceDefinition allows less than the old one, so that objects that exist may not
 * fit it. May name a place that only looks narrower; never leaves out one that is, but for fields that were not known.
 */
export function* narrowings(before: JsonObject, after: JsonObject, path = ''): Generator<Flaw> {
  if (jsonEqual(before, after)) return;
  for (const problem of [...typeChange(before, after), ...enumChange(before, after), ...newLimits(before, after)])
    yield { path, problem };
  for (const name of requiredSince(before, after)) yield { path: fieldPath(path, name), problem: 'becomes required' };
  yield* narrowedFields(before, after, path);
  for (const part of ['items', 'additionalProperties']) {
    const [old, fresh] = [before[part], after[part]];
    if (isJsonObject(old) && isJsonObject(fresh)) yield* narrowings(old, fresh, `${path}[]`);
  }
}

function* narrowedFields(before: JsonObject, after: JsonObject, path: string): Generator<Flaw> {
  const fields = objectAt(after, 'properties');
  const isOpen = after['x-kubernetes-preserve-unknown-fields'] === true;
  for (const [name, old] of Object.entries(objectAt(before, 'properties'))) {
    const fresh = Object.hasOwn(fields, name) ? fields[name] : undefined;
    const at = fieldPath(path, name);
    if (isJsonObject(old) && isJsonObject(fresh)) yield* narrowings(old, fresh, at);
    else if (fresh === undefined && !isOpen) yield { path: at, problem: 'is removed, and with it its values' };
  }
}

function typeChange(before: JsonObject, after: JsonObject): string[] {
  const [old, fresh] = [before, after].map((schema) => stringAt(schema, 'type') ?? 'any');
  return old === fresh || fresh === 'any' ? [] : [`changes from ${old ?? ''} to ${fresh ?? ''}`];
}

function enumChange(before: JsonObject, after: JsonObject): string[] {
  const [old, fresh] = [before['enum'], after['enum']];
  if (!isJsonArray(fresh)) return [];
  const keepsAll = isJsonArray(old) && old.every((value) => fresh.some((other) => jsonEqual(other, value)));
  return keepsAll ? [] : ['allows fewer values'];
}

/** Each of these only takes away from what is allowed. */
const limits = [
  'allOf',
  'anyOf',
  'exclusiveMaximum',
  'exclusiveMinimum',
  'format',
  'maxItems',
  'maxLength',
  'maxProperties',
  'maximum',
  'minItems',
  'minLength',
  'minProperties',
  'minimum',
  'multipleOf',
  'not',
  'oneOf',
  'pattern',
  'x-kubernetes-list-map-keys',
  'x-kubernetes-list-type',
  'x-kubernetes-validations',
] as const;

/** And these only add to it. */
const freedoms = ['nullable', 'x-kubernetes-int-or-string', 'x-kubernetes-preserve-unknown-fields'] as const;

function newLimits(before: JsonObject, after: JsonObject): string[] {
  const tighter = limits.filter((name) => after[name] !== undefined && !jsonEqual(before[name], after[name]));
  const gone = freedoms.filter((name) => before[name] === true && after[name] !== true);
  return [...tighter.map((name) => `${name} changes`), ...gone.map((name) => `${name} is taken back`)];
}

function requiredSince(before: JsonObject, after: JsonObject): string[] {
  const old = arrayAt(before, 'required');
  const properties = objectAt(after, 'properties');
  return arrayAt(after, 'required').filter(
    (name): name is string =>
      typeof name === 'string' && !old.includes(name) && objectAt(properties, name)['default'] === undefined,
  );
}
