import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { OperatorError } from '../../../src/model/errors.ts';
import type { Hook } from '../../../src/model/hook.ts';
import { applicationRef, configMap, isManagedWrite, Stage } from '../stage.ts';

const backup: Hook = { times: [{ phase: 'PreDelete' }], deletes: [], generated: false };
const unreachable = new OperatorError('the server is down', {
  step: 'source',
  reason: 'GitUnavailable',
  retry: 'backoff',
});

/** An Application with the object `a` and the hook `backup`, deployed. */
async function deployed(): Promise<Stage> {
  const stage = new Stage();
  stage.repository.commit({ shop: [configMap('a')] });
  stage.repository.hooks.set('shop', [{ object: configMap('backup'), hook: backup }]);
  stage.apply('shop', { metadata: { finalizers: ['evenkeel.dev/resources-finalizer'] } });
  await stage.start();
  await stage.quiet();
  assert.deepEqual(stage.maps(), ['a']);
  return stage;
}

/** Creations and deletions from here on, to the end of the deletion or to where it waits. */
async function deleted(stage: Stage): Promise<string[]> {
  const { mark } = stage;
  stage.cluster.remove(applicationRef('shop'));
  await stage.quiet();
  await stage.advance(1);
  return stage.since(mark, isManagedWrite);
}

const all = ['apply ConfigMap backup', 'delete ConfigMap a', 'delete ConfigMap backup'];

describe('the hooks of a deletion', () => {
  it('are those that were synced last, from the cache', async () => {
    await using stage = await deployed();
    stage.repository.failures.set('shop', unreachable);
    assert.deepEqual(await deleted(stage), all);
  });

  it('are rendered again when the cache was lost', async () => {
    await using stage = await deployed();
    stage.repository.artefacts.clear();
    assert.deepEqual(await deleted(stage), all);
  });

  it('are waited for while they cannot be rendered: nothing is deleted, Stalled says why, and it goes on by itself', async () => {
    await using stage = await deployed();
    stage.repository.artefacts.clear();
    stage.repository.failures.set('shop', unreachable);
    assert.deepEqual(await deleted(stage), []);
    const { status, reason, message = '' } = stage.condition('shop', 'Stalled') ?? {};
    assert.deepEqual([status, reason], ['True', 'DeletionBlocked']);
    assert.match(message, /delete hooks are lost .*the server is down; .*evenkeel\.dev\/deletion-approved/);
    stage.repository.failures.clear();
    const { mark } = stage;
    await stage.advance(10_000);
    assert.deepEqual(stage.since(mark, isManagedWrite), all);
  });

  it('are done without when a person says so after the deletion began, and an event tells it', async () => {
    await using stage = await deployed();
    stage.repository.artefacts.clear();
    stage.repository.failures.set('shop', unreachable);
    const { mark } = stage;
    const approve = (ms: number): void =>
      stage.annotate('shop', { 'evenkeel.dev/deletion-approved': new Date(stage.clock.now() + ms).toISOString() });
    approve(-60_000);
    assert.deepEqual(await deleted(stage), [], 'an older approval was for something else');
    approve(1_000);
    await stage.quiet();
    assert.deepEqual(stage.since(mark, isManagedWrite), ['delete ConfigMap a']);
    const note = stage.events.find(({ action }) => action === 'Delete')?.note ?? '';
    assert.match(note, /deleted without its delete hooks, which are lost: the server is down/);
  });
});
