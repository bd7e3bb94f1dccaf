import type { ApplicationStatus, KnownApplication } from './application.ts';
import { Findings } from './findings.ts';
import { inspectFields } from './inspect-fields.ts';
import { applicationKey } from './installation.ts';
import type { JsonObject, JsonValue } from './json.ts';
import { arrayAt, numberAt, objectAt, stringAt } from './json.ts';
import type { KubeObject } from './object.ts';
import { annotationsOf, resourceVersionOf, uidOf } from './object.ts';
import type { SchemaNode } from './schema-parts.ts';
import type { StatusResource } from './status-schema.ts';
import { applicationStatusSchema } from './status-schema.ts';

/** What an Application says about itself outside its spec; without its record. */
export function readKnownApplication(object: KubeObject): Omit<KnownApplication, 'fieldsIgnored' | 'record'> {
  const { metadata } = object;
  const namespace = stringAt(metadata, 'namespace') ?? '';
  return {
    key: applicationKey(namespace, metadata.name),
    namespace,
    name: metadata.name,
    uid: uidOf(object),
    resourceVersion: resourceVersionOf(object),
    generation: numberAt(metadata, 'generation') ?? 0,
    ...deletionIn(metadata),
    finalizers: arrayAt(metadata, 'finalizers').filter(isText),
    annotations: textsOf(annotationsOf(object)),
    status: readStatus(objectAt(object, 'status')),
  };
}

function deletionIn(metadata: JsonObject): Pick<KnownApplication, 'deleting' | 'deletedAt'> {
  const deletedAt = stringAt(metadata, 'deletionTimestamp');
  return deletedAt === undefined ? { deleting: false } : { deleting: true, deletedAt };
}

function isText(value: JsonValue): value is string {
  return typeof value === 'string';
}

function textsOf(object: JsonObject): Record<string, string> {
  const texts = Object.entries(object).flatMap(([key, value]): [string, string][] =>
    isText(value) ? [[key, value]] : [],
  );
  return Object.fromEntries(texts);
}

/**
 * Status as it was written, without the record. A field that an older or newer version wrote in another form counts as
 * absent: all of it can be found out again.
 */
function readStatus(status: JsonObject): ApplicationStatus {
  const { properties = {} } = applicationStatusSchema;
  const readable = Object.entries(status).filter(([name, value]) => {
    const schema = Object.hasOwn(properties, name) ? properties[name] : undefined;
    return schema !== undefined && name !== 'record' && isReadable(schema, value);
  });
  return statusFrom(Object.fromEntries(readable));
}

function isReadable(schema: SchemaNode, value: JsonValue): boolean {
  const findings = new Findings();
  inspectFields({ schema, path: 'status', value }, findings);
  return findings.problems.every((problem) => problem.error.reason === 'UnknownField');
}

/** Every field was compared with its schema; this is where JSON becomes a status. */
function statusFrom(fields: JsonObject): ApplicationStatus {
  return fields satisfies Omit<StatusResource, 'record'>;
}
