import { eventually } from '../../../tools/eventually.ts';
import type { ControlPlane } from '../../../tools/control-plane/control-plane.ts';

/** The server refuses to create the ConfigMap of this name with this `data.value`, until the returned function is called. */
export async function denyCreation(
  plane: ControlPlane,
  namespace: string,
  name: string,
  value: string,
): Promise<() => Promise<void>> {
  const policy = `deny-${namespace}`;
  const group = 'admissionregistration.k8s.io/v1';
  const expression = `object.metadata.namespace != '${namespace}' || object.metadata.name != '${name}' || object.data.value != '${value}'`;
  const rule = { apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['configmaps'] };
  const spec = {
    failurePolicy: 'Fail',
    matchConstraints: { resourceRules: [rule] },
    matchConditions: [{ name: 'has-value', expression: "has(object.data) && 'value' in object.data" }],
    validations: [{ expression, message: 'nobody creates this here' }],
  };
  const objects = [
    { apiVersion: group, kind: 'ValidatingAdmissionPolicy', metadata: { name: policy }, spec },
    {
      apiVersion: group,
      kind: 'ValidatingAdmissionPolicyBinding',
      metadata: { name: policy },
      spec: { policyName: policy, validationActions: ['Deny'] },
    },
  ];
  for (const object of objects) await plane.kubectl(['create', '-f', '-'], JSON.stringify(object));
  // Another name is asked for in vain until the policy counts; the object itself is there.
  const probe = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace }, data: { value } };
  const path = `/api/v1/namespaces/${namespace}/configmaps?dryRun=All`;
  await eventually('the policy to count', async () => {
    const { body } = await plane.api.send({ method: 'POST', path, body: probe });
    return JSON.stringify(body).includes('nobody creates this here');
  });
  return async () => {
    await plane.kubectl(['delete', 'validatingadmissionpolicybindings,validatingadmissionpolicies', policy]);
    await eventually('the policy to be gone', async () => {
      const { body } = await plane.api.send({ method: 'POST', path, body: probe });
      return !JSON.stringify(body).includes('nobody creates this here');
    });
  };
}
