import type { ApiClient } from './client.ts';
import type { ServedKind } from './cluster.ts';
import { ApiError } from '../model/api-error.ts';
import type { JsonObject, JsonValue } from '../model/json.ts';
import { arrayAt, isJsonObject, objectAt, stringAt } from '../model/json.ts';

/** A group-version as the server lists it. */
export interface GroupVersion {
  readonly apiVersion: string;
  /** The server could not ask the backend: what it lists may be old. */
  readonly stale: boolean;
  readonly kinds: ReadonlyMap<string, ServedKind>;
}

/** By group; versions in the server's order of preference. */
export type Groups = ReadonlyMap<string, readonly GroupVersion[]>;

/** One document of aggregated discovery with the tag to ask for changes by. */
export interface DiscoveryDocument {
  readonly etag: string | undefined;
  readonly groups: Groups;
}

/** Kubernetes 1.30 serves v2, 1.26 to 1.29 v2beta1; both read alike. */
const accept = ['v2', 'v2beta1']
  .map((version) => `application/json;g=apidiscovery.k8s.io;v=${version};as=APIGroupDiscoveryList`)
  .join(',');

/** Reads `/api` (the core group) or `/apis`; the last document when nothing has changed. Throws ApiError. */
export async function discover(
  client: ApiClient,
  root: '/api' | '/apis',
  last: DiscoveryDocument | undefined,
): Promise<DiscoveryDocument> {
  const tag = last?.etag === undefined ? {} : { 'if-none-match': last.etag };
  const headers = { accept, ...tag };
  const { status, body, etag } = await client.call({ verb: 'discovery', method: 'GET', path: root, headers });
  if (status === 304 && last !== undefined) return last;
  return { etag, groups: readGroups(body) };
}

/** Reads an APIGroupDiscoveryList. Throws `unavailable` when it is none: an older server, or something in between. */
export function readGroups(body: JsonValue): Groups {
  if (stringAt(body, 'kind') !== 'APIGroupDiscoveryList') {
    const message = 'the API server offers no aggregated discovery (Kubernetes 1.26 or newer is needed)';
    throw new ApiError(message, { kind: 'unavailable', status: 200 });
  }
  const groups = arrayAt(body, 'items').filter(isJsonObject);
  return new Map(groups.map((item) => [stringAt(objectAt(item, 'metadata'), 'name') ?? '', readVersions(item)]));
}

function readVersions(item: JsonObject): GroupVersion[] {
  const group = stringAt(objectAt(item, 'metadata'), 'name') ?? '';
  return arrayAt(item, 'versions')
    .filter(isJsonObject)
    .map((version) => {
      const name = stringAt(version, 'version') ?? '';
      const apiVersion = group === '' ? name : `${group}/${name}`;
      const resources = arrayAt(version, 'resources').filter(isJsonObject);
      const kinds = resources.flatMap((resource) => readKind(resource, { group, apiVersion }));
      return {
        apiVersion,
        stale: stringAt(version, 'freshness') === 'Stale',
        kinds: new Map(kinds.map((kind) => [kind.kind, kind])),
      };
    });
}

/** None for a resource that is only there for its subresources. */
function readKind(resource: JsonObject, where: { group: string; apiVersion: string }): ServedKind[] {
  const name = stringAt(resource, 'resource');
  const kind = stringAt(objectAt(resource, 'responseKind'), 'kind');
  if (name === undefined || kind === undefined || kind === '') return [];
  return [
    {
      ...where,
      kind,
      resource: name,
      namespaced: stringAt(resource, 'scope') === 'Namespaced',
      verbs: arrayAt(resource, 'verbs').filter((verb) => typeof verb === 'string'),
    },
  ];
}
