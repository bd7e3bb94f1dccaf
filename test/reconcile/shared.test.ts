import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { JsonObject } from '../../src/model/json.ts';
import { applicationRef, configMap, isManagedWrite, Stage } from './stage.ts';

/** Two Applications that both want `common`; the first one has it. */
async function started(syncOptions: readonly string[]): Promise<Stage> {
  const stage = new Stage();
  const policy = { syncPolicy: { automated: { prune: true }, syncOptions } } satisfies JsonObject;
  stage.repository.commit({ first: [configMap('common')], second: [] });
  stage.apply('first', { spec: policy });
  stage.apply('second', { spec: policy });
  await stage.start();
  await stage.quiet();
  stage.repository.commit({
    first: [configMap('common')],
    second: [configMap('common', { k: '2' }), configMap('own')],
  });
  await stage.quiet();
  return stage;
}

describe('59. an object of another Application', () => {
  it('is left to it, and everything else is applied', async () => {
    await using stage = await started([]);
    assert.deepEqual(stage.maps(), ['common', 'own']);
    assert.equal(stage.ready('second'), 'False SharedResource');
    assert.match(
      stage.message('second', 'SharedResource'),
      /ConfigMap shop\/common is managed by Application apps\/first/,
    );
    assert.equal(stage.status('second').operationState?.phase, 'Succeeded');
    assert.deepEqual(stage.since(0, isManagedWrite), ['apply ConfigMap common', 'apply ConfigMap own']);
  });

  it('is taken as soon as that one has given it up', async () => {
    await using stage = await started([]);
    stage.repository.commit({ first: [], second: [configMap('common', { k: '2' }), configMap('own')] });
    stage.cluster.remove(applicationRef('first'));
    await stage.quiet();
    assert.equal(stage.ready('second'), 'True Healthy');
    assert.deepEqual(
      stage.record('second').map(({ ref }) => ref.name),
      ['common', 'own'],
    );
  });

  it('fails the sync before anything is written with FailOnSharedResource=true', async () => {
    await using stage = await started(['FailOnSharedResource=true']);
    assert.deepEqual(stage.maps(), ['common']);
    assert.equal(stage.ready('second'), 'False SharedResource');
    assert.match(stage.message('second', 'SharedResource'), /apps\/first/);
  });
});
