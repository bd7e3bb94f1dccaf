import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import {
  connect,
  createRepositorySecrets,
  createSecretReader,
  followWebhookSecrets,
  loadCredentials,
} from '../../src/kube/kube.ts';
import type { ClusterConnection } from '../../src/kube/kube.ts';
import { ApiError } from '../../src/model/api-error.ts';
import type { KubeObject } from '../../src/model/object.ts';
import { startControlPlane } from '../../tools/control-plane/control-plane.ts';
import type { ControlPlane } from '../../tools/control-plane/control-plane.ts';
import { eventually } from '../../tools/eventually.ts';
import { realClock } from '../fakes/clock.ts';
import { RecordedTelemetry } from '../fakes/kube-telemetry.ts';

const ours = { manager: 'kubectl', force: true };
const url = 'https://git.example.com/team/shop.git';

function secret(name: string, labels: Record<string, string>, data: Record<string, string>): KubeObject {
  return { apiVersion: 'v1', kind: 'Secret', metadata: { name, namespace: 'default', labels }, stringData: data };
}

/** What the chart's Role of the operator's namespace says about Secrets. */
const permissions: readonly KubeObject[] = [
  {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'Role',
    metadata: { name: 'reads-secrets', namespace: 'default' },
    rules: [{ apiGroups: [''], resources: ['secrets'], verbs: ['get', 'list', 'watch'] }],
  },
  {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'RoleBinding',
    metadata: { name: 'reads-secrets', namespace: 'default' },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'reads-secrets' },
    subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'operator' }],
  },
];

describe('Secrets by label on a real API server', () => {
  let plane: ControlPlane;
  let admin: ClusterConnection;
  before(async () => {
    plane = await startControlPlane();
    admin = await connectAs('admin', ['system:masters']);
    await admin.kinds.refresh();
    for (const object of permissions) await admin.apply(object, ours);
  });
  after(async () => {
    await admin[Symbol.asyncDispose]();
    await plane.stop();
  });

  async function connectAs(user: string, groups: readonly string[]): Promise<ClusterConnection> {
    const file = await plane.userKubeconfig(user, [...groups]);
    return connect({
      credentials: await loadCredentials({ kind: 'kubeconfig', file }, realClock),
      clock: realClock,
      random: Math.random,
      telemetry: new RecordedTelemetry(),
      userAgent: 'evenkeel/test',
    });
  }

  test('are found, followed and let go, with permissions in that namespace alone', async () => {
    await using cluster = await connectAs('operator', []);
    using reader = createSecretReader(cluster, realClock);
    using secrets = createRepositorySecrets({ cluster, reader, namespace: 'default' });
    const told: string[] = [];
    secrets.onChange(({ namespace, name }) => told.push(`${namespace}/${name}`));
    const named = async () => (await secrets.forUrl(url))?.name;
    const argos = { 'argocd.argoproj.io/secret-type': 'repo-creds' };
    await admin.apply(secret('team', argos, { url: 'https://git.example.com/team', password: 'one' }), ours);
    assert.equal(await named(), 'team');
    assert.deepEqual(told, []);

    const exact = { 'evenkeel.dev/secret-type': 'repository' };
    await admin.apply(secret('shop', exact, { url, password: 'two' }), ours);
    await eventually('the exact one to be known', async () => (await named()) === 'shop');
    assert.equal((await secrets.forUrl(url))?.data['password']?.toString(), 'two');

    await admin.apply(secret('shop', {}, { url, password: 'two' }), ours);
    await eventually('it to count no more', async () => (await named()) === 'team');
    await eventually('both to be told', () => told.length >= 2 && told.every((each) => each === 'default/shop'));
  });

  test('outlast the death of the API server', async () => {
    await using cluster = await connectAs('operator', []);
    using secrets = followWebhookSecrets(cluster, 'default');
    const names = async () => (await secrets.of('github')).map(({ name }) => name).join();
    const label = { 'evenkeel.dev/webhook': 'github' };
    await admin.apply(secret('one', label, { secret: 'x' }), ours);
    await eventually('it to be found', async () => (await names()) === 'one');
    await plane.kill('kube-apiserver');
    assert.equal(await names(), 'one');
    await plane.start('kube-apiserver');
    await eventually('a write', async () => await admin.apply(secret('two', label, { secret: 'y' }), ours));
    await eventually('the new one to be found', async () => (await names()) === 'one,two');
  });

  test('without permission the reason is told, and nothing is taken for absent', async () => {
    await using cluster = await connectAs('stranger', []);
    using secrets = followWebhookSecrets(cluster, 'default');
    await assert.rejects(secrets.of('github'), (error) => error instanceof ApiError && error.kind === 'forbidden');
  });
});
