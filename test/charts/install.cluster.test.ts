import assert from 'node:assert/strict';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { ControlPlane } from '../../tools/control-plane/control-plane.ts';
import { startControlPlane } from '../../tools/control-plane/control-plane.ts';
import { repositoryRoot } from '../../tools/generated-file.ts';
import { chartFolder, runHelm } from '../../tools/helm.ts';

const account = 'system:serviceaccount:evenkeel:evenkeel';

const installFile = path.join(repositoryRoot, 'deploy', 'install.yaml');

let cluster: ControlPlane;

before(async () => {
  cluster = await startControlPlane();
});

after(() => cluster[Symbol.asyncDispose]());

const helm = (...args: readonly string[]): Promise<string> =>
  runHelm([...args, '--namespace', 'evenkeel'], { kubeconfig: cluster.kubeconfig });

const upgrade = (...args: readonly string[]): Promise<string> =>
  helm('upgrade', '--install', '--create-namespace', 'evenkeel', chartFolder, ...args);

/** `yes` or `no`, as the API server decides for the operator's ServiceAccount. */
async function mayI(verb: string, resource: string, namespace: string): Promise<boolean> {
  const attributes = attributesOf(verb, resource, namespace);
  const answer = await cluster.api.must({
    method: 'POST',
    path: '/apis/authorization.k8s.io/v1/subjectaccessreviews',
    body: {
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SubjectAccessReview',
      spec: { user: account, groups: ['system:serviceaccounts'], resourceAttributes: attributes },
    },
  });
  return (answer as { status: { allowed: boolean } }).status.allowed;
}

function attributesOf(verb: string, resource: string, namespace: string) {
  const [path = '', group = ''] = resource.split('@');
  const [name = '', subresource = ''] = path.split('/');
  return { verb, group, resource: name, subresource, namespace };
}

/** What the operator needs for itself, whatever it manages: verb, resource@group, namespace. */
const needs: readonly (readonly [string, string, string])[] = [
  ['watch', 'applications@evenkeel.dev', ''],
  ['patch', 'applications@evenkeel.dev', 'team'],
  ['patch', 'applications/status@evenkeel.dev', 'team'],
  ['create', 'inventories@evenkeel.dev', 'team'],
  ['delete', 'inventories@evenkeel.dev', 'team'],
  ['watch', 'secrets', 'team'],
  ['get', 'namespaces', ''],
  ['create', 'events@events.k8s.io', 'team'],
  ['update', 'leases@coordination.k8s.io', 'evenkeel'],
  ['watch', 'customresourcedefinitions@apiextensions.k8s.io', ''],
  ['watch', 'apiservices@apiregistration.k8s.io', ''],
];

const rules = [
  '--set=rbac.profile=rules',
  '--set-json=rbac.rules=[{"apiGroups":[""],"resources":["configmaps"],"verbs":["get","list","watch","create","patch","delete"]}]',
];

describe('helm on a real API server', () => {
  test('installs and upgrades, twice', async () => {
    await upgrade();
    await upgrade();
    await upgrade('--set=config.workers=2', '--set=dashboards.enabled=true');
    assert.match(await helm('history', 'evenkeel'), /3\s.*deployed/);
  });

  test('cluster-admin may do everything', async () => {
    assert.ok(await mayI('delete', 'namespaces', ''));
    for (const [verb, resource, namespace] of needs) assert.ok(await mayI(verb, resource, namespace), resource);
  });

  test('changing the profile takes the rest away, and leaves what the operator itself needs', async () => {
    await upgrade(...rules);
    for (const [verb, resource, namespace] of needs) assert.ok(await mayI(verb, resource, namespace), resource);
    assert.ok(await mayI('create', 'configmaps', 'shop'));
    const beyond = [
      ['create', 'secrets', 'shop'],
      ['create', 'deployments@apps', 'shop'],
      ['delete', 'namespaces', ''],
      ['delete', 'applications@evenkeel.dev', 'team'],
      ['update', 'leases@coordination.k8s.io', 'shop'],
    ] as const;
    for (const [verb, resource, namespace] of beyond) assert.ok(!(await mayI(verb, resource, namespace)), resource);
  });

  test('with watchNamespaces the rights end there', async () => {
    await cluster.kubectl(['create', 'namespace', 'team']);
    await upgrade(...rules, '--set=config.watchNamespaces={team}');
    assert.ok(await mayI('patch', 'applications/status@evenkeel.dev', 'team'));
    assert.ok(!(await mayI('patch', 'applications/status@evenkeel.dev', 'shop')));
    assert.ok(!(await mayI('get', 'secrets', 'shop')));
  });

  test('uninstalling keeps the definitions and with them every Application', async () => {
    await helm('uninstall', 'evenkeel');
    const kept = await cluster.kubectl(['get', 'customresourcedefinitions', '--output', 'name']);
    assert.match(kept, /applications\.evenkeel\.dev/);
    assert.match(kept, /inventories\.evenkeel\.dev/);
    await upgrade();
  });

  test('install.yaml applies on top', async () => {
    await helm('uninstall', 'evenkeel');
    await cluster.kubectl(['apply', '--server-side', '--force-conflicts', '--filename', installFile]);
    assert.ok(await mayI('delete', 'namespaces', ''));
  });
});
