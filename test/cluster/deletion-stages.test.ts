import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { eventually } from '../../tools/eventually.ts';
import { conditionOf } from '../../tools/world.ts';
import {
  applicationPath,
  configMapPath,
  configMaps,
  deleteApplication,
  deletions,
  file,
  find,
  mustFind,
  openShop,
  timeout,
  untilCondition,
  untilGone,
  widgets,
  without,
} from './support/deletion.ts';
import { prepare, settings } from './support/journey.ts';
import { forbidDeletion, hold, letGo, object, rollout, untilWaiting, written } from './support/order.ts';
import { sharedWorld } from './support/shared-world.ts';

const world = await sharedWorld({ plane: { nodes: 1 } });

describe('a deletion of several stages', () => {
  it(
    'an approved plan is carried out to its end: objects, then their definition and Namespace',
    { timeout },
    async () => {
      const group = 'approved.example.com';
      const files = { ...configMaps('a', 'b'), ...widgets(group), ...file('Namespace', 'approved-extra') };
      const shop = await openShop(world, 'approved', files);
      const { name, repository } = shop;
      await repository.commit({ ...without(files), ...configMaps('c') }, 'drop nearly everything');
      const { status } = await world.until(name, 'held back', ({ plan }) => plan !== undefined);
      assert.deepEqual(await deletions(world), []);
      await world.annotate(name, { 'evenkeel.dev/approve': status?.plan?.hash ?? '' });
      await untilGone(world, '/api/v1/namespaces/approved-extra');
      await untilGone(world, `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/widgets.${group}`);
      await world.untilSynced(name);
      const deleted = await world.requests(({ verb, group: of }) => verb === 'delete' && of !== 'evenkeel.dev');
      const order = deleted.map(({ resource }) => resource);
      assert.deepEqual(order, ['configmaps', 'configmaps', 'customresourcedefinitions', 'namespaces']);
    },
  );
});

const policy = {
  metadata: { name: 'keep' },
  spec: {
    failurePolicy: 'Fail',
    matchConstraints: {
      resourceRules: [{ apiGroups: [''], apiVersions: ['v1'], resources: ['configmaps'], operations: ['DELETE'] }],
    },
    validations: [
      { expression: "oldObject.metadata.name != 'a'", message: 'nobody deletes here', reason: 'Forbidden' },
    ],
  },
};

function bindingIn(namespace: string): Record<string, unknown> {
  const matchResources = { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': namespace } } };
  return { metadata: { name: 'keep' }, spec: { policyName: 'keep', validationActions: ['Deny'], matchResources } };
}

describe('a deletion that the cluster refuses', () => {
  it('the finalizer stays, Stalled says why, and it goes on by itself', { timeout }, async () => {
    const metadata = { finalizers: ['evenkeel.dev/resources-finalizer'] };
    const shop = await openShop(world, 'refused', configMaps('a', 'b'), { metadata });
    const { name } = shop;
    const admission = '/apis/admissionregistration.k8s.io/v1';
    const policies = `${admission}/validatingadmissionpolicies`;
    const bindings = `${admission}/validatingadmissionpolicybindings`;
    await world.plane.api.must({ method: 'POST', path: policies, body: policy });
    await world.plane.api.must({ method: 'POST', path: bindings, body: bindingIn(name) });
    await eventually('the policy to hold', async () => {
      const path = `${configMapPath(name, 'a')}?dryRun=All`;
      return (await world.plane.api.send({ method: 'DELETE', path })).status === 403;
    });
    await deleteApplication(world, name);
    const message = await untilCondition(shop, 'Stalled', 'DeletionBlocked');
    assert.match(message, /ConfigMap refused\/a.*nobody deletes here/);
    assert.notEqual(await find(world, applicationPath(name)), undefined);
    await mustFind(world, configMapPath(name, 'a'));
    await world.plane.api.must({ method: 'DELETE', path: `${policies}/keep` });
    await untilGone(world, applicationPath(name));
    assert.equal(await find(world, configMapPath(name, 'a')), undefined);
  });
});

const prunes = { syncPolicy: { automated: { prune: true } } };

describe('pruning in waves', () => {
  it(
    '33., 34. and 36. prune comes first in its wave, mirrored, what terminates is awaited, a failure skips the wave',
    { timeout },
    async () => {
      const maps = (prefix: string, ...waves: readonly number[]): Record<string, string> =>
        Object.fromEntries(
          waves.map((wave) => [`${prefix}${wave}.json`, object('ConfigMap', `${prefix}${wave}`, { wave, data: {} })]),
        );
      const journey = await prepare(world, 'mirrored', maps('old-', 0, 1, 2));
      await journey.apply({ spec: prunes });
      await journey.untilSynced();
      await hold(journey, 'old-2');
      await world.plane.forgetRequests();
      const drop = { 'old-0.json': null, 'old-1.json': null, 'old-2.json': null };
      const allow = await forbidDeletion(journey);
      await journey.commit({ ...drop, ...maps('new-', 0, 1) });
      await journey.until('failed', (status) => conditionOf(status, 'Ready')?.reason === 'Forbidden');
      const rows = await untilWaiting(journey, 'new-0', 'new-1', 'old-0', 'old-1');
      assert.match(rows.message('new-0'), /ConfigMap mirrored\/old-2 can be deleted$/);
      assert.equal(await journey.configMap('new-0'), undefined);
      await allow();
      await untilWaiting(journey, 'new-1', 'old-0', 'old-1');
      assert.notEqual(await journey.configMap('old-1'), undefined);
      await hold(journey, 'old-2', null);
      await journey.untilSynced();
      const done = (await journey.writes()).filter(({ code }) => code < 300).map(({ verb, name }) => `${verb} ${name}`);
      assert.deepEqual(done, ['delete old-2', 'patch new-0', 'delete old-1', 'delete old-0', 'patch new-1']);
    },
  );

  it('35. PruneLast deletes when everything else is healthy', { timeout }, async () => {
    const journey = await prepare(world, 'last', settings('old'));
    await journey.apply({ spec: { syncPolicy: { automated: { prune: true }, syncOptions: ['PruneLast=true'] } } });
    await journey.untilSynced();
    await journey.commit({ 'settings.json': null, 'web.json': rollout('web', 'hold') });
    await untilWaiting(journey, 'settings');
    assert.equal(await journey.said(), 'old');
    await letGo(journey);
    await journey.untilSynced();
    assert.equal(await journey.said(), undefined);
  });

  it('41. deleting an Application: waves descending, each awaited', { timeout }, async () => {
    const journey = await prepare(world, 'deleted', {
      'a.json': object('ConfigMap', 'a', { data: {} }),
      'b.json': object('ConfigMap', 'b', { wave: 1, data: {} }),
      'c.json': object('ConfigMap', 'c', { wave: 2, data: {} }),
    });
    await journey.apply({ metadata: { finalizers: ['evenkeel.dev/resources-finalizer'] } });
    await journey.untilSynced();
    await hold(journey, 'c');
    await world.plane.forgetRequests();
    await deleteApplication(world, journey.name);
    await eventually('c to go', async () => (await written(journey)).includes('delete c'));
    await untilWaiting(journey, 'a', 'b');
    await hold(journey, 'c', null);
    await untilGone(world, applicationPath(journey.name));
    assert.deepEqual(await written(journey), ['delete c', 'delete b', 'delete a']);
  });
});
