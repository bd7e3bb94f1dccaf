import type { JsonObject } from '../../src/model/json.ts';
import type { KubeObject } from '../../src/model/object.ts';

/** Applications of one repository, each with a folder and the same number of objects of its own. */
export interface FleetShape {
  readonly applications: number;
  /** Four: a Deployment with 0 replicas, a ServiceAccount, a Service and a ConfigMap; the others are ConfigMaps. */
  readonly objectsEach: number;
  /** Without the four, ConfigMaps only. */
  readonly onlyConfigMaps?: true;
  readonly form?: 'yaml' | 'kustomize';
  readonly preflight?: 'All' | 'PerObject';
}

const applicationsPerNamespace = 10;
const otherObjects = 3;

export interface Member {
  readonly index: number;
  readonly name: string;
  readonly namespace: string;
}

export function membersOf({ applications }: FleetShape, prefix = 'app'): Member[] {
  return Array.from({ length: applications }, (_, index) => ({
    index,
    name: `${prefix}-${String(index).padStart(4, '0')}`,
    namespace: `${prefix}-space-${String(Math.floor(index / applicationsPerNamespace)).padStart(3, '0')}`,
  }));
}

/** What a ConfigMap of an Application says, by its number. */
export type ValueOf = (number: number) => string;

const same: ValueOf = () => 'one';

export function objectsOf(shape: FleetShape, { name, namespace }: Member, value = same): KubeObject[] {
  const others = shape.onlyConfigMaps === true ? [] : [deployment(name), serviceAccount(name), service(name)];
  const maps = Array.from({ length: mapsEach(shape) }, (_, number) => configMap(mapName(name, number), value(number)));
  return [...others, ...maps].map((object) => ({ ...object, metadata: { ...object.metadata, namespace } }));
}

export function mapsEach({ objectsEach, onlyConfigMaps }: FleetShape): number {
  return onlyConfigMaps === true ? objectsEach : objectsEach - otherObjects;
}

export function mapName(application: string, number: number): string {
  return `${application}-map-${number}`;
}

/** Files of one Application's folder. */
export function filesOf(shape: FleetShape, member: Member, value = same): Record<string, string> {
  const folder = `apps/${member.name}`;
  const manifests = objectsOf(shape, member, value).map((object) => JSON.stringify(object));
  const all = { [`${folder}/all.yaml`]: manifests.join('\n---\n') };
  if (shape.form !== 'kustomize') return all;
  return { ...all, [`${folder}/kustomization.yaml`]: JSON.stringify({ resources: ['all.yaml'] }) };
}

export function applicationOf({ preflight }: FleetShape, { name, namespace }: Member, repoURL: string): JsonObject {
  return {
    apiVersion: 'evenkeel.dev/v1alpha1',
    kind: 'Application',
    metadata: { name, namespace: 'evenkeel' },
    spec: {
      source: { repoURL, path: `apps/${name}`, targetRevision: 'main' },
      destination: { namespace },
      syncPolicy: { automated: { prune: true, selfHeal: true } },
      ...(preflight === undefined ? {} : { preflight }),
    },
  };
}

function deployment(name: string): KubeObject {
  const labels = { app: name };
  const container = { name: 'web', image: 'example.invalid/web:1.0.0', ports: [{ name: 'http', containerPort: 8080 }] };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name },
    spec: {
      replicas: 0,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { serviceAccountName: name, containers: [container] } },
    },
  };
}

function serviceAccount(name: string): KubeObject {
  return { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name } };
}

export const servicePort = 80;

function service(name: string): KubeObject {
  const ports = [{ name: 'http', port: servicePort, targetPort: 8080, protocol: 'TCP' }];
  return { apiVersion: 'v1', kind: 'Service', metadata: { name }, spec: { selector: { app: name }, ports } };
}

/** What `data.mode` of every ConfigMap says, whatever the commit: foreign writers change it. */
export const plainMode = 'plain';

function configMap(name: string, value: string): KubeObject {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data: { value, mode: plainMode } };
}
