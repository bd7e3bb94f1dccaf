import type { Application } from '../model/application.ts';
import { ApiError } from '../model/api-error.ts';
import { isBuiltInGroup } from '../model/built-in-groups.ts';
import { OperatorError } from '../model/errors.ts';
import type { Installation } from '../model/installation.ts';
import type { JsonValue } from '../model/json.ts';
import { isJsonArray, isJsonObject, stringAt } from '../model/json.ts';
import type { KindSchema, KindSchemas } from '../model/kind-schema.ts';
import { kindDefinedBy, schemaIn } from '../model/kind-schema.ts';
import { optionOf } from '../model/object-annotations.ts';
import type { KubeObject } from '../model/object.ts';
import { groupKindKey, groupOf, isKubeObject } from '../model/object.ts';
import type { WrittenObject } from './decode.ts';

/** What it takes to leave out of an object what its kind does not have. */
export interface Leniency {
  readonly schemas: KindSchemas;
  /** Pure. */
  readonly withoutUnknownFields: (object: KubeObject, kind: KindSchema) => KubeObject;
}

interface Context {
  readonly app: Application;
  readonly installation: Pick<Installation, 'prefix'>;
  /** Absent where there is no cluster: nothing is left out. */
  readonly leniency?: Leniency;
}

type Sources = readonly (readonly WrittenObject[])[];

/**
 * Drops the fields that their schema lacks from the objects that are not to be validated (`Validate=false`): Server-Side
 * Apply would refuse them. Objects with nulls get their schema: a definition may give those a meaning (`nullable`), where
 * in kinds of Kubernetes itself a null is an absent field. The schema is that of a definition in the same sources, else
 * the server's; an object of a kind that has none stays as it is. Throws OperatorError while the server does not answer.
 */
export async function fitToSchemas(sources: Sources, context: Context): Promise<Sources> {
  const { leniency } = context;
  if (leniency === undefined) return sources;
  const definitions = definitionsIn(sources);
  const fit = async (written: WrittenObject): Promise<WrittenObject> => {
    const { object } = written;
    const isLenient = isUnvalidated(object, context);
    if (!isKubeObject(object) || !(isLenient || mayMeanNulls(object))) return written;
    const schema = await schemaFor(object, definitions, leniency.schemas);
    if (schema === undefined) return written;
    return { ...written, object: isLenient ? leniency.withoutUnknownFields(object, schema) : object, schema };
  };
  return Promise.all(sources.map((written) => Promise.all(written.map(fit))));
}

function mayMeanNulls(object: WrittenObject['object']): boolean {
  if (isBuiltInGroup(groupOf(stringAt(object, 'apiVersion') ?? ''))) return false;
  return Object.entries(object).some(([name, value]) => name !== 'metadata' && hasNull(value));
}

function hasNull(value: JsonValue): boolean {
  if (isJsonArray(value)) return value.some(hasNull);
  return value === null || (isJsonObject(value) && Object.values(value).some(hasNull));
}

/** What the object says counts before what the Application says. */
function isUnvalidated(object: WrittenObject['object'], { app, installation }: Context): boolean {
  if (!isKubeObject(object)) return false;
  const own = optionOf(object, 'Validate', installation);
  return own === undefined ? !app.spec.syncOptions.validate : own === 'false';
}

function definitionsIn(sources: Sources): ReadonlyMap<string, KubeObject> {
  const objects = sources.flat().map(({ object }) => object);
  const definitions = objects.filter(isKubeObject).filter(({ kind }) => kind === 'CustomResourceDefinition');
  return new Map(definitions.map((definition) => [groupKindKey(kindDefinedBy(definition)), definition]));
}

async function schemaFor(
  { apiVersion, kind }: KubeObject,
  definitions: ReadonlyMap<string, KubeObject>,
  schemas: KindSchemas,
): Promise<KindSchema | undefined> {
  const wanted = { group: groupOf(apiVersion), kind };
  const definition = definitions.get(groupKindKey(wanted));
  if (definition !== undefined) return schemaIn(definition, apiVersion);
  try {
    return await schemas.schemaOf(wanted, apiVersion);
  } catch (cause) {
    if (!(cause instanceof ApiError)) throw cause;
    const message = `the schema of ${kind} in ${apiVersion}, which Validate=false and nulls need, cannot be read: ${cause.message}`;
    throw new OperatorError(message, { step: 'render', reason: 'ApiServerError', retry: 'backoff', cause });
  }
}
