import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventually } from '../../tools/eventually.ts';
import { freePort } from '../../tools/ports.ts';
import { startWorld } from '../../tools/world.ts';
import { password, proofOf } from '../webhook/stage.ts';

const commits = {
  first: { 'a.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: one }\n' },
  second: { 'b.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: two }\n' },
};

/** The interval is an hour, so that only the webhook can be the reason. */
test('a push is deployed as soon as the forge tells of it', async () => {
  await using world = await startWorld({ values: { 'webhook.enabled': 'true' } });
  const port = await freePort();
  const operator = await world.startOperator({ EVENKEEL_WEBHOOK_ADDRESS: `127.0.0.1:${port}` });
  const repository = await world.git.createRepository('shop');
  const first = await repository.commit(commits.first, 'first');
  await world.createNamespace('shop');
  const source = { repoURL: repository.url, path: '.' };
  await world.application('shop', { interval: '1h', source, destination: { namespace: 'shop' } });
  await world.untilSynced('shop', first);

  const body = JSON.stringify({ repository: repository.url, ref: 'refs/heads/main' });
  const push = async (secret: string) => {
    const headers = { 'Content-Type': 'application/json', ...proofOf('generic', body, secret) };
    const response = await fetch(`http://127.0.0.1:${port}/webhook`, { method: 'POST', headers, body });
    await response.text();
    return response.status;
  };
  assert.equal(await push(password), 401);
  const secret = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'push', namespace: 'evenkeel', labels: { 'evenkeel.dev/webhook': 'generic' } },
    stringData: { repoURL: world.git.url, secret: password },
  };
  await world.plane.kubectl(['apply', '-f', '-'], JSON.stringify(secret));
  const second = await repository.commit(commits.second, 'second');
  await eventually('the Secret to count', async () => (await push(password)) === 202);
  await world.untilSynced('shop', second);

  assert.equal(await push('wrong'), 401);
  const unauthorized = { forge: 'generic', outcome: 'unauthorized' };
  assert.ok(((await operator.metric('evenkeel_webhook_requests_total', unauthorized)) ?? 0) >= 2);
  assert.ok(!operator.child.logTail().includes(password));
});
