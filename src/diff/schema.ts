import type { JsonObject, JsonValue } from '../model/json.ts';
import { arrayAt, isJsonArray, isJsonObject, objectAt, stringAt } from '../model/json.ts';
import type { KubeObject } from '../model/object.ts';
import type { KindSchema } from '../model/kind-schema.ts';
import type { ListShape } from './field-set.ts';

/** References between schemas are followed so far: more is a circle. */
const mostReferences = 32;

/** A schema with its references followed: built-in kinds refer by `$ref`, or by an `allOf` that adds a default to one. */
export function resolve(schema: JsonObject, definitions: JsonObject): JsonObject {
  let resolved = schema;
  for (let hops = 0; hops < mostReferences; hops++) {
    const reference = stringAt(resolved, '$ref') ?? stringAt(arrayAt(resolved, 'allOf')[0], '$ref');
    if (reference === undefined) return resolved;
    const { $ref, allOf, ...own } = resolved;
    const others = isJsonArray(allOf) && $ref === undefined ? allOf.slice(1) : (allOf ?? []);
    const rest = isJsonArray(others) && others.length > 0 ? { allOf: others } : {};
    resolved = { ...objectAt(definitions, reference.slice(reference.lastIndexOf('/') + 1)), ...own, ...rest };
  }
  return {};
}

/** The schema of a field; `any`: the schema leaves it open; undefined: there is no such field. */
export function fieldSchema(schema: JsonObject, name: string): JsonObject | 'any' | undefined {
  const properties = objectAt(schema, 'properties');
  const known = Object.hasOwn(properties, name) ? properties[name] : undefined;
  if (isJsonObject(known)) return known;
  const { additionalProperties } = schema;
  if (isJsonObject(additionalProperties)) return additionalProperties;
  if (isOpen(schema) || additionalProperties === true) return 'any';
  return schema['x-kubernetes-embedded-resource'] === true && identity.has(name) ? 'any' : undefined;
}

const identity: ReadonlySet<string> = new Set(['apiVersion', 'kind', 'metadata']);

/** A map of which nothing is said may hold anything. */
function isOpen(schema: JsonObject): boolean {
  const saysNothing = schema['properties'] === undefined && schema['additionalProperties'] === undefined;
  return saysNothing || schema['x-kubernetes-preserve-unknown-fields'] === true;
}

/** How the items of a list are told from each other; undefined: atomic. */
export function listShape(schema: JsonObject): ListShape | undefined {
  const type = stringAt(schema, 'x-kubernetes-list-type');
  if (type === 'set') return 'set';
  return type === 'map'
    ? arrayAt(schema, 'x-kubernetes-list-map-keys').filter((key) => typeof key === 'string')
    : undefined;
}

/** The schema of a whole object: every object has a name and a kind, also where its definition does not repeat it. */
export function objectSchema({ schema, definitions }: KindSchema): JsonObject {
  return { ...resolve(schema, definitions), 'x-kubernetes-embedded-resource': true };
}

/** Where a value stands in the schema of its kind. */
export interface SchemaPlace {
  readonly schema: JsonObject;
  readonly definitions: JsonObject;
}

export function placeIn(kind: KindSchema): SchemaPlace {
  return { schema: objectSchema(kind), definitions: kind.definitions };
}

/** undefined: nothing is said about it. */
export function fieldOf(place: SchemaPlace | undefined, name: string): SchemaPlace | undefined {
  const known = place === undefined ? undefined : fieldSchema(place.schema, name);
  return place === undefined || known === undefined || known === 'any' ? undefined : within(place, known);
}

export function itemsOf(place: SchemaPlace): SchemaPlace {
  return within(place, objectAt(place.schema, 'items'));
}

function within({ definitions }: SchemaPlace, schema: JsonObject): SchemaPlace {
  return { schema: resolve(schema, definitions), definitions };
}

/** The object without the fields that its schema lacks, as a server drops them that is asked not to validate. */
export function withoutUnknownFields(object: KubeObject, kind: KindSchema): KubeObject {
  const { apiVersion, kind: name, metadata } = object;
  const kept = pruned(object, placeIn(kind));
  return { ...(isJsonObject(kept) ? kept : {}), apiVersion, kind: name, metadata };
}

function pruned(value: JsonValue, place: SchemaPlace): JsonValue {
  if (isJsonArray(value)) {
    const items = itemsOf(place);
    return value.map((item) => pruned(item, items));
  }
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, field]): [string, JsonValue][] => {
      const known = fieldSchema(place.schema, name);
      if (known === undefined) return [];
      return [[name, known === 'any' ? field : pruned(field, within(place, known))]];
    }),
  );
}
