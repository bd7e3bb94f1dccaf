import type { JsonObject, JsonValue } from '../model/json.ts';
import { arrayAt, objectAt, stringAt } from '../model/json.ts';
import type { KubeObject, Ref } from '../model/object.ts';
import { groupKindKey, groupOf, refOf } from '../model/object.ts';
import { podSpecPaths } from './pod-templates.ts';

/** What an object names that it needs: whether the cluster or the plan has it is another question. */
export function referencesOf(object: KubeObject): readonly Ref[] {
  const podSpec = podSpecOf(object);
  const named = podSpec === undefined ? [] : namedByPods(podSpec);
  const others = byKind.get(groupKindKey(refOf(object)))?.(object) ?? [];
  const { namespace } = refOf(object);
  return [...named, ...others].map((ref) => ({
    ...ref,
    namespace: isOfCluster(ref) ? '' : (ref.namespace ?? namespace),
  }));
}

/** The Services that the API server calls because of the object. */
export function servicesCalledBy(object: KubeObject): readonly Ref[] {
  const configs = [
    objectAt(object, 'spec'),
    ...arrayAt(object, 'webhooks').map((webhook) => objectAt(webhook, 'clientConfig')),
  ];
  return configs.flatMap((config) => {
    const service = objectAt(config, 'service');
    const [namespace, name] = [stringAt(service, 'namespace'), stringAt(service, 'name')];
    return namespace === undefined || name === undefined ? [] : [{ group: '', kind: 'Service', namespace, name }];
  });
}

/** Whether the Pods of a workload are behind a Service. */
export function isBehind(workload: KubeObject, service: KubeObject): boolean {
  const selector = Object.entries(objectAt(objectAt(service, 'spec'), 'selector'));
  const template = objectAt(objectAt(workload, 'spec'), 'template');
  const labels = objectAt(objectAt(template, 'metadata'), 'labels');
  return selector.length > 0 && selector.every(([key, value]) => labels[key] === value);
}

/** A name whose namespace is that of the object that has it. */
interface Named {
  readonly group: string;
  readonly kind: string;
  readonly name: string;
  readonly namespace?: string;
}

const clusterScoped: ReadonlySet<string> = new Set([
  '/PersistentVolume',
  'networking.k8s.io/IngressClass',
  'node.k8s.io/RuntimeClass',
  'rbac.authorization.k8s.io/ClusterRole',
  'scheduling.k8s.io/PriorityClass',
  'storage.k8s.io/StorageClass',
]);

function isOfCluster(ref: Named): boolean {
  return clusterScoped.has(groupKindKey(ref));
}

function named(group: string, kind: string, name: string | undefined): Named[] {
  return name === undefined || name === '' ? [] : [{ group, kind, name }];
}

function podSpecOf(object: KubeObject): JsonObject | undefined {
  const path = podSpecPaths.get(groupKindKey(refOf(object)));
  return path?.split('.').reduce((value: JsonObject, key) => objectAt(value, key), object);
}

function namedByPods(spec: JsonObject): Named[] {
  const containers = [...arrayAt(spec, 'initContainers'), ...arrayAt(spec, 'containers')];
  return [
    ...named('', 'ServiceAccount', stringAt(spec, 'serviceAccountName')),
    ...named('scheduling.k8s.io', 'PriorityClass', stringAt(spec, 'priorityClassName')),
    ...named('node.k8s.io', 'RuntimeClass', stringAt(spec, 'runtimeClassName')),
    ...arrayAt(spec, 'imagePullSecrets').flatMap((secret) => named('', 'Secret', stringAt(secret, 'name'))),
    ...arrayAt(spec, 'volumes').flatMap(namedByVolume),
    ...containers.flatMap(namedByContainer),
  ];
}

function namedByVolume(volume: JsonValue): Named[] {
  const projected = arrayAt(objectAt(volume, 'projected'), 'sources');
  return [
    ...named('', 'Secret', stringAt(objectAt(volume, 'secret'), 'secretName')),
    ...named('', 'PersistentVolumeClaim', stringAt(objectAt(volume, 'persistentVolumeClaim'), 'claimName')),
    ...[volume, ...projected].flatMap((source) =>
      named('', 'ConfigMap', stringAt(objectAt(source, 'configMap'), 'name')),
    ),
    ...projected.flatMap((source) => named('', 'Secret', stringAt(objectAt(source, 'secret'), 'name'))),
  ];
}

function namedByContainer(container: JsonValue): Named[] {
  const values = arrayAt(container, 'env').map((variable) => objectAt(variable, 'valueFrom'));
  const all = arrayAt(container, 'envFrom');
  return [
    ...values.flatMap((from) => named('', 'ConfigMap', stringAt(objectAt(from, 'configMapKeyRef'), 'name'))),
    ...values.flatMap((from) => named('', 'Secret', stringAt(objectAt(from, 'secretKeyRef'), 'name'))),
    ...all.flatMap((from) => named('', 'ConfigMap', stringAt(objectAt(from, 'configMapRef'), 'name'))),
    ...all.flatMap((from) => named('', 'Secret', stringAt(objectAt(from, 'secretRef'), 'name'))),
  ];
}

const rbac = 'rbac.authorization.k8s.io';

const byKind: ReadonlyMap<string, (object: KubeObject) => readonly Named[]> = new Map([
  ['/PersistentVolumeClaim', (claim: KubeObject) => namedByClaim(claim)],
  ['apps/StatefulSet', (set: KubeObject) => arrayAt(set['spec'], 'volumeClaimTemplates').flatMap(namedByClaim)],
  ['networking.k8s.io/Ingress', namedByIngress],
  ['autoscaling/HorizontalPodAutoscaler', namedByAutoscaler],
  [`${rbac}/RoleBinding`, namedByBinding],
  [`${rbac}/ClusterRoleBinding`, namedByBinding],
]);

function namedByClaim(claim: JsonValue): Named[] {
  const spec = objectAt(claim, 'spec');
  return [
    ...named('storage.k8s.io', 'StorageClass', stringAt(spec, 'storageClassName')),
    ...named('', 'PersistentVolume', stringAt(spec, 'volumeName')),
  ];
}

function namedByIngress(ingress: KubeObject): Named[] {
  return named('networking.k8s.io', 'IngressClass', stringAt(ingress['spec'], 'ingressClassName'));
}

function namedByAutoscaler(autoscaler: KubeObject): Named[] {
  const target = objectAt(autoscaler['spec'], 'scaleTargetRef');
  return named(groupOf(stringAt(target, 'apiVersion') ?? ''), stringAt(target, 'kind') ?? '', stringAt(target, 'name'));
}

function namedByBinding(binding: KubeObject): Named[] {
  const role = objectAt(binding, 'roleRef');
  const accounts = arrayAt(binding, 'subjects').filter((subject) => stringAt(subject, 'kind') === 'ServiceAccount');
  return [
    ...named(rbac, stringAt(role, 'kind') ?? '', stringAt(role, 'name')),
    ...accounts.flatMap((account) =>
      named('', 'ServiceAccount', stringAt(account, 'name')).map((ref) => ({
        ...ref,
        namespace: stringAt(account, 'namespace') ?? '',
      })),
    ),
  ];
}
