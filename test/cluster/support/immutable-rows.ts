import type { JsonObject } from '../../../src/model/json.ts';
import { objectAt } from '../../../src/model/json.ts';
import type { KubeObject } from '../../../src/model/object.ts';
import { deployment, service, statefulSet } from '../../apply/objects.ts';

export function withSpec(object: KubeObject, spec: JsonObject): KubeObject {
  return { ...object, spec: { ...objectAt(object, 'spec'), ...spec } };
}

const named = (apiVersion: string, kind: string, more: JsonObject): ((ns: string) => KubeObject) => {
  return (namespace) => ({ apiVersion, kind, metadata: { name: 'one', namespace }, ...more });
};

const clusterWide = (apiVersion: string, kind: string, more: JsonObject): ((ns: string) => KubeObject) => {
  return (namespace) => ({ apiVersion, kind, metadata: { name: `of-${namespace}` }, ...more });
};

const job = (image: string): ((ns: string) => KubeObject) => {
  const template = { spec: { restartPolicy: 'Never', containers: [{ name: 'main', image }] } };
  return named('batch/v1', 'Job', { spec: { template } });
};

const roleRef = (name: string): JsonObject => {
  const subjects = [{ kind: 'ServiceAccount', name: 'default', namespace: 'default' }];
  return { roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name }, subjects };
};

const volume = (storage: string): JsonObject => ({
  serviceName: 'db',
  volumeClaimTemplates: [
    {
      metadata: { name: 'data' },
      spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage } } },
    },
  ],
});

const storageClass = (parameter: string): ((ns: string) => KubeObject) =>
  clusterWide('storage.k8s.io/v1', 'StorageClass', { provisioner: 'example.com/x', parameters: { parameter } });

/** What differs, the field that a refusal names, and the object before and after. */
export const immutableRows: readonly (readonly [
  string,
  RegExp,
  (ns: string) => KubeObject,
  (ns: string) => KubeObject,
])[] = [
  [
    'selector of a Deployment',
    /spec\.selector/,
    (ns) => deployment(ns, 'one', { replicas: 1 }),
    (ns) => ({ ...deployment(ns, 'other', { replicas: 1 }), metadata: { name: 'one', namespace: ns } }),
  ],
  [
    'serviceName of a StatefulSet',
    /spec\.serviceName/,
    (ns) => statefulSet(ns, 'one', { serviceName: 'a' }),
    (ns) => statefulSet(ns, 'one', { serviceName: 'b' }),
  ],
  [
    'volumeClaimTemplates of a StatefulSet',
    /^StatefulSet.*spec.* cannot be changed/,
    (ns) => statefulSet(ns, 'one', volume('1Gi')),
    (ns) => statefulSet(ns, 'one', volume('2Gi')),
  ],
  ['template of a Job', /spec\.template/, job('example.com/a:1'), job('example.com/a:2')],
  [
    'clusterIP of a Service',
    /spec\.clusterIP/,
    (ns) => service(ns, 'one', { app: 'a' }),
    (ns) => withSpec(service(ns, 'one', { app: 'a' }), { clusterIP: 'None' }),
  ],
  [
    'type of a Secret',
    /type/,
    named('v1', 'Secret', { type: 'Opaque', data: { a: 'YQ==' } }),
    named('v1', 'Secret', { type: 'example.com/x', data: { a: 'YQ==' } }),
  ],
  [
    'data of a sealed ConfigMap',
    /data/,
    named('v1', 'ConfigMap', { immutable: true, data: { a: '1' } }),
    named('v1', 'ConfigMap', { immutable: true, data: { a: '2' } }),
  ],
  [
    'roleRef',
    /roleRef/,
    named('rbac.authorization.k8s.io/v1', 'RoleBinding', roleRef('a')),
    named('rbac.authorization.k8s.io/v1', 'RoleBinding', roleRef('b')),
  ],
  ['parameters of a StorageClass', /parameters/, storageClass('a'), storageClass('b')],
  [
    'value of a PriorityClass',
    /value/,
    clusterWide('scheduling.k8s.io/v1', 'PriorityClass', { value: 1 }),
    clusterWide('scheduling.k8s.io/v1', 'PriorityClass', { value: 2 }),
  ],
  [
    'controller of an IngressClass',
    /spec\.controller/,
    clusterWide('networking.k8s.io/v1', 'IngressClass', { spec: { controller: 'example.com/a' } }),
    clusterWide('networking.k8s.io/v1', 'IngressClass', { spec: { controller: 'example.com/b' } }),
  ],
  [
    'what only the server knows to be immutable',
    /addressType cannot be changed \(field is immutable\)/,
    named('discovery.k8s.io/v1', 'EndpointSlice', { addressType: 'IPv4', endpoints: [] }),
    named('discovery.k8s.io/v1', 'EndpointSlice', { addressType: 'IPv6', endpoints: [] }),
  ],
];
