import type { Answer } from './client.ts';
import type { ListPage, ServedKind } from './cluster.ts';
import { ApiError } from '../model/api-error.ts';
import type { JsonValue } from '../model/json.ts';
import { arrayAt, isJsonObject, objectAt, stringAt } from '../model/json.ts';
import type { KubeObject } from '../model/object.ts';
import { isKubeObject } from '../model/object.ts';

export const acceptJson = { accept: 'application/json' };
export const acceptMetadata = { accept: 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1' };
export const acceptMetadataList = { accept: 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1' };

/** Objects of one page of a list. */
export const pageSize = 500;

/** Throws `unavailable` when a proxy, or a bug of the server, answered something else. */
export function objectIn({ body, status }: Answer): KubeObject {
  if (isKubeObject(body)) return body;
  throw new ApiError('the answer is no object', { kind: 'unavailable', status });
}

export interface ReadPage extends ListPage {
  /** Token of the next page. */
  readonly next: string | undefined;
}

/** Items of lists carry no kind of their own; those of metadata lists carry a wrong one. */
export function pageIn(body: JsonValue, kind: ServedKind): ReadPage {
  const metadata = objectAt(body, 'metadata');
  const resourceVersion = stringAt(metadata, 'resourceVersion');
  if (resourceVersion === undefined) throw new ApiError('the answer is no list', { kind: 'unavailable', status: 200 });
  const next = stringAt(metadata, 'continue') ?? '';
  const items = arrayAt(body, 'items').map((item) => asKind(item, kind));
  return { items, resourceVersion, next: next === '' ? undefined : next };
}

/** The item as an object of the kind that was asked for. */
export function asKind(item: JsonValue | undefined, { apiVersion, kind }: ServedKind): KubeObject {
  const object = isJsonObject(item) ? { ...item, apiVersion, kind } : undefined;
  if (isKubeObject(object)) return object;
  throw new ApiError('the answer holds something that is no object', { kind: 'unavailable', status: 200 });
}
