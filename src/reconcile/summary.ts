import type { ApplicationStatus } from '../model/application.ts';
import type { JsonValue } from '../model/json.ts';
import { arrayAt, isJsonArray, isJsonObject, objectAt, stringAt } from '../model/json.ts';
import type { Settled } from '../model/outcome.ts';
import { isSynced } from './settle.ts';

const atMost = 50;

export function countObjects(settled: Settled, unexplained: number): NonNullable<ApplicationStatus['counts']> {
  const { objects, applied } = settled;
  const outOfSync = applied.results.filter((result) => !isSynced(result)).length;
  const healthy = (status: string): number => objects.filter((object) => object.status === status).length;
  return {
    objects: objects.length,
    synced: Math.max(0, objects.length - outOfSync),
    outOfSync,
    healthy: healthy('Healthy'),
    progressing: healthy('Progressing'),
    degraded: healthy('Degraded'),
    unexplained,
  };
}

/**
 * Images of the workloads and URLs of the Ingresses that this run wrote, added to what status has: bodies of objects in
 * sync are not read for it. A run that writes nothing changes nothing.
 */
export function imagesAndLinks(before: ApplicationStatus, settled: Settled): Pick<ApplicationStatus, 'summary'> {
  const bodies = settled.applied.results.flatMap((result) => (result.kind === 'applied' ? [result.object] : []));
  if (bodies.length === 0) return before.summary === undefined ? {} : { summary: before.summary };
  const images = new Set([...bodies.flatMap(imagesIn), ...(before.summary?.images ?? [])]);
  const links = new Set([...bodies.flatMap(linksIn), ...(before.summary?.externalURLs ?? [])]);
  return { summary: { images: [...images].slice(0, atMost).sort(), externalURLs: [...links].slice(0, atMost).sort() } };
}

function imagesIn(value: JsonValue): string[] {
  if (isJsonArray(value)) return value.flatMap(imagesIn);
  if (!isJsonObject(value)) return [];
  return Object.entries(value).flatMap(([key, child]) =>
    isContainerList(key, child) ? child.flatMap(imageOf) : imagesIn(child),
  );
}

function isContainerList(key: string, value: JsonValue): value is readonly JsonValue[] {
  return (key === 'containers' || key === 'initContainers') && isJsonArray(value);
}

function imageOf(container: JsonValue): string[] {
  const image = stringAt(container, 'image');
  return image === undefined ? [] : [image];
}

function linksIn(object: JsonValue): string[] {
  if (stringAt(object, 'kind') !== 'Ingress') return [];
  const secure = new Set(arrayAt(objectAt(object, 'spec'), 'tls').flatMap((tls) => arrayAt(tls, 'hosts')));
  return arrayAt(objectAt(object, 'spec'), 'rules').flatMap((rule) => {
    const host = stringAt(rule, 'host');
    return host === undefined ? [] : [`${secure.has(host) ? 'https' : 'http'}://${host}/`];
  });
}
