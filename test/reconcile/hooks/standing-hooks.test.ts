import assert from 'node:assert/strict';
import { it } from 'node:test';
import { configMap, isManagedWrite, Stage } from '../stage.ts';

/** An Application with one object and one PostSync hook, synced once. */
async function synced(stage: Stage): Promise<void> {
  stage.repository.commit({ shop: [configMap('a')] });
  const hook = { times: [{ phase: 'PostSync' as const }], deletes: ['BeforeHookCreation' as const], generated: false };
  stage.repository.hooks.set('shop', [{ object: configMap('check'), hook }]);
  stage.apply('shop');
  await stage.start();
  await stage.quiet();
}

it('a hook that has run stands on record and is no object: not missed, not pruned, until it runs again', async () => {
  await using stage = new Stage();
  await synced(stage);
  await stage.advance(1);
  assert.deepEqual(
    stage.record('shop').map(({ ref }) => ref.name),
    ['a', 'check'],
  );
  const { mark } = stage;
  stage.annotate('shop', { 'evenkeel.dev/refresh': 'normal' });
  await stage.advance(1);
  assert.deepEqual([stage.ready('shop'), stage.since(mark, isManagedWrite)], ['True Healthy', []]);
  stage.repository.commit({ shop: [configMap('a', { k: '2' })] });
  await stage.advance(1);
  assert.equal(stage.ready('shop'), 'True Healthy');
  assert.deepEqual(stage.since(mark, isManagedWrite), [
    'apply ConfigMap a',
    'delete ConfigMap check',
    'apply ConfigMap check',
  ]);
});

it('runs again for a sync that begins within the same second: of two runs none takes the hooks of the other', async () => {
  await using stage = new Stage();
  await synced(stage);
  const { mark } = stage;
  stage.annotate('shop', { 'evenkeel.dev/sync': 'once more' });
  await stage.quiet();
  assert.deepEqual(stage.since(mark, isManagedWrite), ['delete ConfigMap check', 'apply ConfigMap check']);
});
