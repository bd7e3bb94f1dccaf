import type { GroupKind } from '../../src/model/object.ts';
import { groupKindKey } from '../../src/model/object.ts';
import type { ServedKind } from '../../src/kube/cluster.ts';

/** How a list is merged: by these fields of its items, or as a set of values; atomic when nothing is said. */
export type ListShape = readonly string[] | 'set';

const verbs = ['create', 'delete', 'get', 'list', 'patch', 'update', 'watch'];

type Row = readonly [apiVersion: string, kind: string, resource: string, scope?: 'Cluster'];

const rows: readonly Row[] = [
  ['v1', 'ConfigMap', 'configmaps'],
  ['v1', 'Event', 'events'],
  ['v1', 'Namespace', 'namespaces', 'Cluster'],
  ['v1', 'PersistentVolumeClaim', 'persistentvolumeclaims'],
  ['v1', 'Pod', 'pods'],
  ['v1', 'Secret', 'secrets'],
  ['v1', 'Service', 'services'],
  ['v1', 'ServiceAccount', 'serviceaccounts'],
  ['apps/v1', 'DaemonSet', 'daemonsets'],
  ['apps/v1', 'Deployment', 'deployments'],
  ['apps/v1', 'ReplicaSet', 'replicasets'],
  ['apps/v1', 'StatefulSet', 'statefulsets'],
  ['batch/v1', 'CronJob', 'cronjobs'],
  ['batch/v1', 'Job', 'jobs'],
  ['autoscaling/v2', 'HorizontalPodAutoscaler', 'horizontalpodautoscalers'],
  ['coordination.k8s.io/v1', 'Lease', 'leases'],
  ['discovery.k8s.io/v1', 'EndpointSlice', 'endpointslices'],
  ['events.k8s.io/v1', 'Event', 'events'],
  ['networking.k8s.io/v1', 'Ingress', 'ingresses'],
  ['rbac.authorization.k8s.io/v1', 'ClusterRole', 'clusterroles', 'Cluster'],
  ['rbac.authorization.k8s.io/v1', 'ClusterRoleBinding', 'clusterrolebindings', 'Cluster'],
  ['rbac.authorization.k8s.io/v1', 'Role', 'roles'],
  ['rbac.authorization.k8s.io/v1', 'RoleBinding', 'rolebindings'],
  ['apiextensions.k8s.io/v1', 'CustomResourceDefinition', 'customresourcedefinitions', 'Cluster'],
  ['apiregistration.k8s.io/v1', 'APIService', 'apiservices', 'Cluster'],
  ['evenkeel.dev/v1alpha1', 'Application', 'applications'],
  ['evenkeel.dev/v1alpha1', 'Inventory', 'inventories'],
];

/** The kinds that a fake cluster serves from its start. */
export function builtInKinds(): ServedKind[] {
  return rows.map(([apiVersion, kind, resource, scope]) => {
    const slash = apiVersion.indexOf('/');
    const group = slash < 0 ? '' : apiVersion.slice(0, slash);
    return { group, kind, apiVersion, resource, namespaced: scope === undefined, verbs };
  });
}

const listShapes: Readonly<Record<string, ListShape>> = {
  conditions: ['type'],
  containers: ['name'],
  env: ['name'],
  finalizers: 'set',
  imagePullSecrets: ['name'],
  initContainers: ['name'],
  ownerReferences: ['uid'],
  secrets: ['name'],
  volumeMounts: ['mountPath'],
  volumes: ['name'],
};

const atomicMaps = new Set(['selector', 'nodeSelector', 'matchLabels', 'resourceFieldRef', 'secretKeyRef']);

/** By the names on the way to the list: a small part of the built-in kinds' schema, the same for every kind. */
export function shapeOf(path: readonly string[]): ListShape | undefined {
  const name = path.at(-1) ?? '';
  if (name === 'ports') return path.includes('containers') ? ['containerPort', 'protocol'] : ['port', 'protocol'];
  return listShapes[name];
}

/** True for a map whose keys are owned together. */
export function isAtomicMap(path: readonly string[]): boolean {
  return path[0] === 'spec' && atomicMaps.has(path.at(-1) ?? '');
}

const withoutStatus = new Set(['/ConfigMap', '/Secret', '/ServiceAccount', '/Event', 'events.k8s.io/Event']);

/** Kinds whose status is written by its subresource only. */
export function hasStatus(kind: GroupKind): boolean {
  return (
    !withoutStatus.has(groupKindKey(kind)) &&
    !/rbac|coordination|discovery|^evenkeel.dev\/Inventory/.test(groupKindKey(kind))
  );
}

/** Kinds that count changes of their spec. */
export function hasGeneration(kind: GroupKind): boolean {
  return hasStatus(kind) && !/^\/(Namespace|Service|Pod|PersistentVolumeClaim)$/.test(groupKindKey(kind));
}
