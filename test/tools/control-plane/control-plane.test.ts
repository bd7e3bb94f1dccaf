import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { KubeConfig } from '@kubernetes/client-node';
import { request, Agent } from 'undici';
import { eventually } from '../../../tools/eventually.ts';
import { startControlPlane, type ControlPlane } from '../../../tools/control-plane/control-plane.ts';
import { startFaultProxy } from '../../../tools/fault-proxy.ts';

let plane: ControlPlane;
before(async () => {
  plane = await startControlPlane();
});
after(() => plane.stop());

const configMap = (name: string) =>
  JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data: {} });

interface Session extends AsyncDisposable {
  get(path: string): Promise<number>;
}

/** Asks as a kubeconfig says, with a client that is not the control plane's own. */
async function sessionOf(kubeconfig: string): Promise<Session> {
  const config = new KubeConfig();
  config.loadFromString(await readFile(kubeconfig, 'utf8'));
  const [cluster, user] = [config.getCurrentCluster(), config.getCurrentUser()];
  const decoded = (data: string | undefined) =>
    data === undefined ? undefined : Buffer.from(data, 'base64').toString();
  const [ca, cert, key] = [decoded(cluster?.caData), decoded(user?.certData), decoded(user?.keyData)];
  const agent = new Agent({ connect: { ...(ca && { ca }), ...(cert && { cert }), ...(key && { key }) } });
  const headers = user?.token === undefined ? {} : { authorization: `Bearer ${user.token}` };
  return {
    async get(path) {
      const answer = await request(`${cluster?.server ?? ''}${path}`, { dispatcher: agent, headers });
      await answer.body.dump();
      return answer.statusCode;
    },
    [Symbol.asyncDispose]: () => agent.destroy(),
  };
}

test('control plane: kubectl applies as admin, and says what is wrong', async () => {
  await plane.kubectl(['apply', '--server-side', '-f', '-'], configMap('applied'));
  assert.equal(await plane.kubectl(['get', 'configmap', 'applied', '-o', 'name']), 'configmap/applied\n');
  await assert.rejects(plane.kubectl(['get', 'configmap', 'absent']), /not found/);
  assert.equal((await plane.api.send({ path: '/version' })).status, 200);
});

test('control plane: requests are counted exactly, per user', async () => {
  await using session = await sessionOf(await plane.userKubeconfig('counted', ['system:masters']));
  await plane.forgetRequests();
  for (let index = 0; index < 50; index += 1) assert.equal(await session.get('/api/v1/namespaces/default'), 200);
  assert.equal(await session.get('/apis/apps/v1/namespaces/x/deployments/y/scale?pretty=1'), 404);
  const requests = await plane.requests('counted');
  assert.equal(requests.length, 51);
  const last = requests.at(-1);
  assert.deepEqual(
    { ...last, at: 0, userAgent: '' },
    {
      user: 'counted',
      verb: 'get',
      method: 'GET',
      uri: '/apis/apps/v1/namespaces/x/deployments/y/scale?pretty=1',
      group: 'apps',
      resource: 'deployments',
      namespace: 'x',
      name: 'y',
      subresource: 'scale',
      code: 404,
      at: 0,
      userAgent: '',
    },
  );
  await plane.forgetRequests();
  assert.deepEqual(await plane.requests('counted'), []);
});

test('control plane: a user and a ServiceAccount token have the rights that RBAC gives them', async () => {
  await plane.kubectl(['create', 'serviceaccount', 'robot']);
  await using robot = await sessionOf(await plane.tokenKubeconfig(await plane.serviceAccountToken('default', 'robot')));
  await using nobody = await sessionOf(await plane.userKubeconfig('nobody'));
  assert.deepEqual([await robot.get('/api/v1/secrets'), await nobody.get('/api/v1/secrets')], [403, 403]);
  await plane.kubectl(['create', 'clusterrole', 'reader', '--verb=list', '--resource=configmaps']);
  await plane.kubectl([
    'create',
    'clusterrolebinding',
    'robot',
    '--clusterrole=reader',
    '--serviceaccount=default:robot',
  ]);
  await eventually('the binding to count', async () => (await robot.get('/api/v1/configmaps')) === 200);
  assert.equal((await plane.requests('system:serviceaccount:default:robot')).at(-1)?.resource, 'configmaps');
});

test('control plane: a killed API server comes back on its port with its data', async () => {
  await plane.kubectl(['apply', '--server-side', '-f', '-'], configMap('kept'));
  await plane.kill('kube-apiserver');
  await assert.rejects(plane.api.send({ path: '/readyz' }));
  await plane.start('kube-apiserver');
  assert.match(await plane.kubectl(['get', 'configmap', 'kept', '-o', 'name']), /kept/);
  assert.equal((await plane.requests('admin')).length > 0, true);
});

test('control plane: a frozen API server answers nothing until it is thawed', async () => {
  await plane.freeze('kube-apiserver');
  const answer = plane.api.send({ path: '/version' });
  const first = await Promise.race([
    answer.then(() => 'answered'),
    new Promise((resolve) => setTimeout(resolve, 500, 'silent')),
  ]);
  plane.thaw('kube-apiserver');
  assert.equal(first, 'silent');
  assert.equal((await answer).status, 200);
});

test('control plane: a token works through a proxy, and the proxy breaks what it is told to', async () => {
  await plane.kubectl(['create', 'serviceaccount', 'proxied']);
  const certificate = plane.issueServingCertificate();
  await using proxy = await startFaultProxy({ target: plane.url, targetCa: plane.caPem, certificate });
  const token = await plane.serviceAccountToken('default', 'proxied');
  await using session = await sessionOf(await plane.tokenKubeconfig(token, proxy.url));
  assert.equal(await session.get('/version'), 200);
  proxy.rules = [{ then: { kind: 'answer', status: 429, headers: { 'retry-after': '1' } } }];
  assert.equal(await session.get('/version'), 429);
  proxy.rules = [];
  assert.equal(await session.get('/api/v1/namespaces'), 403);
  assert.equal((await plane.requests('system:serviceaccount:default:proxied')).length, 2);
});
