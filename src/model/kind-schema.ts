import type { JsonObject } from './json.ts';
import { arrayAt, isJsonObject, objectAt, stringAt } from './json.ts';
import type { GroupKind, KubeObject } from './object.ts';
import { versionOf } from './object.ts';

/** What is known of the fields of a kind in one version: an OpenAPI v3 schema, and those that it refers to. */
export interface KindSchema {
  readonly schema: JsonObject;
  /** By name, as in `#/components/schemas/NAME`. */
  readonly definitions: JsonObject;
}

/** Where the schemas of kinds are to be had. */
export interface KindSchemas {
  /** As the server publishes it; undefined: it has none, or may not be asked. Throws ApiError while nobody can say. */
  schemaOf(kind: GroupKind, apiVersion: string): Promise<KindSchema | undefined>;
}

/** The kind that a CustomResourceDefinition defines. */
export function kindDefinedBy(definition: JsonObject): GroupKind {
  const { spec } = definition;
  return { group: stringAt(spec, 'group') ?? '', kind: stringAt(objectAt(spec, 'names'), 'kind') ?? '' };
}

/** The versions of a CustomResourceDefinition, by name. */
export function versionsIn(definition: JsonObject): ReadonlyMap<string, JsonObject> {
  const versions = arrayAt(definition['spec'], 'versions').filter(isJsonObject);
  return new Map(versions.map((version) => [stringAt(version, 'name') ?? '', version]));
}

/** What a CustomResourceDefinition says about its kind in one version; undefined when it does not have that version. */
export function schemaIn(definition: KubeObject, apiVersion: string): KindSchema | undefined {
  const version = versionsIn(definition).get(versionOf(apiVersion));
  return version === undefined
    ? undefined
    : { schema: objectAt(objectAt(version, 'schema'), 'openAPIV3Schema'), definitions: {} };
}
