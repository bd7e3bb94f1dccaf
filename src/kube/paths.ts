import type { ServedKind } from './cluster.ts';
import { ApiError } from '../model/api-error.ts';

/** What a path needs to know of a kind. */
export type Route = Pick<ServedKind, 'apiVersion' | 'resource' | 'namespaced'>;

/** `/apis/apps/v1/namespaces/shop/deployments`; all namespaces when none is given. */
export function collectionPath(route: Route, namespace = ''): string {
  const root = route.apiVersion.includes('/') ? `/apis/${route.apiVersion}` : `/api/${route.apiVersion}`;
  const scope = route.namespaced && namespace !== '' ? `/namespaces/${segment(namespace)}` : '';
  return `${root}${scope}/${route.resource}`;
}

/** Throws `invalid` when a namespace is needed and none is given, or when a name is no path segment. */
export function objectPath(route: Route, where: { namespace: string; name: string }, subresource = ''): string {
  if (route.namespaced && where.namespace === '') {
    throw new ApiError(`${route.resource} "${where.name}" needs a namespace`, { kind: 'invalid', status: 0 });
  }
  const path = `${collectionPath(route, where.namespace)}/${segment(where.name)}`;
  return subresource === '' ? path : `${path}/${subresource}`;
}

/** `?a=b&c=d` of what is defined; empty when nothing is. */
export function query(parameters: Readonly<Record<string, string | undefined>>): string {
  const pairs = Object.entries(parameters).flatMap(([key, value]) =>
    value === undefined ? [] : [`${key}=${encodeURIComponent(value)}`],
  );
  return pairs.length === 0 ? '' : `?${pairs.join('&')}`;
}

/** The server's rule for names in paths (apimachinery, path segment names). */
function segment(name: string): string {
  if (name === '' || name === '.' || name === '..' || /[/%]/.test(name)) {
    throw new ApiError(`"${name}" cannot be the name of an object`, { kind: 'invalid', status: 0 });
  }
  return encodeURIComponent(name);
}
