import type { ApplicationStatus } from '../../model/application.ts';
import type { JsonValue } from '../../model/json.ts';
import { arrayAt, isJsonArray, isJsonObject, objectAt, stringAt } from '../../model/json.ts';
import { groupKindKey } from '../../model/object.ts';
import type { ChangeResult, Settled } from '../../model/outcome.ts';
import { isSynced } from '../settle.ts';

const atMost = 50;

export function countObjects(settled: Settled, unexplained: number): NonNullable<ApplicationStatus['counts']> {
  const { objects, applied } = settled;
  const inSync = applied.results.filter(isSynced);
  const healthy = (status: string): number => objects.filter((object) => object.status === status).length;
  return {
    objects: objects.length,
    synced: inSync.filter(isDesired).length,
    outOfSync: applied.results.length - inSync.length,
    healthy: healthy('Healthy'),
    progressing: healthy('Progressing'),
    degraded: healthy('Degraded'),
    unexplained,
  };
}

function isDesired({ change }: ChangeResult): boolean {
  return 'desired' in change;
}

const withImages: ReadonlySet<string> = new Set([
  '/Pod',
  'apps/DaemonSet',
  'apps/Deployment',
  'apps/ReplicaSet',
  'apps/StatefulSet',
  'batch/CronJob',
  'batch/Job',
]);
const withLinks = 'networking.k8s.io/Ingress';

/**
 * Images of the workloads and URLs of the Ingresses that Git wants. Bodies are decoded only when the run wrote
 * something: otherwise they are those of before.
 */
export function imagesAndLinks(before: ApplicationStatus, settled: Settled): Pick<ApplicationStatus, 'summary'> {
  if (!settled.wrote && before.summary !== undefined) return { summary: before.summary };
  const images = bodiesOf(settled, (kind) => withImages.has(kind)).flatMap(imagesIn);
  const links = bodiesOf(settled, (kind) => kind === withLinks).flatMap(linksIn);
  return { summary: { images: firstOf(images), externalURLs: firstOf(links) } };
}

function bodiesOf({ applied }: Settled, isOfInterest: (kind: string) => boolean): JsonValue[] {
  return applied.results.flatMap(({ change }) => {
    const desired = 'desired' in change ? change.desired : undefined;
    return desired !== undefined && isOfInterest(groupKindKey(desired.ref)) ? [desired.body()] : [];
  });
}

function firstOf(texts: readonly string[]): string[] {
  return [...new Set(texts)]
    .filter(({ length }) => length <= 512)
    .sort()
    .slice(0, atMost);
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
  const secure = new Set(arrayAt(objectAt(object, 'spec'), 'tls').flatMap((tls) => arrayAt(tls, 'hosts')));
  return arrayAt(objectAt(object, 'spec'), 'rules').flatMap((rule) => {
    const host = stringAt(rule, 'host');
    return host === undefined ? [] : [`${secure.has(host) ? 'https' : 'http'}://${host}/`];
  });
}
