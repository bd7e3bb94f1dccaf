import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { conditionOf } from '../../tools/world.ts';
import { Journey, prepare, settings } from './support/journey.ts';
import { inOrder, letGo, object, rollout, serveGroup, untilWaiting, written } from './support/order.ts';
import { sharedWorld } from './support/shared-world.ts';
import { custom, definition } from './support/shop.ts';

const world = await sharedWorld({ plane: { nodes: 1 } });

const timeout = 300_000;

/** Every object was created by its first request, and no sync was tried again. */
async function firstTry(journey: Journey): Promise<void> {
  const { status } = await journey.untilSynced();
  assert.deepEqual([status?.operationState?.phase, status?.operationState?.retryCount], ['Succeeded', undefined]);
  const failed = (await journey.writes()).filter(({ code }) => code >= 400).map(({ uri, code }) => `${code} ${uri}`);
  assert.deepEqual(failed, []);
  assert.equal(status?.history?.length, 1);
}

describe('one sync, first try, one Application without waves', () => {
  test(
    'a namespace with its contents, and 11. a definition with its custom resources, which are parked',
    { timeout },
    async () => {
      const journey = new Journey(world, 'contents', await world.git.createRepository('contents'));
      await journey.commit({
        'a.json': custom('Lever', 'one'),
        ...settings('one'),
        'y.json': definition('Lever'),
        'z.json': object('Namespace', journey.name),
      });
      await journey.apply();
      await firstTry(journey);
    },
  );

  test('a webhook with the service behind it', { timeout }, async () => {
    const name = 'called';
    const clientConfig = { service: { namespace: name, name: 'hook' }, caBundle: '' };
    const rules = [{ apiGroups: [''], apiVersions: ['v1'], resources: ['configmaps'], operations: ['CREATE'] }];
    const namespaceSelector = { matchLabels: { 'kubernetes.io/metadata.name': name } };
    const webhook = { clientConfig, rules, namespaceSelector, admissionReviewVersions: ['v1'], sideEffects: 'None' };
    const journey = await prepare(world, name, {
      'a.json': object('ValidatingWebhookConfiguration', name, {
        apiVersion: 'admissionregistration.k8s.io/v1',
        webhooks: [{ name: 'hook.example.com', ...webhook }],
      }),
      'b.json': rollout('hook', 'hold'),
      'c.json': object('Service', 'hook', { spec: { selector: { app: 'hook' }, ports: [{ port: 443 }] } }),
      ...settings('refused if the webhook were there'),
    });
    await journey.apply();
    const waiting = await untilWaiting(journey, name);
    assert.match(waiting.message(name), /^waits for Deployment\.apps called\/hook, which is Progressing/);
    await letGo(journey);
    await firstTry(journey);
  });

  test('a Job that has to finish before a Deployment', { timeout }, async () => {
    const pod = { restartPolicy: 'Never', containers: [{ name: 'main', image: 'registry.invalid/migrate:1' }] };
    const template = { metadata: { annotations: { 'rollout.evenkeel.dev/outcome': 'hold' } }, spec: pod };
    const journey = await prepare(world, 'migrated', {
      'a.json': rollout('web', undefined, { on: 'batch/namespaces/migrated/Job/migrate' }),
      'b.json': object('Job', 'migrate', { apiVersion: 'batch/v1', spec: { template } }),
    });
    await journey.apply();
    const waiting = await untilWaiting(journey, 'web');
    assert.match(waiting.message('web'), /^waits for Job\.batch migrated\/migrate, which is Progressing/);
    await letGo(journey);
    await firstTry(journey);
    assert.deepEqual(await written(journey), ['patch migrate', 'patch web']);
  });

  test('an object of somebody else is waited for, watched by its name', { timeout }, async () => {
    const on = '/namespaces/elsewhere/ConfigMap/there';
    const journey = await prepare(world, 'elsewhere', { 'a.json': object('ConfigMap', 'mine', { on, data: {} }) });
    await journey.apply();
    const waiting = await untilWaiting(journey, 'mine');
    assert.match(waiting.message('mine'), /ConfigMap elsewhere\/there, which is not in the cluster$/);
    const path = '/api/v1/namespaces/elsewhere/configmaps';
    await world.plane.api.must({ method: 'POST', path, body: { metadata: { name: 'there' } } });
    await firstTry(journey);
    const named = await world.requests(({ uri }) => /\/elsewhere\/configmaps\b.*there/.test(uri));
    assert.deepEqual([...new Set(named.map(({ verb }) => verb))], ['watch'], 'it is never asked for');
  });
});

describe('phases and waves', () => {
  test(
    '2., 5., 6. and 7. waves ascend, each healthy before the next begins, the last one is not awaited',
    { timeout },
    async () => {
      const journey = await prepare(world, 'waved', {
        'a.json': rollout('last', 'hold', { wave: 3 }),
        'b.json': object('ConfigMap', 'second', { wave: 2, data: {} }),
        'c.json': rollout('web', 'hold'),
        'd.json': object('ConfigMap', 'first', { wave: -1, data: {} }),
      });
      await journey.apply();
      const waiting = await untilWaiting(journey, 'second', 'last');
      assert.match(waiting.message('second'), /^waits for wave 0: Deployment\.apps waved\/web is Progr/);
      assert.deepEqual([waiting.wave('second'), waiting.wave('last')], [2, 3]);
      const { status } = await journey.read();
      assert.match(status?.operationState?.message ?? '', /^waits for wave 0: Deployment\.apps waved\/web/);
      assert.deepEqual(await written(journey), ['patch first', 'patch web']);
      await letGo(journey);
      const done = await journey.until('done', ({ operationState }) => operationState?.phase === 'Succeeded');
      assert.equal(done.status?.health?.status, 'Progressing');
      assert.equal(conditionOf(done.status ?? {}, 'Ready')?.status, 'False', 'Ready still waits');
      assert.deepEqual(await written(journey), ['patch first', 'patch web', 'patch second', 'patch last']);
      await letGo(journey);
      await journey.untilSynced();
    },
  );

  test('8. the next wave begins when the rollout of this generation is over', { timeout }, async () => {
    const files = (value: string): Record<string, string> => ({
      'a.json': object('ConfigMap', 'late', { wave: 1, data: { value } }),
      'b.json': rollout('web', undefined).replace('/web:1', `/web:${value}`),
    });
    const journey = await prepare(world, 'rolled', files('1'));
    await journey.apply();
    await journey.untilSynced();
    await world.plane.forgetRequests();
    await journey.untilSynced(await journey.commit(files('2')));
    const all = (await world.plane.requests()).filter(
      ({ namespace, verb, uri, code }) =>
        namespace === 'rolled' && /patch|update/.test(verb) && code < 300 && !uri.includes('dryRun='),
    );
    const order = all
      .toSorted((a, b) => a.at - b.at)
      .map(({ verb, name, subresource }) => `${verb} ${name} ${subresource}`.trim());
    inOrder(order, 'patch web', 'update web status', 'patch late');
  });

  test('3. a Namespace and a definition move to the wave of their first user', { timeout }, async () => {
    const journey = new Journey(world, 'moved', await world.git.createRepository('moved'));
    const late = (text: string): string =>
      JSON.stringify({
        ...parsed(text),
        metadata: { ...parsed(text).metadata, annotations: { 'evenkeel.dev/sync-wave': '7' } },
      });
    await journey.commit({
      'a.json': late(object('Namespace', journey.name)),
      'b.json': late(definition('Pulley')),
      'c.json': custom('Pulley', 'one'),
      'd.json': object('ConfigMap', 'last', { wave: 9, data: {} }),
    });
    await journey.apply();
    await firstTry(journey);
  });

  test('4. a wave that is no integer is refused', { timeout }, async () => {
    const file = object('ConfigMap', 'a', { data: {} }).replace(
      '"annotations":{}',
      '"annotations":{"argocd.argoproj.io/sync-wave":"soon"}',
    );
    const journey = await prepare(world, 'refused', { 'a.json': file });
    await journey.apply();
    const refused = await journey.until(
      'refused',
      (status) => conditionOf(status, 'Ready')?.reason === 'InvalidObject',
    );
    assert.match(
      conditionOf(refused.status ?? {}, 'Ready')?.message ?? '',
      /a\.json:document 1:line 1: ConfigMap refused\/a: .*"soon" is no integer/,
    );
  });

  test('12. a failed apply stops later waves only', { timeout }, async () => {
    const journey = await prepare(world, 'quota', {});
    const path = `/api/v1/namespaces/${journey.name}/resourcequotas`;
    const hard = { 'count/secrets': '1' };
    await world.plane.api.must({ method: 'POST', path, body: { metadata: { name: 'q' }, spec: { hard } } });
    // The API server admits by what is counted here. The controller counts late while definitions come and go.
    await world.plane.api.must({
      method: 'PATCH',
      path: `${path}/q/status`,
      contentType: 'application/merge-patch+json',
      body: { status: { hard, used: { 'count/secrets': '0' } } },
    });
    // Each passes its dry run, and there is room for one.
    await journey.commit({
      'a.json': object('Secret', 'a', {}),
      'b.json': object('Secret', 'b', {}),
      'c.json': object('ConfigMap', 'c', { data: {} }),
      'd.json': object('ConfigMap', 'd', { wave: 1, data: {} }),
    });
    await journey.apply({ spec: { syncPolicy: { automated: {}, retry: { limit: 0 } } } });
    const failed = await journey.until('failed', ({ operationState }) => operationState?.phase === 'Failed');
    assert.match(failed.status?.operationState?.message ?? '', /exceeded quota/);
    const done = (await journey.writes()).filter(({ code }) => code < 300).map(({ name }) => name);
    assert.equal(done.length, 2);
    assert.ok(done.includes('c') && !done.includes('d'));
    const row = failed.status?.resources?.find(({ name }) => name === 'd');
    assert.match(String(row?.['message']), /^waits for wave 0: Secret quota\/[ab] failed/);
  });
});

function parsed(text: string): { readonly metadata: Readonly<Record<string, unknown>> } {
  return JSON.parse(text) as { readonly metadata: Readonly<Record<string, unknown>> };
}

describe('a newer commit', () => {
  test(
    'is applied while an older one waits for a broken Deployment, and 7. that one fails by the name of it',
    { timeout },
    async () => {
      const files = (outcome: string | undefined, value: string): Record<string, string> => ({
        'web.json': rollout('web', outcome),
        'late.json': object('ConfigMap', 'settings', { wave: 1, data: { value } }),
      });
      const journey = await prepare(world, 'newer', files('crash-loop', 'one'));
      await journey.apply({ spec: { syncPolicy: { automated: {}, retry: { limit: 0 } } } });
      const failed = await journey.until('failed', ({ operationState }) => operationState?.phase === 'Failed');
      assert.match(
        failed.status?.operationState?.message ?? '',
        /^Deployment\.apps newer\/web is Degraded, and what comes after it is not applied: .*ProgressDeadlineExceeded/,
      );
      const held = await journey.commit(files('hold', 'two'));
      await journey.until('waiting again', ({ sync, operationState }) => {
        return sync?.revision === held && operationState?.phase === 'Running';
      });
      assert.deepEqual(await written(journey), ['patch web', 'patch web']);
      await world.plane.forgetRequests();
      await journey.untilSynced(await journey.commit(files(undefined, 'three')));
      assert.deepEqual(await written(journey), ['patch web', 'patch settings']);
      assert.equal(await journey.said(), 'three');
    },
  );
});

describe('an APIService with its Service', () => {
  test('one sync, first try, in a single Application without waves', { timeout }, async () => {
    await using backend = await serveGroup({ groupVersion: 'served.example.com/v1' });
    const service = { namespace: 'served', name: 'backend', port: backend.port };
    const journey = await prepare(world, 'served', {
      'a.json': object('APIService', 'v1.served.example.com', {
        apiVersion: 'apiregistration.k8s.io/v1',
        spec: {
          ...{ group: 'served.example.com', version: 'v1', groupPriorityMinimum: 100, versionPriority: 100 },
          ...{ service, insecureSkipTLSVerify: true },
        },
      }),
      'b.json': object('Service', 'backend', { spec: { type: 'ExternalName', externalName: 'localhost' } }),
    });
    await journey.apply();
    await firstTry(journey);
    await world.plane.api.must({
      method: 'DELETE',
      path: '/apis/apiregistration.k8s.io/v1/apiservices/v1.served.example.com',
    });
  });
});
