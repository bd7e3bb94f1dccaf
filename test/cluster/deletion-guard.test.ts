import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { eventually } from '../../tools/eventually.ts';
import { conditionOf } from '../../tools/world.ts';
import type { Shop } from './support/deletion.ts';
import {
  applicationPath,
  claim,
  claimPath,
  configMapNames,
  configMapPath,
  configMaps,
  deleteApplication,
  deletions,
  find,
  lookAgain,
  mergePatch,
  mustFind,
  openShop,
  timeout,
  uids,
  untilCondition,
  untilGone,
  widget,
  widgetPath,
  widgets,
  without,
} from './support/deletion.ts';
import { sharedWorld } from './support/shared-world.ts';

const world = await sharedWorld();

const numbered = (count: number): string[] => Array.from({ length: count }, (_, n) => `c${n}`);

/** The plan that waits for approval, once it is another one than `last`. */
async function heldPlan({ world, name }: Shop, last = ''): Promise<{ hash: string; destructive: readonly string[] }> {
  const holds = (plan?: { hash: string }): boolean => plan !== undefined && plan.hash !== last;
  const { status } = await world.until(name, 'held back by the guard', ({ plan }) => holds(plan));
  const plan = status?.plan ?? { hash: '', destructive: [] };
  const blocked = conditionOf(status ?? {}, 'PruneBlocked');
  assert.match(plan.hash, /^[0-9a-f]{16}$/);
  assert.ok(blocked?.status === 'True' && blocked.message.includes(plan.hash), blocked?.message ?? 'no condition');
  return plan;
}

async function approve({ world, name }: Shop, hash: string): Promise<void> {
  await world.annotate(name, { 'evenkeel.dev/approve': hash });
}

describe('the guard holds back what deletes much, until its plan is approved by hash', () => {
  it('count: not by a wrong hash, not by one that was right, once by the right one', { timeout }, async () => {
    const spec = { prune: { guard: { maxObjects: 2 } } };
    const shop = await openShop(world, 'count', configMaps(...numbered(6)), { spec });
    const { name, repository } = shop;
    const before = await uids(world, name, numbered(6));
    await repository.commit({ ...without(configMaps('c0', 'c1', 'c2')), ...configMaps('new') }, 'drop three');
    const first = await heldPlan(shop);
    assert.deepEqual(
      first.destructive,
      ['c0', 'c1', 'c2'].map((one) => `ConfigMap ${name}/${one}`),
    );
    assert.match(
      await untilCondition(shop, 'PruneBlocked', 'PruneBlocked'),
      /3 objects would be deleted, more than prune\.guard\.maxObjects \(2\)/,
    );
    await mustFind(world, configMapPath(name, 'new'));

    await approve(shop, '0123456789abcdef');
    await lookAgain(shop);
    assert.deepEqual([await deletions(world), await uids(world, name, numbered(6))], [[], before]);

    await repository.commit(without(configMaps('c3')), 'drop one more');
    const second = await heldPlan(shop, first.hash);
    await approve(shop, first.hash);
    await lookAgain(shop);
    assert.deepEqual([await deletions(world), await uids(world, name, numbered(6))], [[], before]);

    await approve(shop, second.hash);
    await world.untilSynced(name);
    assert.deepEqual(await configMapNames(world, name), ['c4', 'c5', 'new']);
    const { status } = await world.read(name);
    assert.deepEqual([status?.plan, conditionOf(status ?? {}, 'PruneBlocked')], [undefined, undefined]);

    await repository.commit(configMaps('c0', 'c1', 'c2', 'c3'), 'all back');
    await world.untilSynced(name, await repository.head());
    await world.plane.forgetRequests();
    await repository.commit(without(configMaps('c0', 'c1', 'c2', 'c3')), 'the same again');
    const third = await heldPlan(shop);
    assert.notEqual(third.hash, second.hash, 'other objects of the same names: the old approval stands for nothing');
    await lookAgain(shop);
    assert.deepEqual(await deletions(world), []);
  });

  it('percent: of a record of more than ten', { timeout }, async () => {
    const shop = await openShop(world, 'percent', configMaps(...numbered(12)));
    const { name, repository } = shop;
    const before = await uids(world, name, numbered(12));
    await repository.commit(without(configMaps(...numbered(4))), 'a third');
    const { hash } = await heldPlan(shop);
    assert.match(
      await untilCondition(shop, 'PruneBlocked', 'PruneBlocked'),
      /4 of 12 objects would be deleted, more than prune\.guard\.maxPercent \(25 %\)/,
    );
    await lookAgain(shop);
    assert.deepEqual([await deletions(world), await uids(world, name, numbered(12))], [[], before]);
    await approve(shop, hash);
    await world.untilSynced(name);
    assert.equal((await configMapNames(world, name)).length, 8);

    await repository.commit(without(configMaps('c4', 'c5')), 'a quarter needs no approval');
    await untilGone(world, configMapPath(name, 'c4'));
    await untilGone(world, configMapPath(name, 'c5'));
  });

  it('protected kind: a sync with prune approves counts, not kinds', { timeout }, async () => {
    const shop = await openShop(world, 'protected', { ...configMaps('a', 'b'), ...claim('data') });
    const { name, repository } = shop;
    const { uid } = (await mustFind(world, claimPath(name, 'data'))).metadata;
    await repository.commit({ ...without(claim('data')), ...without(configMaps('b')) }, 'drop the data');
    const { hash } = await heldPlan(shop);
    await mergePatch(world, applicationPath(name), { operation: { sync: { prune: true } } });
    await eventually('the operation to be over', async () => (await world.read(name)).operation === undefined);
    await lookAgain(shop);
    assert.deepEqual(await deletions(world), []);
    assert.equal((await mustFind(world, claimPath(name, 'data'))).metadata.uid, uid);
    await approve(shop, hash);
    await untilGone(world, claimPath(name, 'data'));
    await untilGone(world, configMapPath(name, 'b'));
  });

  it('counts are approved by a sync with prune; Deny knows no approval', { timeout }, async () => {
    const spec = { prune: { guard: { maxObjects: 1, onTrip: 'Deny' } } };
    const shop = await openShop(world, 'deny', configMaps('a', 'b', 'c'), { spec });
    const { name, repository } = shop;
    await repository.commit(without(configMaps('a', 'b')), 'drop two');
    const { hash } = await heldPlan(shop);
    await approve(shop, hash);
    await lookAgain(shop);
    assert.deepEqual(await deletions(world), []);
    await mergePatch(world, applicationPath(name), { operation: { sync: { prune: true } } });
    await untilGone(world, configMapPath(name, 'a'));
    await untilGone(world, configMapPath(name, 'b'));
  });

  it('Prune=false, resource-policy keep and protect keep an object that Git dropped', { timeout }, async () => {
    const marks = [
      ['by-option', { 'argocd.argoproj.io/sync-options': 'Prune=false' }],
      ['by-helm', { 'helm.sh/resource-policy': 'keep' }],
      ['by-protect', { 'evenkeel.dev/protect': 'true' }],
    ] as const;
    const marked = Object.fromEntries(
      marks.map(([name, annotations]) => [
        `app/${name}.json`,
        JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, annotations } }),
      ]),
    );
    const { name, repository } = await openShop(world, 'kept', { ...configMaps('a', 'b'), ...marked });
    const names = marks.map(([one]) => one);
    const before = await uids(world, name, names);
    await repository.commit({ ...without(marked), ...without(configMaps('b')) }, 'drop them');
    await untilGone(world, configMapPath(name, 'b'));
    assert.deepEqual([await deletions(world), await uids(world, name, names)], [[`configmaps ${name}/b`], before]);
  });
});

/** Namespaces cannot end while this lasts: the last test of this control plane. */
describe('a kind of which nobody can say whether it is served', () => {
  it(
    '43. stale discovery: kept, shown Unknown, on record; others go on; and a deletion waits',
    { timeout },
    async () => {
      const group = 'stale.example.com';
      const definitions = await openShop(world, 'stale-definitions', widgets(group));
      const shop = await openShop(world, 'stale', {
        ...widget(group, 'one'),
        ...widget(group, 'two'),
        ...configMaps('a', 'b'),
      });
      const { name, repository } = shop;

      const service = `/apis/apiregistration.k8s.io/v1/apiservices/v1.${group}`;
      await mergePatch(world, service, {
        metadata: { labels: { 'kube-aggregator.kubernetes.io/automanaged': null } },
        spec: { service: { namespace: 'default', name: 'nobody', port: 443 }, insecureSkipTLSVerify: true },
      });
      await eventually('the group to be without a server', async () => {
        const { status } = await world.plane.api.send({ path: `/apis/${group}/v1` });
        return status === 503;
      });
      await repository.commit({ ...without(widget(group, 'two')), ...without(configMaps('b')) }, 'drop two and b');
      await untilGone(world, configMapPath(name, 'b'));
      const message = await untilCondition(shop, 'Ready', 'KindUnknown');
      assert.match(message, new RegExp(`Widget\\.${group} ${name}/two is kept: .*stale`));
      await lookAgain(shop);
      const { status } = await world.read(name);
      assert.equal(status?.sync?.status, 'Unknown');
      assert.equal(status.record?.entries.filter((entry) => entry.includes('/Widget|')).length, 2);
      const finalizers = ['evenkeel.dev/resources-finalizer'];
      for (const app of [name, definitions.name])
        await mergePatch(world, applicationPath(app), { metadata: { finalizers } });
      await deleteApplication(world, name);
      assert.match(await untilCondition(shop, 'Stalled', 'DeletionBlocked'), /one is kept: .*stale/);
      await untilGone(world, configMapPath(name, 'a'));
      assert.notEqual(await find(world, applicationPath(name)), undefined);
      assert.deepEqual(await deletions(world), [`configmaps ${name}/a`, `configmaps ${name}/b`]);

      await world.plane.api.must({ method: 'DELETE', path: service });
      await untilGone(world, applicationPath(name));
      for (const one of ['one', 'two']) assert.equal(await find(world, widgetPath(group, name, one)), undefined);
      await world.untilSynced(definitions.name);
    },
  );
});
