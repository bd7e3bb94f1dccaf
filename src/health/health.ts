import type { Health, HealthStatus } from '../model/health.ts';
import { arrayAt, objectAt, stringAt } from '../model/json.ts';
import type { GroupKind, KubeObject } from '../model/object.ts';
import { groupKindKey, groupOf } from '../model/object.ts';
import type { HealthRules } from '../model/ports.ts';
import type { ClusterRules, ClusterRulesOptions } from './cluster-rules.ts';
import { ConfiguredRules } from './cluster-rules.ts';
import { assessGeneric } from './generic.ts';
import { assessApiService } from './kinds/api-service.ts';
import { assessCustomResourceDefinition } from './kinds/custom-resource-definition.ts';
import { assessDaemonSet } from './kinds/daemon-set.ts';
import { assessDeployment } from './kinds/deployment.ts';
import { assessHorizontalPodAutoscaler } from './kinds/horizontal-pod-autoscaler.ts';
import { assessJob } from './kinds/job.ts';
import { assessPersistentVolumeClaim } from './kinds/persistent-volume-claim.ts';
import { assessPod } from './kinds/pod.ts';
import { assessReplicaSet } from './kinds/replica-set.ts';
import { assessService } from './kinds/service.ts';
import { assessStatefulSet } from './kinds/stateful-set.ts';
import type { HealthRule } from './rules.ts';
import { assessWith } from './rules.ts';
import { progressing } from './verdict.ts';

export type { ClusterRules } from './cluster-rules.ts';

const builtIn: ReadonlyMap<string, (object: KubeObject) => Health> = new Map([
  ['apps/Deployment', assessDeployment],
  ['apps/StatefulSet', assessStatefulSet],
  ['apps/DaemonSet', assessDaemonSet],
  ['apps/ReplicaSet', assessReplicaSet],
  ['/Pod', assessPod],
  ['batch/Job', assessJob],
  ['/Service', assessService],
  ['/PersistentVolumeClaim', assessPersistentVolumeClaim],
  ['apiextensions.k8s.io/CustomResourceDefinition', assessCustomResourceDefinition],
  ['apiregistration.k8s.io/APIService', assessApiService],
  ['autoscaling/HorizontalPodAutoscaler', assessHorizontalPodAutoscaler],
]);

/**
 * The health of one live object in Argo CD's words; of an object without a body (metadata only) what its metadata say.
 *
 * `rules` are asked first; a kind that none of them judges is assessed as without them.
 *
 * Guarantees: pure and synchronous; never throws, whatever a status holds; the message names counts, conditions and
 * reasons. Caveats: `Missing` is never the answer, because there is an object.
 */
export function assessHealth(object: KubeObject, rules: readonly HealthRule[] = []): Health {
  if (isBeingDeleted(object)) return progressing(describeDeletion(object));
  const ruled = assessWith(rules, object);
  if (ruled !== undefined) return ruled;
  const group = groupOf(stringAt(object, 'apiVersion') ?? '');
  const rule = builtIn.get(groupKindKey({ group, kind: object.kind }));
  return (rule ?? assessGeneric)(object);
}

function isBeingDeleted(object: KubeObject): boolean {
  return stringAt(objectAt(object, 'metadata'), 'deletionTimestamp') !== undefined;
}

function describeDeletion(object: KubeObject): string {
  const finalizers = arrayAt(objectAt(object, 'metadata'), 'finalizers').filter((name) => typeof name === 'string');
  return finalizers.length === 0 ? 'is being deleted' : `is being deleted, waits for ${finalizers.join(', ')}`;
}

/**
 * True when the verdict needs the object's status, so that its kind is watched in full: kinds with a rule of their own,
 * and all custom resources, whose conditions the generic rule reads. Other kinds of Kubernetes are watched by metadata.
 */
export function hasHealthInStatus(kind: GroupKind): boolean {
  return builtIn.has(groupKindKey(kind)) || !kubernetesGroups.has(kind.group);
}

/** Groups that the API server serves by itself. Their kinds without a rule have no conditions worth a full watch. */
const kubernetesGroups: ReadonlySet<string> = new Set([
  '',
  'admissionregistration.k8s.io',
  'apiextensions.k8s.io',
  'apiregistration.k8s.io',
  'apps',
  'authentication.k8s.io',
  'authorization.k8s.io',
  'autoscaling',
  'batch',
  'certificates.k8s.io',
  'coordination.k8s.io',
  'discovery.k8s.io',
  'events.k8s.io',
  'extensions',
  'flowcontrol.apiserver.k8s.io',
  'internal.apiserver.k8s.io',
  'networking.k8s.io',
  'node.k8s.io',
  'policy',
  'rbac.authorization.k8s.io',
  'resource.k8s.io',
  'scheduling.k8s.io',
  'storage.k8s.io',
  'storagemigration.k8s.io',
]);

/** The same as a port, for `live/`. */
export const healthRules: HealthRules = { needsStatus: hasHealthInStatus, assess: assessHealth };

/** The same with rules for the whole cluster, which may change and may be scripts. */
export function createClusterRules(options: ClusterRulesOptions): ClusterRules {
  return new ConfiguredRules(options, { needsStatus: hasHealthInStatus, assess: assessHealth });
}

/** Argo CD's order, best first. */
const order: readonly HealthStatus[] = ['Healthy', 'Suspended', 'Progressing', 'Missing', 'Degraded', 'Unknown'];

/** True when `a` is the graver verdict. */
function isWorse(a: HealthStatus, b: HealthStatus): boolean {
  return order.indexOf(a) > order.indexOf(b);
}

/** The gravest of some verdicts, the first one of equals; Healthy when there are none. */
export function worstOf(healths: Iterable<Health>): Health {
  let worst: Health = { status: 'Healthy', message: '' };
  for (const health of healths) {
    if (isWorse(health.status, worst.status)) worst = health;
  }
  return worst;
}
