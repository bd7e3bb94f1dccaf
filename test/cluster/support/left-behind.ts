import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { JsonObject } from '../../../src/model/json.ts';
import type { KubeObject } from '../../../src/model/object.ts';
import { annotationsOf } from '../../../src/model/object.ts';
import type { World } from '../../../tools/world.ts';

/** What Git says of a namespace. Image and replicas are as the tools left them. */
export function wanted(): KubeObject[] {
  return [
    { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'settings' }, data: { value: 'one' } },
    workload({ name: 'web', image: 'registry.invalid/web:1' }, {}),
  ];
}

/** Labels and annotations by which a tool finds its objects again. */
interface Marks {
  readonly labels: JsonObject;
  readonly annotations: JsonObject;
}

/** The same as an older version of it was deployed: with what Git has dropped since. */
export function older(metadata: Marks = { labels: {}, annotations: {} }): KubeObject[] {
  const { labels, annotations } = metadata;
  const about = { labels: { ...labels, old: 'yes' }, annotations };
  const env = [{ name: 'OLD', value: 'x' }];
  return [
    {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'settings', ...about },
      data: { value: 'zero', old: 'x' },
    },
    workload({ name: 'web', image: 'registry.invalid/web:0', env }, about),
  ];
}

function workload(container: JsonObject, about: JsonObject): KubeObject {
  const labels = { app: 'web' };
  const template = { metadata: { labels }, spec: { containers: [container] } };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web', ...about },
    spec: { selector: { matchLabels: labels }, template },
  };
}

export function listOf(objects: readonly KubeObject[]): string {
  return JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects });
}

const plurals: Readonly<Record<string, string>> = {
  ConfigMap: '/api/v1/namespaces/NAMESPACE/configmaps',
  Deployment: '/apis/apps/v1/namespaces/NAMESPACE/deployments',
};

export function pathOf({ kind, metadata }: KubeObject, namespace: string): string {
  return `${(plurals[kind] ?? '').replace('NAMESPACE', namespace)}/${metadata.name}`;
}

/** Server-Side Apply under any name, as the tools that are not here send it. */
export async function applyAs(
  world: World,
  { namespace, manager }: { readonly namespace: string; readonly manager: string },
  objects: readonly KubeObject[],
): Promise<void> {
  for (const body of objects) {
    const query = `fieldManager=${manager}&force=true`;
    const contentType = 'application/apply-patch+yaml';
    await world.plane.api.must({
      method: 'PATCH',
      path: `${pathOf(body, namespace)}?${query}`,
      body,
      contentType,
    });
  }
}

/** A client-side apply under any name: created, with what was applied in an annotation. */
export async function createAs(
  world: World,
  { namespace, manager }: { readonly namespace: string; readonly manager: string },
  objects: readonly KubeObject[],
): Promise<void> {
  for (const object of objects) {
    const annotations = {
      ...annotationsOf(object),
      'kubectl.kubernetes.io/last-applied-configuration': JSON.stringify(object),
    };
    const body = { ...object, metadata: { ...object.metadata, annotations } };
    const collection = pathOf(object, namespace).replace(/\/[^/]*$/, '');
    await world.plane.api.must({ method: 'POST', path: `${collection}?fieldManager=${manager}`, body });
  }
}

/** Installs the objects as a release of Helm. */
export async function helmInstall(
  world: World,
  { namespace, serverSide }: { readonly namespace: string; readonly serverSide: boolean },
  objects: readonly KubeObject[],
): Promise<void> {
  const chart = path.join(world.plane.folder, `chart-of-${namespace}`);
  await mkdir(path.join(chart, 'templates'), { recursive: true });
  await writeFile(path.join(chart, 'Chart.yaml'), 'apiVersion: v2\nname: shop\nversion: 1.0.0\n');
  const documents = objects.map((object) => JSON.stringify(object)).join('\n---\n');
  await writeFile(path.join(chart, 'templates', 'all.yaml'), documents);
  await world.helm(['install', 'shop', chart, '--namespace', namespace, `--server-side=${serverSide}`]);
}

export const labelledByArgo: Marks = { labels: { 'argocd.argoproj.io/instance': 'shop' }, annotations: {} };

export const kustomized: Marks = {
  labels: { 'kustomize.toolkit.fluxcd.io/name': 'shop', 'kustomize.toolkit.fluxcd.io/namespace': 'flux-system' },
  annotations: {},
};
