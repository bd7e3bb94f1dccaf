import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { eventually } from '../../tools/eventually.ts';
import { conditionOf } from '../../tools/world.ts';
import {
  configMapNames,
  configMapPath,
  configMaps,
  definitionPath,
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

const both = ['a', 'b'];

describe('a source that lost everything deletes nothing', () => {
  it(
    '47. emptied directory: not by itself, not by a sync with prune, and only with allowEmpty',
    { timeout },
    async () => {
      const shop = await openShop(world, 'emptied', configMaps('a', 'b'));
      const { name, repository } = shop;
      const before = await uids(world, name, both);
      await repository.commit(without(configMaps('a', 'b')), 'oops');
      assert.match(await untilCondition(shop, 'PruneBlocked', 'PruneBlocked'), /no objects.*allowEmpty/);
      await world.patch(name, {
        operation: { sync: { prune: true } },
      });
      await eventually('the operation to be over', async () => (await world.read(name)).operation === undefined);
      await lookAgain(shop);
      assert.deepEqual([await deletions(world), await uids(world, name, both)], [[], before]);

      await repository.commit(configMaps('a', 'b'), 'back');
      const app = await world.untilSynced(name);
      assert.equal(conditionOf(app.status ?? {}, 'PruneBlocked'), undefined);
      assert.deepEqual(await uids(world, name, both), before);

      await repository.commit(without(configMaps('a', 'b')), 'meant');
      await untilCondition(shop, 'PruneBlocked', 'PruneBlocked');
      await world.patch(name, {
        spec: { syncPolicy: { automated: { allowEmpty: true } } },
      });
      await untilGone(world, configMapPath(name, 'a'));
      await untilGone(world, configMapPath(name, 'b'));
    },
  );

  it('wrong path: a folder without objects, and no folder at all', { timeout }, async () => {
    const shop = await openShop(world, 'wrong-path', configMaps('a', 'b'));
    const { name } = shop;
    const before = await uids(world, name, both);
    const setPath = (path: string): Promise<void> =>
      world.patch(name, {
        spec: { source: { path } },
      });
    await setPath('docs');
    await untilCondition(shop, 'PruneBlocked', 'PruneBlocked');
    await setPath('nowhere');
    await untilCondition(shop, 'Stalled', 'PathNotFound');
    await lookAgain(shop);
    assert.deepEqual([await deletions(world), await uids(world, name, both)], [[], before]);
    await setPath('app');
    await world.untilSynced(name);
    assert.deepEqual([await deletions(world), await uids(world, name, both)], [[], before]);
  });

  it('branch deleted, and with it the last ref of the repository', { timeout }, async () => {
    const shop = await openShop(world, 'branch-deleted', configMaps('a', 'b'));
    const { name, repository } = shop;
    const before = await uids(world, name, both);
    await repository.branch('other');
    const revision = await repository.head();
    await repository.deleteBranch('main');
    assert.match(await untilCondition(shop, 'Stalled', 'RevisionNotFound'), /has no branch or tag "main"/);
    await repository.deleteBranch('other');
    await lookAgain(shop);
    await untilCondition(shop, 'Stalled', 'RevisionNotFound');
    assert.deepEqual([await deletions(world), await uids(world, name, both)], [[], before]);
    await repository.git(['update-ref', 'refs/heads/main', revision]);
    await world.untilSynced(name, revision);
    assert.deepEqual([await deletions(world), await uids(world, name, both)], [[], before]);
  });

  it('render failing: what the same commit dropped stays until a commit can be read', { timeout }, async () => {
    const shop = await openShop(world, 'render-fails', configMaps('a', 'b'));
    const { name, repository } = shop;
    const before = await uids(world, name, both);
    await repository.commit({ ...without(configMaps('b')), 'app/broken.yaml': 'a: [' }, 'broken');
    await untilCondition(shop, 'Stalled', 'DecodeFailed');
    await lookAgain(shop);
    assert.deepEqual([await deletions(world), await uids(world, name, both)], [[], before]);
    await repository.commit({ 'app/broken.yaml': null }, 'repaired');
    await untilGone(world, configMapPath(name, 'b'));
    assert.deepEqual(await deletions(world), [`configmaps ${name}/b`]);
    assert.deepEqual(await uids(world, name, ['a']), { a: before['a'] });
  });
});

describe('what stands in the cluster decides nothing: the record does', () => {
  it(
    'a foreign object with forged label, tracking id and manager entry is shown and never deleted',
    { timeout },
    async () => {
      const shop = await openShop(world, 'forged', configMaps('a', 'b'));
      const { name, repository } = shop;
      const { metadata } = await mustFind(world, configMapPath(name, 'a'));
      const id = metadata.annotations?.['evenkeel.dev/tracking-id'] ?? '';
      assert.ok(id.endsWith(`:/ConfigMap:${name}/a`));
      const forge = (object: string): Promise<string> =>
        world.plane.kubectl(
          ['apply', '--server-side', '--field-manager=evenkeel', '-f', '-'],
          JSON.stringify({
            apiVersion: 'v1',
            kind: 'ConfigMap',
            metadata: {
              name: object,
              namespace: name,
              labels: metadata.labels,
              annotations: { 'evenkeel.dev/tracking-id': `${id.slice(0, -1)}${object}` },
            },
            data: { by: 'somebody' },
          }),
        );
      await forge('foreign');
      await lookAgain(shop);
      await world.until(name, 'aware of one unexplained object', (status) => status.counts?.['unexplained'] === 1);
      const forged = await mustFind(world, configMapPath(name, 'foreign'));
      await repository.commit(without(configMaps('b')), 'drop b');
      await untilGone(world, configMapPath(name, 'b'));
      await lookAgain(shop);
      assert.deepEqual(await deletions(world), [`configmaps ${name}/b`]);

      // The same again while nobody looks, in the place of an object that is on record, and that Git drops.
      await world.stopOperator();
      await world.plane.kubectl(['delete', 'configmap', 'a', '-n', name]);
      await forge('a');
      const revision = await repository.commit({ ...without(configMaps('a')), ...configMaps('c') }, 'drop a');
      await world.plane.forgetRequests();
      await world.startOperator();
      await world.untilSynced(name, revision);
      await lookAgain(shop);
      assert.deepEqual(await configMapNames(world, name), ['a', 'c', 'foreign']);
      assert.deepEqual(await deletions(world), []);
      const { metadata: after } = await mustFind(world, configMapPath(name, 'foreign'));
      assert.deepEqual([after.uid, after.resourceVersion], [forged.metadata.uid, forged.metadata.resourceVersion]);
    },
  );

  it(
    'a stripped label loses nothing: it comes back, and an object without it is still pruned',
    { timeout },
    async () => {
      const shop = await openShop(world, 'stripped', configMaps('a', 'b'));
      const { name, repository } = shop;
      const before = await uids(world, name, both);
      const strip = (object: string): Promise<void> =>
        mergePatch(world, configMapPath(name, object), {
          metadata: { labels: { 'evenkeel.dev/part-of': null, 'evenkeel.dev/slot': null } },
        });
      const isLabelled = async (object: string): Promise<boolean> =>
        (await find(world, configMapPath(name, object)))?.metadata.labels?.['evenkeel.dev/part-of'] !== undefined;
      await strip('a');
      await eventually('the label to be back', () => isLabelled('a'));
      assert.deepEqual([await deletions(world), await uids(world, name, both)], [[], before]);

      await world.stopOperator();
      await strip('a');
      await strip('b');
      const revision = await repository.commit(without(configMaps('b')), 'drop b');
      await world.startOperator();
      await world.untilSynced(name, revision);
      await untilGone(world, configMapPath(name, 'b'));
      await eventually('the label to be back', () => isLabelled('a'));
      assert.deepEqual(
        [await deletions(world), await uids(world, name, ['a'])],
        [[`configmaps ${name}/b`], { a: before['a'] }],
      );
    },
  );

  it('a CustomResourceDefinition deleted by hand comes back, and its objects with it', { timeout }, async () => {
    const group = 'byhand.example.com';
    const files = { ...widgets(group), ...widget(group, 'one'), ...widget(group, 'two'), ...configMaps('a') };
    const { name } = await openShop(world, 'crd-by-hand', files);
    const before = await uids(world, name, ['a']);
    const definition = await mustFind(world, definitionPath(group));
    await world.plane.kubectl(['delete', 'crd', `widgets.${group}`]);
    const isBack = async (path: string): Promise<boolean> => {
      const object = await find(world, path);
      return object !== undefined && object.metadata.deletionTimestamp === undefined;
    };
    await eventually('the definition to be another one', async () => {
      const now = await find(world, definitionPath(group));
      return now !== undefined && now.metadata.uid !== definition.metadata.uid;
    });
    for (const one of ['one', 'two']) await eventually(`${one} to be back`, () => isBack(widgetPath(group, name, one)));
    await world.untilSynced(name);
    assert.deepEqual([await deletions(world), await uids(world, name, ['a'])], [[], before]);
  });

  it('a namespace that somebody deletes: nothing goes into it while it terminates', { timeout }, async () => {
    const shop = await openShop(world, 'namespace-by-hand', configMaps(...both));
    const { name } = shop;
    const path = `/api/v1/namespaces/${name}`;
    await mergePatch(world, configMapPath(name, 'b'), { metadata: { finalizers: ['example.com/hold'] } });
    await world.plane.forgetRequests();
    await world.plane.api.must({ method: 'DELETE', path });
    await untilGone(world, configMapPath(name, 'a'));
    await world.until(name, 'told of', (status) => conditionOf(status, 'Ready')?.reason === 'Terminating');
    const accepted = (await world.managedWrites()).filter(({ namespace, code }) => namespace === name && code < 300);
    assert.deepEqual([accepted, await deletions(world)], [[], []]);
    await mergePatch(world, configMapPath(name, 'b'), { metadata: { finalizers: null } });
    await untilGone(world, path);
    await world.plane.api.must({ method: 'POST', path: '/api/v1/namespaces', body: { metadata: { name } } });
    await lookAgain(shop);
    await eventually('both to be back', async () => (await configMapNames(world, name)).join() === both.join());
  });

  it('more than ten objects that vanish together come back', { timeout }, async () => {
    const names = Array.from({ length: 15 }, (_, index) => `m${String(index + 10)}`);
    const { name } = await openShop(world, 'vanished-together', configMaps(...names));
    const path = `/api/v1/namespaces/${name}/configmaps?labelSelector=evenkeel.dev/part-of`;
    await world.plane.api.must({ method: 'DELETE', path });
    await eventually('all to be back', async () => (await configMapNames(world, name)).join() === names.join());
    await world.untilSynced(name);
    assert.deepEqual(await deletions(world), []);
  });

  it('a manifest that moves between two Applications in one commit: the uid never changes', { timeout }, async () => {
    const shop = await openShop(world, 'moves', {
      ...configMaps('a', 'm'),
      'second/s.json': configMaps('s')['app/configmap-s.json'] ?? '',
    });
    const { name, repository } = shop;
    const source = { repoURL: repository.url, path: 'second', targetRevision: 'main' };
    await world.application('moves-second', { source, destination: { namespace: name } });
    await world.untilSynced('moves-second');
    const before = await uids(world, name, ['a', 'm', 's']);
    const content = configMaps('m')['app/configmap-m.json'] ?? '';
    const [here, there] = ['app/configmap-m.json', 'second/m.json'];
    for (const [from, to] of [
      [here, there],
      [there, here],
      [here, there],
    ] as const) {
      const revision = await repository.commit({ [from]: null, [to]: content, [`${to}.json`]: null }, 'move it');
      await world.untilSynced(name, revision);
      await world.untilSynced('moves-second', revision);
      const owner = to === here ? `evenkeel_${name}` : 'evenkeel_moves-second';
      await eventually(`${owner} to own it`, async () => {
        const { metadata } = await mustFind(world, configMapPath(name, 'm'));
        return metadata.annotations?.['evenkeel.dev/tracking-id']?.startsWith(`${owner}:`);
      });
      assert.deepEqual([await deletions(world), await uids(world, name, ['a', 'm', 's'])], [[], before]);
    }
    await repository.commit({ [there]: null }, 'nobody wants it');
    await untilGone(world, configMapPath(name, 'm'));
    assert.deepEqual(await deletions(world), [`configmaps ${name}/m`]);
  });
});
