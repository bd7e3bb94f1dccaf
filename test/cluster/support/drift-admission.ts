import type { ControlPlane } from '../../../tools/control-plane/control-plane.ts';
import { eventually } from '../../../tools/eventually.ts';

/** A MutatingAdmissionPolicy for the ConfigMaps whose `data.policy` is its name. */
interface Policy {
  readonly name: string;
  /** CEL; of `object`, `oldObject` and `request`. */
  readonly when?: string;
  /** CEL: an `Object{…}` to apply. It has to change `data.a`. */
  readonly change: string;
}

const stamped = "'a': 'stamped'";

/** What each does to `data.a: "1"` is in its name. */
export const policies = {
  always: { name: 'always', change: `Object{data: {${stamped}}}` },
  whenTouched: {
    name: 'when-touched',
    when: "has(object.metadata.labels) && 'touched' in object.metadata.labels",
    change: `Object{data: {${stamped}}}`,
  },
  exceptByUs: {
    name: 'except-by-us',
    when: "!request.userInfo.username.startsWith('system:serviceaccount:evenkeel:')",
    change: `Object{data: {${stamped}}}`,
  },
  counting: {
    name: 'counting',
    change: `Object{data: {${stamped}, 'count': oldObject == null || !('count' in oldObject.data) ? 'x' : oldObject.data.count + 'x'}}`,
  },
} satisfies Record<string, Policy>;

/** Creates them all; they count when this resolves. */
export async function createPolicies(plane: ControlPlane): Promise<void> {
  const items = Object.values<Policy>(policies).flatMap(objectsFor);
  await plane.kubectl(['create', '-f', '-'], JSON.stringify({ apiVersion: 'v1', kind: 'List', items }));
  for (const { name } of Object.values(policies))
    await eventually(`the policy ${name} to count`, async () => (await tryOut(plane, name)) === 'stamped');
}

async function tryOut(plane: ControlPlane, policy: string): Promise<string> {
  const metadata = { name: 'probe', namespace: 'default', labels: { touched: 'yes' } };
  const body = { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { policy, a: '1' } };
  const path = '/api/v1/namespaces/default/configmaps?dryRun=All';
  return ((await plane.api.must({ method: 'POST', path, body })) as typeof body).data.a;
}

function objectsFor({ name, when, change }: Policy): unknown[] {
  const apiVersion = 'admissionregistration.k8s.io/v1';
  const chosen = { name: 'chosen', expression: `has(object.data) && object.data[?'policy'].orValue('') == '${name}'` };
  const rule = { apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE', 'UPDATE'], resources: ['configmaps'] };
  const spec = {
    matchConstraints: { resourceRules: [rule] },
    matchConditions: [chosen, ...(when === undefined ? [] : [{ name: 'when', expression: when }])],
    failurePolicy: 'Fail',
    reinvocationPolicy: 'Never',
    mutations: [{ patchType: 'ApplyConfiguration', applyConfiguration: { expression: change } }],
  };
  return [
    { apiVersion, kind: 'MutatingAdmissionPolicy', metadata: { name }, spec },
    { apiVersion, kind: 'MutatingAdmissionPolicyBinding', metadata: { name }, spec: { policyName: name } },
  ];
}
