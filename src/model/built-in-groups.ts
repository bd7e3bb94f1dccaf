/** Groups of Kubernetes itself besides those that end in `.k8s.io`. */
const shortGroups: ReadonlySet<string> = new Set(['', 'apps', 'autoscaling', 'batch', 'extensions', 'policy']);

const longGroup =
  /^(authorization|certificates|coordination|discovery|events|networking|rbac\.authorization|resource|storage)\.k8s\.io$/;

/** True when every cluster has the kinds of the group, so that they are none of a CustomResourceDefinition. */
export function isBuiltInGroup(group: string): boolean {
  return shortGroups.has(group) || longGroup.test(group);
}
