import type { Health, HealthStatus } from '../model/health.ts';
import { arrayAt, objectAt, stringAt } from '../model/json.ts';
import { annotationOf } from '../model/object-annotations.ts';
import type { GroupKind, KubeObject } from '../model/object.ts';
import { groupKindKey, groupOf } from '../model/object.ts';
import type { HealthRules } from '../model/ports.ts';
import { assessGeneric } from './generic.ts';
import type { HealthRule } from './health-rule.ts';
import { assessWith, isAbout } from './health-rule.ts';
import { assessApiService } from './kinds/api-service.ts';
import { assessCronJob } from './kinds/cron-job.ts';
import { assessCustomResourceDefinition } from './kinds/custom-resource-definition.ts';
import { assessDaemonSet } from './kinds/daemon-set.ts';
import { assessDeployment } from './kinds/deployment.ts';
import { assessHorizontalPodAutoscaler } from './kinds/horizontal-pod-autoscaler.ts';
import { assessIngress } from './kinds/ingress.ts';
import { assessJob } from './kinds/job.ts';
import { assessNamespace } from './kinds/namespace.ts';
import { assessPersistentVolumeClaim } from './kinds/persistent-volume-claim.ts';
import { assessPersistentVolume } from './kinds/persistent-volume.ts';
import { assessPodDisruptionBudget } from './kinds/pod-disruption-budget.ts';
import { assessPod } from './kinds/pod.ts';
import { assessReplicaSet } from './kinds/replica-set.ts';
import { assessService } from './kinds/service.ts';
import { assessStatefulSet } from './kinds/stateful-set.ts';
import { healthy, progressing } from './verdict.ts';
import { createRuleFinder } from './well-known.ts';

export type { ClusterRules } from './cluster-rules.ts';
export { createClusterRules } from './cluster-rules.ts';
export type { CompiledHealthChecks, HealthCheckError, HealthRule } from './health-rule.ts';
export { assessWith, compileHealthChecks, describeCheckError } from './health-rule.ts';

const kinds: ReadonlyMap<string, (object: KubeObject) => Health> = new Map([
  ['apps/Deployment', assessDeployment],
  ['apps/StatefulSet', assessStatefulSet],
  ['apps/DaemonSet', assessDaemonSet],
  ['apps/ReplicaSet', assessReplicaSet],
  ['/ReplicationController', assessReplicaSet],
  ['/Pod', assessPod],
  ['batch/Job', assessJob],
  ['batch/CronJob', assessCronJob],
  ['/Service', assessService],
  ['networking.k8s.io/Ingress', assessIngress],
  ['extensions/Ingress', assessIngress],
  ['/Namespace', assessNamespace],
  ['/PersistentVolume', assessPersistentVolume],
  ['/PersistentVolumeClaim', assessPersistentVolumeClaim],
  ['policy/PodDisruptionBudget', assessPodDisruptionBudget],
  ['apiextensions.k8s.io/CustomResourceDefinition', assessCustomResourceDefinition],
  ['apiregistration.k8s.io/APIService', assessApiService],
  ['autoscaling/HorizontalPodAutoscaler', assessHorizontalPodAutoscaler],
]);

/** Verdicts on live objects, with the rules of users before those that are built in. */
export interface HealthJudge extends HealthRules {
  /** Replaces what holds for the whole cluster; an Application's own rules come before it. One that stays is the same. */
  setClusterRules(rules: readonly HealthRule[]): void;
  /** Replaces the rules of one Application, known by the part-of label of its objects; none forgets it. */
  setApplicationRules(partOf: string, rules: readonly HealthRule[]): void;
}

/**
 * The one place of all rules. In this order, and the first that says something decides: not counted, being deleted, the rules of the
 * object's Application, the rules of the cluster, the kinds of Kubernetes, the rules for well-known kinds, the generic
 * rule. `partOfLabel` names the label by which an object says of which Application it is.
 *
 * Guarantees: a verdict is made synchronously, of the object alone, and never throws, whatever a status holds; of an
 * object without a body (metadata only) it is what its metadata say.
 */
export function createHealthRules(partOfLabel = ''): HealthJudge {
  const listeners = new Set<Parameters<HealthRules['onChange']>[0]>();
  const wellKnown = createRuleFinder();
  const applications = new Map<string, readonly HealthRule[]>();
  let cluster: readonly HealthRule[] = [];
  const ownRules = (object: KubeObject): readonly HealthRule[] => {
    if (applications.size === 0) return [];
    return applications.get(stringAt(objectAt(objectAt(object, 'metadata'), 'labels'), partOfLabel) ?? '') ?? [];
  };
  const prefix = partOfLabel.slice(0, partOfLabel.indexOf('/') + 1);
  const assess = (object: KubeObject): Health => {
    const byUser =
      assessMetadata(object, prefix) ?? assessWith(ownRules(object), object) ?? assessWith(cluster, object);
    if (byUser !== undefined) return byUser;
    const kind = { group: groupOf(stringAt(object, 'apiVersion') ?? ''), kind: stringAt(object, 'kind') ?? '' };
    const builtIn = kinds.get(groupKindKey(kind));
    return builtIn?.(object) ?? wellKnown(kind)?.(object) ?? assessGeneric(object);
  };
  const tell = (rules: readonly HealthRule[]): void => {
    if (rules.length === 0) return;
    for (const listener of listeners) listener((kind) => rules.some((rule) => isAbout(rule, kind)));
  };
  const isRuled = (kind: GroupKind): boolean =>
    [cluster, ...applications.values()].some((rules) => rules.some((rule) => isAbout(rule, kind)));
  return {
    needsStatus: (kind) => hasHealthInStatus(kind) || isRuled(kind),
    assess,
    setClusterRules: (rules) => {
      const changed = [...new Set(cluster).symmetricDifference(new Set(rules))];
      cluster = rules;
      tell(changed);
    },
    setApplicationRules: (partOf, rules) => {
      const changed = [...(applications.get(partOf) ?? []), ...rules];
      if (rules.length === 0) applications.delete(partOf);
      else applications.set(partOf, rules);
      tell(changed);
    },
    onChange: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}

function assessMetadata(object: KubeObject, prefix: string): Health | undefined {
  if (isNotCounted(object, prefix)) return healthy('not counted, as its annotation ignore-healthcheck says');
  return isBeingDeleted(object) ? progressing(describeDeletion(object)) : undefined;
}

function isNotCounted(object: KubeObject, prefix: string): boolean {
  return annotationOf(object, 'ignore-healthcheck', { prefix })?.value.trim() === 'true';
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
function hasHealthInStatus(kind: GroupKind): boolean {
  return kinds.has(groupKindKey(kind)) || !kubernetesGroups.has(kind.group);
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

/** Argo CD's order, best first. */
const order: readonly HealthStatus[] = ['Healthy', 'Suspended', 'Progressing', 'Missing', 'Degraded', 'Unknown'];

/** True when `a` is the graver verdict. */
export function isGraver(a: HealthStatus, b: HealthStatus): boolean {
  return order.indexOf(a) > order.indexOf(b);
}

/** The gravest of some verdicts, the first one of equals; Healthy when there are none. */
export function worstOf(healths: Iterable<Health>): Health {
  let worst: Health = { status: 'Healthy', message: '' };
  for (const health of healths) {
    if (isGraver(health.status, worst.status)) worst = health;
  }
  return worst;
}

export { describeCauses, findCauses, logsWorthReading } from './root-cause.ts';
