import type { JsonValue } from '../model/json.ts';
import { isJsonObject } from '../model/json.ts';
import type { KubeObject } from '../model/object.ts';
import type { Flaw } from './flaw.ts';
import { fieldPath } from './path.ts';

const label = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;
const subdomain = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;

const labelKinds = new Set(['/Namespace', '/Service']);

/** Built-in kinds whose names are DNS subdomains; others (RBAC, aggregated APIs) may allow more. */
const subdomainKinds = new Set([
  '/ConfigMap',
  '/Endpoints',
  '/LimitRange',
  '/PersistentVolume',
  '/PersistentVolumeClaim',
  '/Pod',
  '/PodTemplate',
  '/ReplicationController',
  '/ResourceQuota',
  '/Secret',
  '/ServiceAccount',
  'apiextensions.k8s.io/CustomResourceDefinition',
  'apps/DaemonSet',
  'apps/Deployment',
  'apps/ReplicaSet',
  'apps/StatefulSet',
  'autoscaling/HorizontalPodAutoscaler',
  'batch/CronJob',
  'batch/Job',
  'networking.k8s.io/Ingress',
  'networking.k8s.io/NetworkPolicy',
  'policy/PodDisruptionBudget',
  'storage.k8s.io/StorageClass',
]);

/** Names that no server takes, and labels and annotations that are not text. */
export function misnamedIn({ metadata }: KubeObject, kind: string): Flaw[] {
  const { name, namespace, labels, annotations } = metadata;
  const wrongNamespace = typeof namespace === 'string' && namespace !== '' && !label.test(namespace);
  return [
    ...misnamed(name, kind),
    ...(wrongNamespace
      ? [{ path: 'metadata.namespace', problem: `${quoted(namespace)} is no DNS label (RFC 1123)` }]
      : []),
    ...nonText('metadata.labels', labels),
    ...nonText('metadata.annotations', annotations),
  ];
}

function misnamed(name: string, kind: string): Flaw[] {
  const problem = nameProblem(name, kind);
  return problem === undefined ? [] : [{ path: 'metadata.name', problem: `${quoted(name)} ${problem}` }];
}

function nameProblem(name: string, kind: string): string | undefined {
  if (name === '' || name === '.' || name === '..' || /[/%]/.test(name)) return 'cannot be a part of a path';
  if (name.length > 253) return 'has more than 253 characters';
  if (labelKinds.has(kind) && !label.test(name))
    return 'is no DNS label (RFC 1123): lower case, digits, "-", at most 63 characters';
  if (subdomainKinds.has(kind) && !subdomain.test(name))
    return 'is no DNS subdomain (RFC 1123): lower case, digits, "-" and "."';
  return undefined;
}

/** The values of a map that must all be text, and are not. */
export function nonText(path: string, map: JsonValue | undefined): Flaw[] {
  if (map === undefined || map === null) return [];
  if (!isJsonObject(map)) return [{ path, problem: `expected a map, got ${typeName(map)}` }];
  return Object.entries(map)
    .filter(([, value]) => typeof value !== 'string')
    .map(([key, value]) => ({
      path: fieldPath(path, key),
      problem: `expected text, got ${typeName(value)}: put it in quotes`,
    }));
}

export function typeName(value: JsonValue): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  const names: Readonly<Record<string, string>> = {
    object: 'a map',
    bigint: 'a number',
    number: 'a number',
    boolean: 'a boolean',
    string: 'text',
  };
  return names[typeof value] ?? typeof value;
}

function quoted(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text);
}
