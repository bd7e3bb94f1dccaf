import type { GroupKind } from '../model/object.ts';
import { groupKindKey } from '../model/object.ts';

/** What is written before what, where no reference says more; kinds of one line are written together. */
const kindOrder: readonly (readonly string[])[] = [
  ['/Namespace'],
  ['/ResourceQuota', '/LimitRange', 'networking.k8s.io/NetworkPolicy', 'policy/PodDisruptionBudget'],
  ['scheduling.k8s.io/PriorityClass', 'node.k8s.io/RuntimeClass', 'networking.k8s.io/IngressClass'],
  ['/ServiceAccount'],
  ['/Secret', '/ConfigMap'],
  ['storage.k8s.io/StorageClass', 'storage.k8s.io/CSIDriver', 'storage.k8s.io/VolumeAttributesClass'],
  ['/PersistentVolume'],
  ['/PersistentVolumeClaim'],
  ['apiextensions.k8s.io/CustomResourceDefinition'],
  ['rbac.authorization.k8s.io/ClusterRole', 'rbac.authorization.k8s.io/Role'],
  ['rbac.authorization.k8s.io/ClusterRoleBinding', 'rbac.authorization.k8s.io/RoleBinding'],
  ['/Service'],
  [
    ...['/Pod', '/ReplicationController', 'apps/ReplicaSet', 'apps/Deployment', 'apps/DaemonSet', 'apps/StatefulSet'],
    ...['batch/Job', 'batch/CronJob'],
  ],
  ['autoscaling/HorizontalPodAutoscaler', 'networking.k8s.io/Ingress'],
  ['apiregistration.k8s.io/APIService'],
];

const webhookConfigurations: readonly string[] = [
  'admissionregistration.k8s.io/MutatingWebhookConfiguration',
  'admissionregistration.k8s.io/ValidatingWebhookConfiguration',
];

const customRank = kindOrder.length;

const ranks: ReadonlyMap<string, number> = new Map([
  ...kindOrder.flatMap((kinds, rank) => kinds.map((kind) => [kind, rank] as const)),
  // What they refuse is refused to this plan, too.
  ...webhookConfigurations.map((kind) => [kind, customRank + 1] as const),
]);

/** Lower ones first; kinds that are not in the table are custom ones, mostly. */
export function rankOf(kind: GroupKind): number {
  return ranks.get(groupKindKey(kind)) ?? customRank;
}
