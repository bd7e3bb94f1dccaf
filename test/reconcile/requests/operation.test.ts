import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { JsonObject } from '../../../src/model/json.ts';
import type { KubeObject } from '../../../src/model/object.ts';
import type { FakeRequest } from '../../fakes/cluster.ts';
import { configMap, configMapRef, isManagedWrite, isStatusWrite, Stage } from '../stage.ts';

const manual: JsonObject = {};

function isClaim({ body }: FakeRequest): boolean {
  return /"Running"|ConfigMap\|shop/.test(JSON.stringify(body));
}

async function started(spec: JsonObject = manual): Promise<Stage> {
  const stage = new Stage();
  stage.repository.commit({ shop: [configMap('a')] });
  stage.apply('shop', { spec });
  await stage.start();
  await stage.quiet();
  return stage;
}

describe('a manual Application', () => {
  it('is compared and not written until somebody asks', async () => {
    await using stage = await started();
    assert.deepEqual(stage.maps(), []);
    assert.equal(stage.ready('shop'), 'False OutOfSync');
    assert.equal(stage.status('shop').health?.status, 'Missing');
    assert.equal(stage.status('shop').operationState, undefined);
    stage.ask('shop', {});
    await stage.quiet();
    assert.deepEqual(stage.maps(), ['a']);
    assert.equal(stage.ready('shop'), 'True Healthy');
    assert.equal(stage.application('shop')['operation'], undefined, 'what is served is removed');
    assert.equal(stage.status('shop').operationState?.phase, 'Succeeded');
  });

  it('writes nothing and claims nothing in a dry run, and says what a sync would do', async () => {
    await using stage = await started();
    const mark = stage.mark;
    stage.ask('shop', { dryRun: true });
    await stage.quiet();
    assert.deepEqual(stage.since(mark, isManagedWrite), []);
    assert.deepEqual(
      stage.since(mark, (request) => isStatusWrite(request) && isClaim(request)),
      [],
    );
    assert.deepEqual(stage.record('shop'), []);
    const { operationState, history, applied } = stage.status('shop');
    assert.equal(operationState?.phase, 'Succeeded');
    assert.equal(operationState.message, 'dry run: nothing was written');
    assert.deepEqual(
      operationState.syncResult?.resources.map(({ name, message }) => [name, message]),
      [['a', 'dry run: would be created']],
    );
    assert.deepEqual([history ?? [], applied], [[], undefined]);
    assert.equal(stage.application('shop')['operation'], undefined);
  });

  it('prunes only when the request says so', async () => {
    await using stage = await started();
    stage.ask('shop', {});
    await stage.quiet();
    stage.repository.commit({ shop: [configMap('b')] });
    stage.ask('shop', {});
    await stage.quiet();
    assert.deepEqual(stage.maps(), ['a', 'b']);
    assert.equal(stage.status('shop').sync?.status, 'OutOfSync');
    const [row] = stage.status('shop').resources ?? [];
    assert.deepEqual([row?.name, row?.requiresPruning], ['a', true]);
    assert.deepEqual(
      stage.status('shop').operationState?.syncResult?.resources.map(({ name, status }) => [name, status]),
      [
        ['a', 'PruneSkipped'],
        ['b', 'Synced'],
      ],
    );
    stage.ask('shop', { prune: true });
    await stage.quiet();
    assert.deepEqual(stage.maps(), ['b']);
    assert.equal(stage.status('shop').sync?.status, 'Synced');
  });

  it('goes to the revision that is asked for, and then says how that differs from the newest', async () => {
    await using stage = await started();
    const first = stage.repository.newest;
    stage.repository.commit({ shop: [configMap('a', { k: '2' })] });
    await stage.quiet();
    stage.ask('shop', { revision: first });
    await stage.quiet();
    assert.deepEqual(stage.cluster.peek(configMapRef('a'))?.['data'], { k: '1' });
    assert.equal(stage.status('shop').operationState?.syncResult?.revision, first);
    assert.deepEqual(stage.status('shop').sync, { status: 'OutOfSync', revision: stage.repository.newest });
    assert.deepEqual(
      stage.status('shop').history?.map(({ revision }) => revision),
      [first],
    );
  });

  it('serves a new value of the annotation once, also after a restart', async () => {
    await using stage = await started();
    stage.annotate('shop', { 'evenkeel.dev/sync': 'one' });
    await stage.quiet();
    assert.deepEqual(stage.maps(), ['a']);
    assert.equal(stage.status('shop').lastSyncRequest, 'one');
    stage.repository.commit({ shop: [configMap('a'), configMap('b')] });
    await stage.quiet();
    await stage.stop();
    await stage.start();
    await stage.quiet();
    assert.deepEqual(stage.maps(), ['a']);
    stage.annotate('shop', { 'evenkeel.dev/sync': 'two' });
    await stage.quiet();
    assert.deepEqual(stage.maps(), ['a', 'b']);
  });

  it('serves a second request that is written while the first one runs', async () => {
    await using stage = await started();
    let asked = false;
    stage.cluster.beforeAnswer = (request) => {
      if (!asked && isManagedWrite(request)) {
        asked = true;
        stage.repository.commit({ shop: [configMap('b')] });
        stage.ask('shop', { prune: true });
      }
      return Promise.resolve();
    };
    stage.ask('shop', {});
    await stage.quiet();
    assert.equal(asked, true);
    assert.deepEqual(stage.maps(), ['b']);
    assert.equal(stage.application('shop')['operation'], undefined);
  });

  it('drops a refresh annotation when it was served', async () => {
    await using stage = await started();
    stage.annotate('shop', { 'evenkeel.dev/refresh': 'hard' });
    await stage.quiet();
    assert.deepEqual(stage.application('shop').metadata['annotations'], {});
    assert.ok(stage.source.loads.some(({ refresh }) => refresh === 'hard'));
  });
});

describe('a sync that fails', () => {
  const retry = { limit: 1, backoff: { duration: '5s', factor: 2, maxDuration: '3m' } };
  const missing = (name: string): KubeObject => configMap(name, { k: '1' }, { namespace: 'nowhere' });

  it('names every object that is refused, writes none, tries again and ends after the limit', async () => {
    await using stage = new Stage();
    stage.repository.commit({ shop: [missing('a'), missing('b'), configMap('c')] });
    stage.apply('shop', { spec: { syncPolicy: { retry } }, operation: { sync: {} } });
    await stage.start();
    await stage.quiet();
    assert.deepEqual(stage.maps(), []);
    assert.equal(stage.ready('shop'), 'False MissingNamespace');
    assert.match(stage.message('shop', 'Ready'), /nowhere\/a .*nowhere\/b /);
    assert.equal(stage.status('shop').operationState?.phase, 'Running');
    await stage.advance(10_000);
    const state = stage.status('shop').operationState;
    assert.deepEqual([state?.phase, state?.retryCount], ['Error', 1]);
    assert.equal(stage.application('shop')['operation'], undefined);
  });

  it('is never given up for good', async () => {
    await using stage = new Stage();
    stage.repository.commit({ shop: [missing('a'), configMap('c')] });
    stage.apply('shop', { spec: { syncPolicy: { automated: {}, retry } } });
    await stage.start();
    await stage.advance(600_000);
    assert.equal(stage.status('shop').operationState?.phase, 'Error');
    const mark = stage.mark;
    await stage.advance(600_000);
    assert.deepEqual(stage.since(mark, isStatusWrite), [], 'a slow retry that fails as before is no news');
    stage.cluster.seed({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'nowhere' } });
    await stage.advance(300_000);
    assert.equal(stage.ready('shop'), 'True Healthy');
    assert.deepEqual(stage.maps(), ['a', 'c']);
  });

  it('a fixed commit makes it try at once', async () => {
    await using stage = new Stage();
    stage.repository.commit({ shop: [configMap('a', { k: '1' }, { namespace: 'nowhere' })] });
    stage.apply('shop');
    await stage.start();
    await stage.quiet();
    assert.equal(stage.ready('shop'), 'False MissingNamespace');
    stage.repository.commit({ shop: [configMap('a')] });
    await stage.quiet();
    assert.equal(stage.ready('shop'), 'True Healthy');
  });
});

describe('the history', () => {
  for (const [limit, kept] of [
    [0, []],
    [2, [1, 2]],
  ] as const) {
    it(`keeps ${limit} entries when revisionHistoryLimit says so, and what was applied in any case`, async () => {
      await using stage = await started({ revisionHistoryLimit: limit, syncPolicy: { automated: {} } });
      for (const value of ['2', '3']) {
        stage.repository.commit({ shop: [configMap('a', { k: value })] });
        await stage.quiet();
      }
      const { history, applied } = stage.status('shop');
      assert.deepEqual(
        history?.map(({ id }) => id),
        kept,
      );
      assert.equal(applied?.revision, stage.repository.newest);
    });
  }
});
