import type { ApiError, ApiErrorCause } from '../model/api-error.ts';
import type { JsonValue } from '../model/json.ts';
import { objectAt, stringAt } from '../model/json.ts';
import type { KubeObject } from '../model/object.ts';
import { groupKindKey, refOf } from '../model/object.ts';
import type { FieldDifference } from '../model/plan.ts';

interface Rule {
  readonly fields: readonly string[];
  /** Absent: always. */
  readonly when?: (live: KubeObject) => boolean;
}

const selector: Rule = { fields: ['spec.selector'] };
const roleRef: Rule = { fields: ['roleRef'] };
const sealed = (live: KubeObject): boolean => live['immutable'] === true;

/** Fields that the API server lets nobody change, by `group/Kind`; what is not here it says itself, at the dry-run. */
const rules: Readonly<Record<string, readonly Rule[]>> = {
  '/ConfigMap': [{ fields: ['data', 'binaryData', 'immutable'], when: sealed }],
  '/Secret': [{ fields: ['type'] }, { fields: ['data', 'immutable'], when: sealed }],
  '/Service': [{ fields: ['spec.clusterIP', 'spec.clusterIPs'], when: hasAddress }],
  '/PersistentVolume': [{ fields: ['spec.nodeAffinity', 'spec.volumeMode'] }],
  '/PersistentVolumeClaim': [
    {
      fields: ['accessModes', 'dataSource', 'dataSourceRef', 'selector', 'storageClassName', 'volumeMode'].map(
        (name) => `spec.${name}`,
      ),
    },
  ],
  'apps/DaemonSet': [selector],
  'apps/Deployment': [selector],
  'apps/ReplicaSet': [selector],
  'apps/StatefulSet': [
    selector,
    { fields: ['spec.serviceName', 'spec.podManagementPolicy', 'spec.volumeClaimTemplates'] },
  ],
  'batch/Job': [
    selector,
    { fields: ['spec.completionMode', 'spec.podFailurePolicy', 'spec.successPolicy', 'spec.managedBy'] },
    { fields: ['spec.template'], when: isRunning },
    { fields: ['spec.completions'], when: (live) => stringAt(live['spec'], 'completionMode') !== 'Indexed' },
  ],
  'networking.k8s.io/IngressClass': [{ fields: ['spec.controller'] }],
  'node.k8s.io/RuntimeClass': [{ fields: ['handler'] }],
  'rbac.authorization.k8s.io/ClusterRoleBinding': [roleRef],
  'rbac.authorization.k8s.io/RoleBinding': [roleRef],
  'scheduling.k8s.io/PriorityClass': [{ fields: ['value', 'preemptionPolicy'] }],
  'storage.k8s.io/StorageClass': [{ fields: ['provisioner', 'parameters', 'reclaimPolicy', 'volumeBindingMode'] }],
};

/** A Service that has an address keeps it; only one without may get another. */
function hasAddress(live: KubeObject): boolean {
  const spec = objectAt(live, 'spec');
  return spec['type'] !== 'ExternalName' && (stringAt(spec, 'clusterIP') ?? '') !== '';
}

/** The template of a suspended Job may change in part, which the server knows best. */
function isRunning(live: KubeObject): boolean {
  return objectAt(live, 'spec')['suspend'] !== true;
}

/** The differences that no update can settle, as paths. */
export function immutableIn(live: KubeObject, differences: readonly FieldDifference[]): string[] {
  return differences
    .filter((difference) => isWanted(difference) || sealed(live))
    .map(({ path }) => path)
    .filter(fixedIn(live));
}

/** Whether what is at a path can be changed at all. */
export function fixedIn(live: KubeObject): (path: string) => boolean {
  const found = (rules[groupKindKey(refOf(live))] ?? []).filter(({ when }) => when?.(live) !== false);
  const fields = found.flatMap((rule) => rule.fields);
  return (path) => fields.some((field) => isAtOrBelow(path, field));
}

/** What Git drops the server may fill in again with what is there. */
function isWanted({ desired }: { readonly desired?: JsonValue }): boolean {
  return desired !== undefined;
}

function isAtOrBelow(path: string, field: string): boolean {
  return path === field || path.startsWith(`${field}.`) || path.startsWith(`${field}[`);
}

/** How kube-apiserver 1.36 and validation rules of custom resources say that a field may not change. */
const words =
  /immutable|may not (be changed|change)|cannot (be changed|change)|updates to .* (are )?forbidden|may not be updated|cannot be updated/i;

/** What of a refusal (422) is about fields that cannot change; empty when the manifest is wrong by itself, too. */
export function immutableCauses(error: ApiError): readonly ApiErrorCause[] {
  const isAbout = ({ message }: ApiErrorCause): boolean => words.test(message);
  return error.status === 422 && error.causes.length > 0 && error.causes.every(isAbout) ? error.causes : [];
}
