import type { JsonObject, JsonValue } from '../model/json.ts';
import { arrayAt, isJsonArray, isJsonObject, jsonEqual, objectAt, stringAt } from '../model/json.ts';
import type { KindSchema } from '../model/kind-schema.ts';
import type { KubeObject } from '../model/object.ts';
import { repeatedIn } from './check-lists.ts';
import { typeName } from './check-names.ts';
import { limitsBroken } from './check-limits.ts';
import type { Flaw } from './flaw.ts';
import { fieldPath, plain } from './path.ts';
import { fieldSchema, listShape, objectSchema, resolve } from './schema.ts';
import { itemsOf } from './visit.ts';

/**
 * What a server with this schema would refuse in an object: unknown fields, wrong types, missing fields, values out of
 * bounds, items with the same key.
 *
 * Guarantees: an object that the server accepts has no flaw here; the work grows with the object, not with the schema.
 * Caveats: patterns (they come from strangers, and may take forever), formats, CEL rules and `not` are left to the server.
 */
export function checkAgainstSchema(object: KubeObject, kind: KindSchema): Flaw[] {
  const root = { path: '', value: object, schema: objectSchema(kind), definitions: kind.definitions };
  return [...flawsAt({ ...root, isOpen: false })];
}

interface Place {
  readonly path: string;
  readonly value: JsonValue;
  /** References followed. */
  readonly schema: JsonObject;
  readonly definitions: JsonObject;
  /** In a branch of `anyOf` and the like, which only adds conditions: fields that it does not name are no errors. */
  readonly isOpen: boolean;
  /** The fields of the schema that a branch adds conditions to; undefined further down, where they are not known. */
  readonly outer?: JsonObject | undefined;
}

/** Nulls count as absent, as in `normalise`. */
function* flawsAt(place: Place): Generator<Flaw> {
  const { path, value, schema } = place;
  if (value === null) return;
  const expected = typeExpected(value, schema);
  if (expected !== undefined) {
    yield { path, problem: `expected ${expected}, got ${typeName(value)}` };
    return;
  }
  if (isJsonObject(value)) yield* flawsOfFields(place, value);
  if (isJsonArray(value)) yield* flawsOfItems(place, value);
  const { enum: allowed } = schema;
  if (isJsonArray(allowed) && !allowed.some((one) => jsonEqual(one, value)))
    yield { path, problem: `expected one of ${allowed.map(plain).join(', ')}` };
  for (const problem of limitsBroken(value, schema)) yield { path, problem };
  yield* flawsOfBranches(place);
}

const typeNames: Readonly<Record<string, string>> = {
  object: 'a map',
  array: 'a list',
  string: 'text',
  boolean: 'a boolean',
  number: 'a number',
  integer: 'an integer',
};

/** What the schema wants instead of such a value; undefined when it is right. */
function typeExpected(value: JsonValue, schema: JsonObject): string | undefined {
  if (isIntOrString(schema)) return isInteger(value) || typeof value === 'string' ? undefined : 'an integer or text';
  const type = stringAt(schema, 'type');
  return type === undefined || hasType(value, type) ? undefined : typeNames[type];
}

function isIntOrString(schema: JsonObject): boolean {
  return schema['x-kubernetes-int-or-string'] === true || schema['format'] === 'int-or-string';
}

function hasType(value: JsonValue, type: string): boolean {
  switch (type) {
    case 'object':
      return isJsonObject(value);
    case 'array':
      return isJsonArray(value);
    case 'integer':
      return isInteger(value);
    case 'number':
      return typeof value === 'number' || typeof value === 'bigint';
    case 'string':
    case 'boolean':
      return typeof value === type;
    default:
      return true;
  }
}

function isInteger(value: JsonValue): boolean {
  return typeof value === 'bigint' || Number.isInteger(value);
}

function* flawsOfFields(place: Place, value: JsonObject): Generator<Flaw> {
  const { path, schema, definitions, isOpen } = place;
  for (const [name, field] of Object.entries(value)) {
    const known = fieldSchema(schema, name);
    const at = fieldPath(path, name);
    if (known === undefined && !isOpen) yield { path: at, problem: 'there is no such field' };
    if (isJsonObject(known))
      yield* flawsAt({ ...place, path: at, value: field, schema: resolve(known, definitions), outer: undefined });
  }
  for (const name of arrayAt(schema, 'required')) {
    if (typeof name !== 'string' || Object.hasOwn(value, name) || hasDefault(place, name)) continue;
    yield { path: fieldPath(path, name), problem: 'is required' };
  }
}

/** What the server fills in is never missing; a branch of `anyOf` does not say it again, the schema around it does. */
function hasDefault({ schema, definitions, isOpen, outer }: Place, name: string): boolean {
  if (isOpen && outer === undefined) return true;
  const properties = [objectAt(schema, 'properties'), outer ?? {}];
  return properties.some((known) => resolve(objectAt(known, name), definitions)['default'] !== undefined);
}

function* flawsOfItems(place: Place, value: readonly JsonValue[]): Generator<Flaw> {
  const { path, schema, definitions } = place;
  const items = resolve(objectAt(schema, 'items'), definitions);
  for (const item of itemsOf({ path, value })) yield* flawsAt({ ...place, ...item, schema: items, outer: undefined });
  const shape = listShape(schema);
  if (shape !== undefined) yield* repeatedIn(path, shape, value);
}

/** Where none of several branches fits; whether more than one does, only a full validation could tell. */
function* flawsOfBranches(place: Place): Generator<Flaw> {
  const outer = place.isOpen ? place.outer : objectAt(place.schema, 'properties');
  const branch = (schema: JsonValue): Flaw[] =>
    isJsonObject(schema)
      ? [...flawsAt({ ...place, schema: resolve(schema, place.definitions), isOpen: true, outer })]
      : [];
  for (const schema of arrayAt(place.schema, 'allOf')) yield* branch(schema);
  for (const name of ['anyOf', 'oneOf']) {
    const branches = arrayAt(place.schema, name);
    if (branches.length > 0 && branches.every((schema) => branch(schema).length > 0))
      yield { path: place.path, problem: `fits none of the forms that are allowed (${name})` };
  }
}
