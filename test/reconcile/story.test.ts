import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { applicationRef, configMap, configMapRef, isManagedWrite, isStatusWrite, Stage } from './stage.ts';

const finalizer = 'evenkeel.dev/resources-finalizer';

async function changeForeign(stage: Stage, name: string): Promise<void> {
  stage.cluster.edit(configMapRef(name), (object) => ({ ...object, data: { k: 'foreign' } }), { manager: 'mallory' });
  await stage.quiet();
}

async function asksOfRestart(stage: Stage): Promise<string[]> {
  await stage.stop();
  const { mark } = stage;
  await stage.start();
  await stage.quiet();
  return stage.since(mark, ({ verb }) => verb !== 'watch');
}

describe('the life of an Application', () => {
  it('creates what Git says, after one claim, and settles with one status write', async () => {
    await using stage = new Stage();
    const revision = stage.repository.commit({ shop: [configMap('a'), configMap('b')] });
    stage.apply('shop');
    const mark = stage.mark;
    await stage.start();
    await stage.quiet();
    assert.deepEqual(stage.maps(), ['a', 'b']);
    assert.equal(stage.ready('shop'), 'True Healthy');
    const { sync, health, counts, operationState, history, applied, observedGeneration } = stage.status('shop');
    assert.deepEqual(sync, { status: 'Synced', revision });
    assert.equal(health?.status, 'Healthy');
    assert.deepEqual([counts?.objects, counts?.synced, counts?.outOfSync], [2, 2, 0]);
    assert.deepEqual([operationState?.phase, operationState?.message], ['Succeeded', 'successfully synced']);
    assert.deepEqual(
      history?.map((entry) => [entry.id, entry.revision]),
      [[0, revision]],
    );
    assert.equal(applied?.revision, revision);
    assert.equal(observedGeneration, 1);
    assert.deepEqual(
      stage.record('shop').map(({ ref, uid }) => [ref.name, uid]),
      ['a', 'b'].map((name) => [name, stage.cluster.peek(configMapRef(name))?.metadata['uid']]),
    );
    const writes = stage.since(mark, (request) => isStatusWrite(request) || isManagedWrite(request));
    assert.deepEqual(writes, [
      'patch Application shop',
      'apply ConfigMap a',
      'apply ConfigMap b',
      'patch Application shop',
    ]);
  });

  it('a second look, and a restart, write nothing', async () => {
    await using stage = new Stage();
    stage.repository.commit({ shop: [configMap('a'), configMap('b')] });
    stage.apply('shop');
    await stage.start();
    await stage.quiet();
    const mark = stage.mark;
    stage.repository.commit({});
    await stage.quiet();
    assert.deepEqual(
      stage.since(mark, ({ verb }) => verb !== 'watch'),
      [],
      'a commit without change asks nothing',
    );
    await stage.stop();
    await stage.start();
    await stage.quiet();
    assert.deepEqual(
      stage.since(mark, ({ verb }) => verb !== 'watch'),
      [],
      'a restart in sync asks nothing',
    );
  });

  it('updates, prunes and keeps uids', async () => {
    await using stage = new Stage();
    stage.repository.commit({ shop: [configMap('a'), configMap('b')] });
    stage.apply('shop');
    await stage.start();
    await stage.quiet();
    const uid = stage.cluster.peek(configMapRef('a'))?.metadata['uid'];
    stage.repository.commit({ shop: [configMap('a', { k: '2' }), configMap('c')] });
    await stage.quiet();
    assert.deepEqual(stage.maps(), ['a', 'c']);
    assert.deepEqual(stage.cluster.peek(configMapRef('a'))?.['data'], { k: '2' });
    assert.equal(stage.cluster.peek(configMapRef('a'))?.metadata['uid'], uid);
    assert.deepEqual(
      stage.record('shop').map(({ ref }) => ref.name),
      ['a', 'c'],
    );
    assert.equal(stage.ready('shop'), 'True Healthy');
    assert.equal(stage.status('shop').history?.length, 2);
  });

  it('corrects drift without the clock, and names who made it', async () => {
    await using stage = new Stage();
    stage.repository.commit({ shop: [configMap('a')] });
    stage.apply('shop');
    await stage.start();
    await stage.quiet();
    await changeForeign(stage, 'a');
    assert.deepEqual(stage.cluster.peek(configMapRef('a'))?.['data'], { k: '1' });
    const [drift] = stage.status('shop').drift ?? [];
    assert.deepEqual([drift?.manager, drift?.fields], ['mallory', ['data.k']]);
    assert.ok(drift?.healed);
  });

  it('a restart knows what was corrected, and asks nothing of it', async () => {
    await using stage = new Stage();
    stage.repository.commit({ shop: [configMap('a'), configMap('b')] });
    stage.apply('shop');
    await stage.start();
    await stage.quiet();
    await stage.advance(10_000);
    for (const name of ['a', 'b']) await changeForeign(stage, name);
    await stage.advance(5_000);
    assert.deepEqual(await asksOfRestart(stage), []);
  });

  it('a restart reads once what was corrected and did not come on record, and the next one not at all', async () => {
    await using stage = new Stage();
    stage.repository.commit({ shop: [configMap('a')] });
    stage.apply('shop');
    await stage.start();
    await stage.quiet();
    await stage.advance(10_000);
    stage.cluster.fail(isStatusWrite, 'unavailable', { times: 100 });
    await changeForeign(stage, 'a');
    await stage.stop();
    stage.cluster.recover();
    assert.deepEqual(await asksOfRestart(stage), ['get ConfigMap a', 'patch Application shop']);
    assert.deepEqual(await asksOfRestart(stage), []);
  });

  it('deletes its objects with a finalizer, and needs no Git for it', async () => {
    await using stage = new Stage();
    stage.repository.commit({ shop: [configMap('a'), configMap('b')] });
    stage.apply('shop', { metadata: { finalizers: [finalizer, 'example.com/other'] } });
    await stage.start();
    await stage.quiet();
    stage.repository.failures.set('shop', new Error('no Git'));
    stage.cluster.remove(applicationRef('shop'));
    await stage.quiet();
    assert.deepEqual(stage.maps(), []);
    assert.deepEqual(stage.finalizers('shop'), ['example.com/other'], 'finalizers of others stay');
  });

  it('touches nothing when it is deleted without a finalizer', async () => {
    await using stage = new Stage();
    stage.repository.commit({ shop: [configMap('a')] });
    stage.apply('shop');
    await stage.start();
    await stage.quiet();
    const mark = stage.mark;
    stage.cluster.remove(applicationRef('shop'));
    await stage.quiet();
    assert.deepEqual(stage.maps(), ['a']);
    assert.deepEqual(stage.since(mark, isManagedWrite), []);
  });

  it('is deleted also when its spec cannot be read', async () => {
    await using stage = new Stage();
    stage.repository.commit({ shop: [configMap('a')] });
    stage.apply('shop', { metadata: { finalizers: [finalizer] } });
    await stage.start();
    await stage.quiet();
    stage.edit('shop', (application) => ({ ...application, spec: { nonsense: true } }));
    await stage.quiet();
    assert.equal(stage.condition('shop', 'Stalled')?.status, 'True');
    assert.deepEqual(stage.maps(), ['a'], 'an unreadable spec deletes nothing');
    stage.cluster.remove(applicationRef('shop'));
    await stage.quiet();
    assert.deepEqual(stage.maps(), []);
    assert.equal(stage.cluster.peek(applicationRef('shop')), undefined);
  });

  it('says what is wrong with a spec, and goes on when it is repaired', async () => {
    await using stage = new Stage();
    stage.repository.commit({ shop: [configMap('a')] });
    stage.apply('shop', { spec: { sourc: {} } });
    await stage.start();
    await stage.quiet();
    const stalled = stage.condition('shop', 'Stalled');
    assert.deepEqual([stalled?.status, stalled?.reason], ['True', 'UnknownField']);
    assert.match(stalled?.message ?? '', /spec\.sourc: .*source/);
    assert.match(stalled?.message ?? '', /; /, 'every error is named');
    assert.deepEqual(stage.maps(), []);
    stage.respec('shop', { syncPolicy: { automated: {} } });
    await stage.quiet();
    assert.equal(stage.ready('shop'), 'True Healthy');
    assert.deepEqual(stage.maps(), ['a']);
  });

  it('does nothing while it is suspended, not even what a user asks, and serves it afterwards', async () => {
    await using stage = new Stage();
    stage.repository.commit({ shop: [configMap('a')] });
    stage.apply('shop', { spec: { suspend: { reason: 'migration', by: 'ann' } }, operation: { sync: {} } });
    await stage.start();
    await stage.quiet();
    assert.equal(stage.ready('shop'), 'Unknown Suspended');
    assert.equal(stage.condition('shop', 'Ready')?.message, 'suspended by ann: migration');
    assert.deepEqual(stage.maps(), []);
    assert.notEqual(stage.application('shop')['operation'], undefined);
    stage.respec('shop', { syncPolicy: { automated: {} } });
    await stage.quiet();
    assert.deepEqual(stage.maps(), ['a']);
    assert.equal(stage.application('shop')['operation'], undefined);
  });

  it('goes on by itself when its suspension is over, also after a restart, and not before', async () => {
    await using stage = new Stage();
    stage.repository.commit({ shop: [configMap('a')] });
    const until = new Date(stage.clock.now() + 3_600_000).toISOString();
    stage.apply('shop', { spec: { suspend: { until }, syncPolicy: { automated: {} } } });
    await stage.start();
    await stage.quiet();
    assert.equal(stage.condition('shop', 'Ready')?.message, `suspended until ${until}`);
    await stage.advance(1_800_000);
    await stage.stop();
    await stage.start();
    await stage.advance(1_799_000);
    assert.deepEqual(stage.maps(), []);
    await stage.advance(1_000);
    assert.deepEqual(stage.maps(), ['a']);
    assert.equal(stage.ready('shop'), 'True Healthy');
  });
});
