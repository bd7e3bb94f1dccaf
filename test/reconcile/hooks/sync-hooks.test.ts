import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Hook } from '../../../src/model/hook.ts';
import { configMap, isManagedWrite, Stage } from '../stage.ts';

const notice: Hook = { times: [{ phase: 'PostSync' }], deletes: [], generated: false };

describe('the hooks of a sync', () => {
  it('are not pruned, though they are on record: a comparison leaves them, and the next sync runs them again', async () => {
    await using stage = new Stage();
    stage.repository.hooks.set('shop', [{ object: configMap('notice'), hook: notice }]);
    stage.repository.commit({ shop: [configMap('a')] });
    stage.apply('shop');
    await stage.start();
    await stage.quiet();
    assert.deepEqual(
      stage.record('shop').map(({ ref }) => ref.name),
      ['a', 'notice'],
    );
    const { mark } = stage;
    const annotations = { 'evenkeel.dev/refresh': 'hard' };
    stage.edit('shop', (object) => ({ ...object, metadata: { ...object.metadata, annotations } }));
    await stage.quiet();
    assert.deepEqual(stage.since(mark, isManagedWrite), []);
    assert.equal(stage.ready('shop'), 'True Healthy');
    stage.repository.commit({ shop: [configMap('a'), configMap('b')] });
    await stage.quiet();
    assert.deepEqual(stage.since(mark, isManagedWrite), ['apply ConfigMap b', 'apply ConfigMap notice']);
    assert.equal(stage.ready('shop'), 'True Healthy');
  });
});
