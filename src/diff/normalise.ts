import type { JsonObject, JsonValue } from '../model/json.ts';
import { isJsonArray, isJsonObject, objectAt, stringAt } from '../model/json.ts';
import type { KindSchema } from '../model/kind-schema.ts';
import type { KubeObject } from '../model/object.ts';
import { groupKindKey, groupOf } from '../model/object.ts';
import { dropping, withoutClusterOwned } from './cluster-owned.ts';
import { isSecret } from './mask.ts';
import { containerLists, podSpecPaths, replaceAt } from './pod-templates.ts';
import type { SchemaPlace } from './schema.ts';
import { fieldOf, itemsOf, placeIn } from './schema.ts';

/**
 * The one form in which an object is hashed, compared and sent (apply-rules part 8): without what belongs to the
 * server, without nulls but those that the schema calls nullable, and with what older servers or aliases would otherwise
 * leave unowned.
 *
 * Guarantees: idempotent; `{}` and `[]` that a manifest says stay, for they may mean something; the input is not
 * changed; values of wrong types pass through, for `checkObject` or the server to name.
 * Caveats: the namespace is filled in by who knows the kind's scope.
 */
export function normalise(object: KubeObject, schema?: KindSchema): KubeObject {
  const kind = groupKindKey({ group: groupOf(object.apiVersion), kind: object.kind });
  const place = schema === undefined ? undefined : placeIn(schema);
  const body = withoutClusterOwned(withoutNulls(dropping(object, 'status'), place), kind);
  return normaliseKind({ ...body, ...named(object), metadata: normaliseMetadata(object.metadata) }, kind);
}

function named({ apiVersion, kind }: KubeObject): Pick<KubeObject, 'apiVersion' | 'kind'> {
  return { apiVersion, kind };
}

const serverOwned = new Set([
  'managedFields',
  'creationTimestamp',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
  'uid',
  'resourceVersion',
  'generation',
  'selfLink',
]);
const lastApplied = 'kubectl.kubernetes.io/last-applied-configuration';

/** Empty labels and annotations would make our entry flap: the server drops them at some writes. */
function normaliseMetadata(metadata: KubeObject['metadata']): KubeObject['metadata'] {
  const kept = Object.entries(metadata)
    .filter(([key]) => !serverOwned.has(key))
    .map(([key, value]): [string, JsonValue] =>
      key === 'annotations' ? [key, withoutKey(value, lastApplied)] : [key, value],
    )
    .filter(([key, value]) => !(isMap(key) && isEmpty(value)) && !(key === 'namespace' && value === ''));
  return { ...withoutNulls(Object.fromEntries(kept)), name: metadata.name };
}

function isMap(key: string): boolean {
  return key === 'labels' || key === 'annotations';
}

function isEmpty(value: JsonValue): boolean {
  return isJsonObject(value) && Object.values(value).every((item) => item === null);
}

function withoutKey(value: JsonValue, dropped: string): JsonValue {
  return isJsonObject(value) ? Object.fromEntries(Object.entries(value).filter(([key]) => key !== dropped)) : value;
}

function withoutNulls(value: JsonObject, place?: SchemaPlace): JsonObject {
  const kept = Object.entries(value).flatMap(([key, item]): [string, JsonValue][] => {
    const field = fieldOf(place, key);
    return item === null && field?.schema['nullable'] !== true ? [] : [[key, withoutNullsBelow(item, field)]];
  });
  return Object.fromEntries(kept);
}

/** Nulls in lists stay: dropping them would move the other items. */
function withoutNullsBelow(value: JsonValue, place: SchemaPlace | undefined): JsonValue {
  if (isJsonArray(value)) {
    const items = place === undefined ? undefined : itemsOf(place);
    return value.map((item) => withoutNullsBelow(item, items));
  }
  return isJsonObject(value) ? withoutNulls(value, place) : value;
}

function normaliseKind(object: KubeObject, kind: string): KubeObject {
  const podSpec = podSpecPaths.get(kind);
  if (podSpec !== undefined) return { ...object, ...replaceAt(object, podSpec.split('.'), normalisePodSpec) };
  if (isSecret(object)) return normaliseSecret(object);
  const rule = kindRules[kind];
  return rule === undefined ? object : { ...rule(object), ...named(object), metadata: object.metadata };
}

const kindRules: Readonly<Record<string, (object: JsonObject) => JsonObject>> = {
  '/Service': (object) => replaceAt(object, ['spec'], withPortProtocols),
  'apiextensions.k8s.io/CustomResourceDefinition': (object) => replaceAt(object, ['spec'], normaliseDefinition),
};

/** `stringData` is write-only: owned as `stringData.x`, foreign edits of `data.x` would go unseen. It wins over `data`. */
function normaliseSecret(object: KubeObject): KubeObject {
  const { stringData, ...rest } = object;
  if (!isJsonObject(stringData)) return object;
  const entries = Object.entries(stringData);
  const texts = entries.filter((entry): entry is [string, string] => typeof entry[1] === 'string');
  const encoded = texts.map(([key, text]) => [key, Buffer.from(text, 'utf8').toString('base64')] as const);
  const others = entries.filter(([, value]) => typeof value !== 'string');
  const data = { ...objectAt(object, 'data'), ...Object.fromEntries(encoded) };
  return {
    ...rest,
    ...named(object),
    metadata: object.metadata,
    ...(Object.keys(data).length === 0 ? {} : { data }),
    ...(others.length === 0 ? {} : { stringData: Object.fromEntries(others) }),
  };
}

/** `serviceAccount` is an old alias: the server fills it in, and would keep it when serviceAccountName goes. */
function normalisePodSpec(spec: JsonObject): JsonObject {
  const account = stringAt(spec, 'serviceAccountName') ?? stringAt(spec, 'serviceAccount');
  const lists = containerLists.flatMap((name) => {
    const containers = spec[name];
    return isJsonArray(containers) ? [[name, containers.map(withContainerProtocols)] as const] : [];
  });
  return {
    ...spec,
    ...Object.fromEntries(lists),
    ...(account === undefined ? {} : { serviceAccountName: account, serviceAccount: account }),
  };
}

function withContainerProtocols(container: JsonValue): JsonValue {
  return isJsonObject(container) ? withPortProtocols(container) : container;
}

/** Older servers refuse an apply whose list keys are left to their defaults. */
function withPortProtocols(owner: JsonObject): JsonObject {
  const { ports } = owner;
  return isJsonArray(ports) ? { ...owner, ports: ports.map(withProtocol) } : owner;
}

function withProtocol(port: JsonValue): JsonValue {
  return isJsonObject(port) && port['protocol'] === undefined ? { ...port, protocol: 'TCP' } : port;
}

/** Generators write `preserveUnknownFields: false`, which v1 drops. */
function normaliseDefinition(spec: JsonObject): JsonObject {
  return spec['preserveUnknownFields'] === false ? dropping(spec, 'preserveUnknownFields') : spec;
}
