/** Field managers that a label may name; every other one is `other`, so that no cluster can grow the series. */
const wellKnown: ReadonlySet<string> = new Set([
  'argocd-application-controller',
  'argocd-controller',
  'before-first-apply',
  'cert-manager-cainjector',
  'cluster-autoscaler',
  'crossplane',
  'evenkeel',
  'evenkeel-controller',
  'flux',
  'headlamp',
  'helm',
  'helm-controller',
  'horizontal-pod-autoscaler',
  'k9s',
  'keda',
  'keda-operator',
  'kube-apiserver',
  'kube-controller-manager',
  'kube-scheduler',
  'kubectl',
  'kubectl-annotate',
  'kubectl-autoscale',
  'kubectl-client-side-apply',
  'kubectl-create',
  'kubectl-edit',
  'kubectl-label',
  'kubectl-patch',
  'kubectl-replace',
  'kubectl-rollout',
  'kubectl-scale',
  'kubectl-set',
  'kubelet',
  'kustomize-controller',
  'kyverno',
  'pilot-discovery',
  'pulumi',
  'rancher',
  'terraform',
  'vpa-updater',
]);

/** Every value that the label `manager` can have. */
export const managerLabels: readonly string[] = [...wellKnown, 'unknown', 'other'];

/** `unknown` = a field was removed, which managedFields attribute to nobody. */
export function managerLabel(manager: string): string {
  if (manager === '') return 'unknown';
  const name = manager.toLowerCase();
  if (wellKnown.has(name)) return name;
  return name.startsWith('kubectl-') ? 'kubectl' : 'other';
}
