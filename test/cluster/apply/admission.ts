import { eventually } from '../../../tools/eventually.ts';
import type { Scene } from './scene.ts';

/**
 * A MutatingAdmissionPolicy for ConfigMaps whose `data.policy` is its name. It counts when this resolves; the returned
 * function takes it away again. `condition` narrows it further (CEL over `request` and `object`).
 */
export async function mutateConfigMaps(
  scene: Scene,
  name: string,
  applyConfiguration: string,
  condition = 'true',
): Promise<() => Promise<void>> {
  const { plane } = scene;
  const policy = {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'MutatingAdmissionPolicy',
    metadata: { name },
    spec: {
      matchConstraints: {
        resourceRules: [
          { apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE', 'UPDATE'], resources: ['configmaps'] },
        ],
      },
      matchConditions: [
        {
          name: 'chosen',
          expression: `has(object.data) && 'policy' in object.data && object.data.policy == '${name}' && ${condition}`,
        },
      ],
      failurePolicy: 'Fail',
      reinvocationPolicy: 'Never',
      mutations: [{ patchType: 'ApplyConfiguration', applyConfiguration: { expression: applyConfiguration } }],
    },
  };
  const binding = {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'MutatingAdmissionPolicyBinding',
    metadata: { name },
    spec: { policyName: name },
  };
  for (const object of [policy, binding]) await plane.kubectl(['create', '-f', '-'], JSON.stringify(object));
  const probe = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'probe', namespace: 'default' },
    data: { policy: name, a: 'probe' },
  };
  await eventually('the policy to count', async () => {
    const path = '/api/v1/namespaces/default/configmaps?dryRun=All';
    const answer = await plane.api.must({ method: 'POST', path, body: probe });
    return (answer as typeof probe).data.a !== 'probe';
  });
  return async () => {
    await plane.kubectl(['delete', 'mutatingadmissionpolicybindings,mutatingadmissionpolicies', name]);
  };
}
