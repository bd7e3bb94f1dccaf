import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { eventually } from '../../tools/eventually.ts';
import type { FaultProxy, ProxyRequest } from '../../tools/fault-proxy.ts';
import type { StatusJson, World } from '../../tools/world.ts';
import { conditionOf, startWorld } from '../../tools/world.ts';
import { brokenKustomizations, kustomization, resourcesOf } from './support/broken-kustomizations.ts';
import {
  claim,
  claimPath,
  configMapNames,
  configMapPath,
  configMaps,
  deletions,
  lookAgain,
  mustFind,
  openShop,
  timeout,
  uids,
  untilCondition,
  untilGone,
  without,
} from './support/deletion.ts';
import type { ObjectJson, Shop } from './support/deletion.ts';
import { failuresTold, logPosition } from './support/faults-log.ts';
import { KillSwitch, isLasting } from './support/kills-switch.ts';
import { proxyOf } from './support/kills-stage.ts';

/** Outlasts an API server that is down for as long as a test needs to look at the operator. */
const lease = {
  EVENKEEL_LEASE_DURATION: '120s',
  EVENKEEL_LEASE_RENEW_DEADLINE: '100s',
  EVENKEEL_LEASE_RETRY_PERIOD: '1s',
};

let world: World;

before(async () => {
  world = await startWorld({ proxied: true, environment: lease });
  await world.startOperator();
});

after(async () => {
  await world[Symbol.asyncDispose]();
});

const letters = (first: string, count: number): string[] =>
  Array.from({ length: count }, (_, index) => `${first}${index + 1}`);

/** What is deleted, and the uids of what is there of the names. */
async function standing({ name }: Shop, names: readonly string[]): Promise<unknown> {
  return { deleted: await deletions(world), uids: await uids(world, name, names) };
}

/** The plan that waits for approval. */
async function heldPlan(shop: Shop): Promise<{ hash: string; destructive: readonly string[]; message: string }> {
  const message = await untilCondition(shop, 'PruneBlocked', 'PruneBlocked');
  const plan = (await world.read(shop.name)).status?.plan ?? { hash: '', destructive: [] };
  assert.match(plan.hash, /^[0-9a-f]{16}$/);
  assert.ok(message.includes(plan.hash), message);
  return { ...plan, message };
}

describe('a kustomization that is wrong deletes nothing that Git did not clearly drop', () => {
  it('broken: what the same commit dropped stays until it is repaired', { timeout }, async () => {
    const files = { ...configMaps('a', 'b'), ...resourcesOf('a', 'b') };
    const shop = await openShop(world, 'kustomized', files);
    const { name, repository } = shop;
    const before = await standing(shop, ['a', 'b']);
    for (const { how, files, reason, says } of brokenKustomizations) {
      const revision = await repository.commit({ ...without(configMaps('b')), ...files }, how);
      await world.until(name, `stalled by ${how}`, (status) => {
        const stalled = conditionOf(status, 'Stalled');
        return stalled?.status === 'True' && stalled.reason === reason && says.test(stalled.message);
      });
      await lookAgain(shop);
      assert.deepEqual(await standing(shop, ['a', 'b']), before, how);
      const { status } = await world.read(name);
      assert.notEqual(status?.sync?.revision, revision, how);
      assert.equal(status?.sync?.status, 'Unknown', how);
    }
    await world.untilSynced(name, await repository.commit(resourcesOf('a'), 'repaired'));
    await untilGone(world, configMapPath(name, 'b'));
    assert.deepEqual(await deletions(world), [`configmaps ${name}/b`]);
  });

  it(
    'a generator that yields half: nothing goes before approval, and then exactly that half',
    { timeout },
    async () => {
      const names = letters('g', 12);
      const generated = (...these: readonly string[]): Record<string, string> =>
        kustomization({
          configMapGenerator: these.map((name) => ({ name, literals: [`name=${name}`] })),
          generatorOptions: { disableNameSuffixHash: true },
        });
      const shop = await openShop(world, 'halved', generated(...names));
      const { name, repository } = shop;
      const before = await standing(shop, names);
      const [kept, gone] = [names.slice(0, 6), names.slice(6)];
      await repository.commit(generated(...kept), 'half');
      const { hash, destructive, message } = await heldPlan(shop);
      assert.match(message, /^6 of 12 objects would be deleted, more than prune\.guard\.maxPercent \(25 %\)/);
      assert.deepEqual([...destructive].sort(), gone.map((one) => `ConfigMap ${name}/${one}`).sort());
      await lookAgain(shop);
      assert.deepEqual(await standing(shop, names), before);

      await world.annotate(name, { 'evenkeel.dev/approve': hash });
      await world.untilSynced(name);
      assert.deepEqual(await deletions(world), gone.map((one) => `configmaps ${name}/${one}`).sort());
      assert.deepEqual(await configMapNames(world, name), [...kept].sort());
    },
  );

  it('what the same commit adds does not make a held half a smaller part', { timeout }, async () => {
    const names = letters('o', 12);
    const shop = await openShop(world, 'renamed', configMaps(...names));
    const { name, repository } = shop;
    const before = await standing(shop, names);
    const added = letters('n', 12);
    await repository.commit({ ...without(configMaps(...names.slice(0, 4))), ...configMaps(...added) }, 'other names');
    const { hash } = await heldPlan(shop);
    await eventually('the others to be there', async () => (await configMapNames(world, name)).length === 24);
    await lookAgain(shop);
    assert.equal((await heldPlan(shop)).hash, hash);
    await world.stopOperator();
    await world.startOperator();
    await lookAgain(shop);
    assert.deepEqual(await standing(shop, names), before);
  });
});

describe('a spec, or a request, that is wrong is for the guard', () => {
  it('another destination.namespace is a prune of the former one', { timeout }, async () => {
    const names = ['a', 'b', 'c'];
    const spec = { prune: { guard: { maxObjects: 2 } } };
    const shop = await openShop(world, 'former', configMaps(...names), { spec });
    const { name } = shop;
    const before = await standing(shop, names);
    await world.createNamespace('latter');
    const placed = (namespace: string): Promise<void> => world.patch(name, { spec: { destination: { namespace } } });
    await placed('latter');
    const { hash, destructive, message } = await heldPlan(shop);
    assert.match(message, /^3 objects would be deleted, more than prune\.guard\.maxObjects \(2\)/);
    assert.deepEqual(
      destructive,
      names.map((one) => `ConfigMap former/${one}`),
    );
    await lookAgain(shop);
    assert.deepEqual(await standing(shop, names), before);
    assert.deepEqual(await configMapNames(world, 'latter'), names);

    await world.annotate(name, { 'evenkeel.dev/approve': hash });
    await world.untilSynced(name);
    assert.deepEqual(
      await deletions(world),
      names.map((one) => `configmaps former/${one}`),
    );
    assert.deepEqual(await configMapNames(world, 'former'), []);
    assert.deepEqual(await configMapNames(world, 'latter'), names);
  });

  it('a selective prune deletes what it names, and of a protected kind only with approval', { timeout }, async () => {
    const spec = { syncPolicy: { automated: { selfHeal: true } } };
    const shop = await openShop(world, 'selective', { ...configMaps('a', 'b', 'c'), ...claim('data') }, { spec });
    const { name, repository } = shop;
    const { uid } = (await mustFind(world, claimPath(name, 'data'))).metadata;
    const dropped = { ...without(configMaps('b', 'c')), ...without(claim('data')) };
    const revision = await repository.commit(dropped, 'drop');
    await world.until(name, 'different', ({ sync }) => sync?.status === 'OutOfSync' && sync.revision === revision);
    const prune = async (...refs: readonly (readonly [string, string])[]): Promise<StatusJson> => {
      const resources = refs.map(([kind, object]) => ({ kind, name: object }));
      await world.patch(name, { operation: { sync: { prune: true, resources } } });
      const isOver = (_: StatusJson, { operation }: { operation?: unknown }): boolean => operation === undefined;
      return (await world.until(name, 'done with the operation', isOver)).status ?? {};
    };
    const held = await prune(['PersistentVolumeClaim', 'data'], ['ConfigMap', 'b']);
    assert.match(held.operationState?.message ?? '', /held back by prune\.guard: .*data of a protected kind.*approve=/);
    assert.deepEqual(await deletions(world), []);

    await prune(['ConfigMap', 'b']);
    await untilGone(world, configMapPath(name, 'b'));
    await lookAgain(shop);
    assert.deepEqual(await deletions(world), [`configmaps ${name}/b`]);
    assert.deepEqual(await configMapNames(world, name), ['a', 'c']);
    assert.equal((await mustFind(world, claimPath(name, 'data'))).metadata.uid, uid);
  });

  it(
    'IgnoreExtraneous: with pruning off it is Synced without it, and a sync with prune deletes it',
    { timeout },
    async () => {
      const annotations = { 'argocd.argoproj.io/compare-options': 'IgnoreExtraneous' };
      const metadata = { name: 'extra', annotations };
      const extra = { 'app/extra.json': JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata }) };
      const spec = { syncPolicy: { automated: { selfHeal: true } } };
      const shop = await openShop(world, 'extraneous', { ...configMaps('a', 'b'), ...extra }, { spec });
      const { name, repository } = shop;
      const before = await standing(shop, ['a', 'extra']);
      const said = await world.untilSynced(name, await repository.commit(without(extra), 'drop it'));
      assert.deepEqual(
        said.status?.resources?.map((row) => [row['name'], row['status'], row['requiresPruning']]),
        [],
      );
      for (const look of [lookAgain, lookAnew]) {
        await look(shop);
        await world.untilSynced(name);
        assert.deepEqual(await standing(shop, ['a', 'extra']), before);
      }
      const revision = await repository.commit(without(configMaps('b')), 'drop another one');
      const { status } = await world.until(name, 'OutOfSync', ({ sync }) => sync?.revision === revision);
      assert.deepEqual([status?.sync?.status, status?.resources?.map((row) => row['name'])], ['OutOfSync', ['b']]);
      await world.patch(name, { operation: { sync: { prune: true } } });
      for (const gone of ['b', 'extra']) await untilGone(world, configMapPath(name, gone));
      await world.untilSynced(name);
    },
  );
});

/** As `lookAgain`, by an operator that knows only what is recorded. */
async function lookAnew({ name }: Shop): Promise<void> {
  await world.stopOperator();
  await world.startOperator();
  await world.operatorHasLooked(name);
}

const changed = (wave: number, ...names: readonly string[]): Record<string, string> =>
  Object.fromEntries(
    names.map((name) => {
      const metadata = { name, annotations: { 'evenkeel.dev/sync-wave': String(wave) } };
      return [
        `app/configmap-${name}.json`,
        JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { name, changed: 'yes' } }),
      ];
    }),
  );

/** What was written of ConfigMaps, with the server's answers, heard or not. */
function written({ requests }: FaultProxy): string[] {
  const isWritten = (request: ProxyRequest): boolean => isLasting(request) && request.path.includes('/configmaps/');
  return requests.filter(isWritten).map(({ method, path, status }) => {
    const object = /configmaps\/([^?]+)/.exec(path)?.[1] ?? path;
    return `${method} ${object} ${String(status)}`;
  });
}

/** uids by name of all ConfigMaps that are there at one moment. */
async function present(namespace: string): Promise<Record<string, string>> {
  const list = await mustFind(world, `/api/v1/namespaces/${namespace}/configmaps`);
  const items = list['items'] as readonly ObjectJson[];
  return Object.fromEntries(items.map(({ metadata }) => [metadata.name, metadata.uid]));
}

describe('an API server that is killed in the middle of a sync', () => {
  it('the sync goes on: nothing is made twice, and only what Git dropped is deleted', { timeout }, async () => {
    const shop = await openShop(world, 'restarted', configMaps('a', 'b', 'c', 'd'));
    const { name, repository } = shop;
    const proxy = proxyOf(world);
    proxy.forget();
    let atDeath: Record<string, string> = {};
    const kills = new KillSwitch(proxy, async () => {
      atDeath = await present(name);
      await world.plane.kill('kube-apiserver');
    });
    const position = logPosition(world);
    // The claim, the deletion, and one of the two of the first wave: the second wave is still to come.
    const killed = kills.arm({ side: 'after', write: 3 });
    const files = { ...changed(0, 'a', 'new-a'), ...changed(1, 'b', 'new-b'), ...without(configMaps('d')) };
    const revision = await repository.commit(files, 'in the middle');
    assert.match(await killed, /^PATCH configmaps\/(a|new-a)/);
    assert.equal(atDeath['new-b'], undefined);
    await eventually('it to be told', async () => {
      const told = failuresTold(world, position).some(({ what }) => what.endsWith(': unavailable'));
      return told && (await world.operator.get('/readyz')).status === 503;
    });

    await world.plane.start('kube-apiserver');
    const { status } = await world.untilSynced(name, revision);
    assert.equal(status?.operationState?.phase, 'Succeeded');
    await untilGone(world, configMapPath(name, 'd'));
    const now = await present(name);
    assert.deepEqual(Object.keys(now).sort(), ['a', 'b', 'c', 'kube-root-ca.crt', 'new-a', 'new-b']);
    delete atDeath['d'];
    assert.deepEqual({ ...now, ...atDeath }, now, 'what was there at the kill is the same object');
    const writes = written(proxy);
    const made = writes.filter((write) => write.endsWith(' 201'));
    assert.deepEqual([...new Set(made)], made, 'nothing is made twice');
    assert.deepEqual([...new Set(writes.filter((write) => write.startsWith('DELETE')))], ['DELETE d 200']);
  });
});
