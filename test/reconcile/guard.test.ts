import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { JsonObject } from '../../src/model/json.ts';
import { configMap, isManagedWrite, Stage } from './stage.ts';

const automated = { prune: true, selfHeal: true };
const names = ['a', 'b', 'c'];

async function started(spec: JsonObject): Promise<Stage> {
  const stage = new Stage();
  stage.repository.commit({ shop: names.map((name) => configMap(name)) });
  stage.apply('shop', { spec: { syncPolicy: { automated }, ...spec } });
  await stage.start();
  await stage.quiet();
  return stage;
}

const cautious = { prune: { guard: { maxObjects: 1 } } };

describe('the guard', () => {
  it('holds deletions back, shows the plan, and lets exactly the approved one through', async () => {
    await using stage = await started(cautious);
    stage.repository.commit({ shop: [configMap('a', { k: '2' })] });
    await stage.quiet();
    assert.deepEqual(stage.maps(), names);
    const status = stage.status('shop');
    assert.equal(status.sync?.status, 'OutOfSync');
    assert.deepEqual(status.plan?.destructive, ['ConfigMap shop/b', 'ConfigMap shop/c']);
    assert.match(stage.message('shop', 'PruneBlocked'), new RegExp(status.plan.hash));
    assert.equal(status.operationState?.phase, 'Succeeded', 'it does not run until somebody approves');
    assert.equal(status.operationState.message, 'synced; deletions are held back by prune.guard');
    const mark = stage.mark;
    await stage.advance(120_000);
    assert.deepEqual(
      stage.since(mark, () => true),
      [],
      'nothing is tried again meanwhile',
    );
    stage.annotate('shop', { 'evenkeel.dev/approve': 'another-plan' });
    await stage.quiet();
    assert.deepEqual(stage.maps(), names);
    stage.annotate('shop', { 'evenkeel.dev/approve': status.plan.hash });
    await stage.quiet();
    assert.deepEqual(stage.maps(), ['a']);
    assert.equal(stage.status('shop').plan, undefined, 'shown while it is blocked only');
    assert.equal(stage.condition('shop', 'PruneBlocked'), undefined);
    assert.equal(stage.ready('shop'), 'True Healthy');
  });

  it('goes on to say so while Git cannot be read', async () => {
    await using stage = await started(cautious);
    stage.repository.commit({ shop: [configMap('a')] });
    await stage.quiet();
    const before = stage.condition('shop', 'PruneBlocked');
    stage.repository.failures.set('shop', new Error('made to fail'));
    stage.repository.commit({});
    await stage.quiet();
    assert.equal(stage.ready('shop'), 'False OperatorBug');
    assert.deepEqual(stage.condition('shop', 'PruneBlocked'), before);
    assert.notEqual(stage.status('shop').plan, undefined);
  });

  it('a manual sync ends, though its deletions wait', async () => {
    await using stage = await started({ ...cautious, prune: { guard: { protectedKinds: ['ConfigMap'] } } });
    stage.repository.commit({ shop: [configMap('a')] });
    await stage.quiet();
    stage.ask('shop', { prune: true });
    await stage.quiet();
    assert.deepEqual(stage.maps(), names, 'a protected kind is not approved by a request');
    assert.equal(stage.application('shop')['operation'], undefined);
    assert.equal(stage.status('shop').operationState?.phase, 'Succeeded');
  });

  it('counts are approved by a request that prunes', async () => {
    await using stage = await started(cautious);
    stage.repository.commit({ shop: [configMap('a')] });
    await stage.quiet();
    stage.ask('shop', { prune: true });
    await stage.quiet();
    assert.deepEqual(stage.maps(), ['a']);
  });
});

describe('an empty source', () => {
  it('deletes nothing, says so, and not by hand either', async () => {
    await using stage = await started({});
    const mark = stage.mark;
    stage.repository.commit({ shop: [] });
    await stage.quiet();
    stage.ask('shop', { prune: true });
    await stage.quiet();
    assert.deepEqual(stage.since(mark, isManagedWrite), []);
    assert.deepEqual(stage.maps(), names);
    assert.match(stage.message('shop', 'PruneBlocked'), /source has no objects/);
    assert.equal(stage.ready('shop'), 'False OutOfSync');
  });

  it('deletes everything with allowEmpty', async () => {
    const spec = { syncPolicy: { automated: { ...automated, allowEmpty: true } } };
    await using stage = await started(spec);
    stage.repository.commit({ shop: [] });
    await stage.quiet();
    assert.deepEqual(stage.maps(), []);
  });
});
