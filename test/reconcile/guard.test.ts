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
    assert.match(
      status.operationState.message,
      /^synced; deletions are held back by prune\.guard: 2 objects .*approve=/,
    );
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

  it('goes on to hold back a third, whatever the same commit adds and whatever else is synced', async () => {
    const numbered = (count: number, first: string): string[] =>
      Array.from({ length: count }, (_, n) => `${first}${n}`);
    const [kept, dropped, added] = [numbered(8, 'k'), numbered(4, 'd'), numbered(12, 'n')];
    await using stage = await started({});
    stage.repository.commit({ shop: [...kept, ...dropped].map((name) => configMap(name)) });
    await stage.quiet();
    stage.repository.commit({ shop: [...kept, ...added].map((name) => configMap(name)) });
    await stage.quiet();
    const all = [...kept, ...dropped, ...added].sort();
    assert.deepEqual(stage.maps(), all);
    const { plan } = stage.status('shop');
    assert.match(plan?.summary ?? '', /^4 of 12 objects/);
    stage.ask('shop', { resources: [{ kind: 'ConfigMap', name: 'k0' }] });
    await stage.quiet();
    assert.deepEqual([stage.maps(), stage.status('shop').plan], [all, plan]);
    assert.match(stage.message('shop', 'PruneBlocked'), /^4 of 12 objects/);
    stage.repository.commit({ shop: [...kept, ...added, 'more'].map((name) => configMap(name)) });
    await stage.quiet();
    assert.deepEqual([stage.maps(), stage.status('shop').plan], [[...all, 'more'].sort(), plan]);
    stage.annotate('shop', { 'evenkeel.dev/approve': plan?.hash ?? '' });
    await stage.quiet();
    assert.deepEqual(stage.maps(), [...kept, ...added, 'more'].sort());
  });

  it('a manual sync ends, though its deletions wait', async () => {
    await using stage = await started({ ...cautious, prune: { guard: { protectedKinds: ['ConfigMap'] } } });
    stage.repository.commit({ shop: [configMap('a')] });
    await stage.quiet();
    stage.ask('shop', { prune: true });
    await stage.quiet();
    assert.deepEqual(stage.maps(), names, 'a protected kind is not approved by a request');
    assert.equal(stage.application('shop')['operation'], undefined);
    const { operationState } = stage.status('shop');
    assert.equal(operationState?.phase, 'Succeeded');
    assert.match(operationState.message, /a protected kind would be deleted/);
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
