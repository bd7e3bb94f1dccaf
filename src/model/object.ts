import type { JsonObject, JsonValue } from './json.ts';
import { isJsonObject, objectAt, stringAt } from './json.ts';

/** An object of the Kubernetes API as plain JSON: nothing is dropped, unknown fields included. */
export type KubeObject = JsonObject & {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: JsonObject & { readonly name: string };
};

export interface GroupKind {
  /** Empty for the core group. */
  readonly group: string;
  readonly kind: string;
}

/**
 * The identity of an object in a cluster. The version is no part of it: one object is served in several.
 * `namespace` is empty for what is cluster-scoped.
 */
export interface Ref extends GroupKind {
  readonly namespace: string;
  readonly name: string;
}

/** `group/Kind|namespace|name`: the text that identifies a ref in maps and in the record. */
export type RefKey = string;

export function refKey(ref: Ref): RefKey {
  return `${ref.group}/${ref.kind}|${ref.namespace}|${ref.name}`;
}

/** The inverse of `refKey`; undefined when the text is none. */
export function parseRefKey(key: RefKey): Ref | undefined {
  const match = /^([^/|]*)\/([^|]+)\|([^|]*)\|([^|]+)$/.exec(key);
  if (match === null) return undefined;
  const [, group = '', kind = '', namespace = '', name = ''] = match;
  return { group, kind, namespace, name };
}

export function groupKindKey({ group, kind }: GroupKind): string {
  return `${group}/${kind}`;
}

/** `Deployment.apps shop/web`: how users read a ref in messages. */
export function describeRef(ref: Ref): string {
  const kind = ref.group === '' ? ref.kind : `${ref.kind}.${ref.group}`;
  return `${kind} ${ref.namespace === '' ? ref.name : `${ref.namespace}/${ref.name}`}`;
}

export function groupOf(apiVersion: string): string {
  const slash = apiVersion.indexOf('/');
  return slash < 0 ? '' : apiVersion.slice(0, slash);
}

export function versionOf(apiVersion: string): string {
  return apiVersion.slice(apiVersion.indexOf('/') + 1);
}

export function refOf(object: KubeObject): Ref {
  return {
    group: groupOf(object.apiVersion),
    kind: object.kind,
    namespace: stringAt(object.metadata, 'namespace') ?? '',
    name: object.metadata.name,
  };
}

export function isKubeObject(value: JsonValue | undefined): value is KubeObject {
  if (!isJsonObject(value) || !isJsonObject(value['metadata'])) return false;
  const { apiVersion, kind, metadata } = value;
  return typeof apiVersion === 'string' && typeof kind === 'string' && typeof metadata['name'] === 'string';
}

export function labelsOf(object: KubeObject): JsonObject {
  return objectAt(object.metadata, 'labels');
}

export function annotationsOf(object: KubeObject): JsonObject {
  return objectAt(object.metadata, 'annotations');
}

export function uidOf(object: KubeObject): string {
  return stringAt(object.metadata, 'uid') ?? '';
}

export function resourceVersionOf(object: KubeObject): string {
  return stringAt(object.metadata, 'resourceVersion') ?? '';
}

/** A ref with the API version to read or write it in. */
export interface Target extends Ref {
  /** `v1`, `apps/v1`. */
  readonly apiVersion: string;
}

export function targetOf(object: KubeObject): Target {
  return { ...refOf(object), apiVersion: object.apiVersion };
}
