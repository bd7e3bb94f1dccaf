import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { JsonObject } from '../../../src/model/json.ts';
import { configMap, isManagedWrite, Stage } from '../stage.ts';

const automated = { syncPolicy: { automated: { prune: true, selfHeal: true } } };

/** Applications by name, each with a ConfigMap of its name and what it depends on. */
async function started(applications: Readonly<Record<string, readonly JsonObject[]>>): Promise<Stage> {
  const stage = new Stage();
  stage.repository.commit(Object.fromEntries(Object.keys(applications).map((name) => [name, [configMap(name)]])));
  for (const [name, dependsOn] of Object.entries(applications))
    stage.apply(name, { spec: { ...automated, dependsOn } });
  await stage.start();
  await stage.quiet();
  return stage;
}

describe('an Application that depends on another', () => {
  it('is written as soon as that one is ready, and not before', async () => {
    await using stage = new Stage();
    stage.repository.commit({ db: [configMap('db')], shop: [configMap('shop')] });
    stage.apply('shop', { spec: { ...automated, dependsOn: [{ name: 'db' }] } });
    await stage.start();
    await stage.quiet();
    assert.equal(stage.ready('shop'), 'False DependencyNotReady');
    assert.equal(stage.message('shop', 'Ready'), 'waits for Application apps/db: it is not there');
    assert.equal(stage.status('shop').health?.status, 'Missing', 'it is compared all the same');
    stage.apply('db', { spec: automated });
    await stage.quiet();
    assert.deepEqual(stage.maps(), ['db', 'shop']);
    const writes = stage.since(0, isManagedWrite);
    assert.deepEqual(writes, ['apply ConfigMap db', 'apply ConfigMap shop']);
    assert.equal(stage.ready('shop'), 'True Healthy');
  });

  it('sees a commit for both in order, however their runs come', async () => {
    await using stage = await started({ a: [{ name: 'b' }], b: [{ name: 'c' }], c: [] });
    assert.deepEqual(stage.maps(), ['a', 'b', 'c']);
    const mark = stage.mark;
    const next = (name: string) => [configMap(name, { k: '2' })];
    stage.repository.commit({ a: next('a'), b: next('b'), c: next('c') });
    await stage.quiet();
    const order = ['apply ConfigMap c', 'apply ConfigMap b', 'apply ConfigMap a'];
    assert.deepEqual(stage.since(mark, isManagedWrite), order);
  });

  it('asks nothing while it waits', async () => {
    await using stage = await started({ shop: [{ name: 'db' }] });
    const mark = stage.mark;
    await stage.advance(600_000);
    assert.deepEqual(
      stage.since(mark, ({ ref }) => ref.kind !== 'Lease'),
      [],
    );
  });

  it('serves a request only then, and goes on with it by itself', async () => {
    await using stage = await started({ shop: [{ name: 'db' }] });
    stage.ask('shop', {});
    await stage.quiet();
    assert.equal(stage.status('shop').operationState?.phase, 'Running');
    assert.match(stage.status('shop').operationState?.message ?? '', /waits for Application apps\/db/);
    stage.repository.commit({ db: [configMap('db')], shop: [configMap('shop')] });
    stage.apply('db', { spec: automated });
    await stage.quiet();
    assert.equal(stage.status('shop').operationState?.phase, 'Succeeded');
    assert.deepEqual(stage.maps(), ['db', 'shop']);
  });

  it('is not undone when that one ceases to be ready, and deleted without waiting for it', async () => {
    await using stage = await started({ shop: [{ name: 'db' }], db: [] });
    stage.respec('db', { suspend: { reason: 'freeze' } });
    await stage.quiet();
    assert.deepEqual(stage.maps(), ['db', 'shop']);
    stage.repository.commit({ db: [configMap('db')], shop: [configMap('more'), configMap('shop')] });
    await stage.quiet();
    assert.equal(stage.ready('shop'), 'False DependencyNotReady');
    assert.deepEqual(stage.maps(), ['db', 'shop']);
    stage.edit('shop', (application) => {
      const finalizers = ['evenkeel.dev/resources-finalizer'];
      const deletionTimestamp = new Date(stage.clock.now()).toISOString();
      return { ...application, metadata: { ...application.metadata, finalizers, deletionTimestamp } };
    });
    await stage.quiet();
    assert.deepEqual(stage.maps(), ['db']);
  });
});

describe('a cycle of dependencies', () => {
  it('is named in all of its members, and ends with it', async () => {
    await using stage = await started({ a: [{ name: 'b' }], b: [{ name: 'a' }], c: [{ name: 'a' }] });
    assert.match(stage.message('a', 'Stalled'), /a cycle: apps\/a → apps\/b → apps\/a/);
    assert.match(stage.message('b', 'Stalled'), /a cycle: apps\/b → apps\/a → apps\/b/);
    assert.equal(stage.ready('c'), 'False DependencyNotReady');
    assert.deepEqual(stage.maps(), []);
    stage.respec('b', automated);
    await stage.quiet();
    assert.deepEqual(stage.maps(), ['a', 'b', 'c']);
  });

  it('may have one member', async () => {
    await using stage = await started({ a: [{ name: 'a' }] });
    assert.match(stage.message('a', 'Stalled'), /a cycle: apps\/a → apps\/a/);
  });
});

describe('an Application that depends on an object', () => {
  const flag = { apiVersion: 'v1', kind: 'ConfigMap', namespace: 'shop', name: 'flag' };
  const isOpen = 'object.data.open == "yes"';

  it('waits for what its expression says', async () => {
    await using stage = await started({ shop: [{ ...flag, ready: isOpen }] });
    assert.match(stage.message('shop', 'Ready'), /ConfigMap shop\/flag: it is not there/);
    stage.cluster.seed(configMap('flag', { open: 'no' }));
    await stage.quiet();
    assert.match(stage.message('shop', 'Ready'), /ConfigMap shop\/flag: Progressing: `ready` is not true/);
    stage.cluster.edit({ group: '', kind: 'ConfigMap', namespace: 'shop', name: 'flag' }, (object) => ({
      ...object,
      data: { open: 'yes' },
    }));
    await stage.quiet();
    assert.deepEqual(stage.maps(), ['flag', 'shop']);
  });

  it('waits for its health without an expression', async () => {
    await using stage = await started({ shop: [flag] });
    assert.deepEqual(stage.maps(), []);
    stage.cluster.seed(configMap('flag'));
    await stage.quiet();
    assert.deepEqual(stage.maps(), ['flag', 'shop']);
  });

  it('says what is wrong with an expression, and where', async () => {
    await using stage = await started({ shop: [{ ...flag, ready: 'object.data ==' }] });
    assert.match(stage.message('shop', 'Stalled'), /spec\.dependsOn\[0\]\.ready: line 1, column/);
  });

  it('waits until its kind is served', async () => {
    const widget = { apiVersion: 'example.com/v1', kind: 'Gear', name: 'one' };
    await using stage = await started({ shop: [widget] });
    assert.match(stage.message('shop', 'Ready'), /Gear\.example\.com apps\/one: /);
  });
});
