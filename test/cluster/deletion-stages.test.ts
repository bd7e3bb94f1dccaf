import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { eventually } from '../../tools/eventually.ts';
import type { World } from '../../tools/world.ts';
import { startWorld } from '../../tools/world.ts';
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

let world: World;

before(async () => {
  world = await startWorld();
  await world.startOperator();
});

after(async () => {
  await world[Symbol.asyncDispose]();
});

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
      await world.annotate(name, `evenkeel.dev/approve=${status?.plan?.hash ?? ''}`);
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
