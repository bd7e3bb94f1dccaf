import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { JsonObject } from '../../../src/model/json.ts';
import type { KubeObject } from '../../../src/model/object.ts';
import { configMap, configMapRef, Stage } from '../stage.ts';

const automated: JsonObject = { syncPolicy: { automated: { prune: true, selfHeal: true } } };
const holds = 'evenkeel.dev/hold';

function says(stage: Stage): unknown {
  return stage.cluster.peek(configMapRef('a'))?.['data'];
}

function saying(value: string): KubeObject {
  return configMap('a', { k: value });
}

/** Three revisions, the first of which has one object more. */
async function started(spec: JsonObject = automated): Promise<Stage> {
  const stage = new Stage();
  stage.repository.commit({ shop: [saying('1'), configMap('b')] });
  stage.apply('shop', { spec });
  await stage.start();
  await stage.quiet();
  for (const value of ['2', '3']) {
    stage.repository.commit({ shop: [saying(value)] });
    await stage.quiet();
  }
  return stage;
}

/** In the order in which they were applied. */
function revisionsOf(stage: Stage): string[] {
  return (stage.status('shop').history ?? []).map(({ revision }) => revision);
}

function rollBack(stage: Stage, rollback: JsonObject): void {
  const operation = { initiatedBy: { username: 'ann' }, rollback };
  stage.edit('shop', (application) => ({ ...application, operation }));
}

function annotations(stage: Stage): JsonObject {
  return (stage.application('shop').metadata['annotations'] ?? {}) as JsonObject;
}

describe('a rollback', () => {
  it('applies an entry of the history, and holds it against newer commits and drift', async () => {
    await using stage = await started();
    const [first = '', , third = ''] = revisionsOf(stage);
    rollBack(stage, { id: 0 });
    await stage.quiet();
    assert.deepEqual([says(stage), stage.maps()], [{ k: '1' }, ['a', 'b']]);
    assert.equal(annotations(stage)[holds], first);
    assert.equal(stage.application('shop')['operation'], undefined);
    const { sync, hold, operationState, history } = stage.status('shop');
    assert.deepEqual(sync, { status: 'OutOfSync', revision: third });
    assert.deepEqual(
      [hold?.revision, hold?.exact, hold?.reason],
      [first, true, 'rolled back to history entry 0 by ann'],
    );
    assert.equal(stage.ready('shop'), 'False Held');
    assert.deepEqual([operationState?.phase, history?.at(-1)?.revision], ['Succeeded', first]);

    const fourth = stage.repository.commit({ shop: [saying('4')] });
    await stage.quiet();
    assert.deepEqual(says(stage), { k: '1' });
    assert.equal(stage.status('shop').sync?.revision, fourth, 'a newer commit is seen');
    stage.cluster.edit(configMapRef('a'), (object) => ({ ...object, data: { k: 'foreign' } }));
    await stage.advance(5_000);
    assert.deepEqual(says(stage), { k: '1' });
  });

  it('is held across a restart, and removing the annotation releases it', async () => {
    await using stage = await started();
    rollBack(stage, { id: 1 });
    await stage.quiet();
    await stage.stop();
    stage.repository.artefacts.clear();
    await stage.start();
    await stage.quiet();
    assert.deepEqual(says(stage), { k: '2' });
    stage.annotate('shop', { [holds]: '' });
    await stage.quiet();
    assert.deepEqual(says(stage), { k: '3' });
    assert.deepEqual([stage.status('shop').hold, stage.ready('shop')], [undefined, 'True Healthy']);
  });

  it('to an entry that is not there changes nothing, and names those that are', async () => {
    await using stage = await started();
    rollBack(stage, { id: 9 });
    await stage.quiet();
    const { operationState, hold } = stage.status('shop');
    assert.equal(operationState?.phase, 'Error');
    assert.match(operationState.message, /no entry 9; it has 0, 1, 2/);
    assert.deepEqual([says(stage), hold, annotations(stage)[holds]], [{ k: '3' }, undefined, undefined]);
  });

  it('that comes to other objects by now is refused, and goes on when they are accepted', async () => {
    await using stage = await started();
    stage.repository.artefacts.clear();
    stage.repository.rewrite(0, { shop: [saying('published again')] });
    rollBack(stage, { id: 0 });
    await stage.quiet();
    const message = stage.status('shop').operationState?.message ?? '';
    const [, was, is] = /as digest ([0-9a-f]+) and is rendered to ([0-9a-f]+) now/.exec(message) ?? [];
    assert.equal(was, stage.status('shop').history?.[0]?.digest);
    assert.deepEqual([says(stage), annotations(stage)[holds]], [{ k: '3' }, undefined]);
    rollBack(stage, { id: 0, acceptDigest: is ?? '' });
    await stage.quiet();
    assert.deepEqual(says(stage), { k: 'published again' });
    assert.equal(stage.status('shop').hold?.digest, is);
    stage.repository.artefacts.clear();
    await stage.stop();
    await stage.start();
    await stage.quiet();
    assert.equal(stage.ready('shop'), 'False Held', 'what was accepted stays accepted');
  });

  it('keeps nobody else of the repository from pruning', async () => {
    await using stage = await started();
    stage.apply('other', { spec: automated });
    stage.repository.commit({ other: [configMap('x'), configMap('y')] });
    await stage.quiet();
    rollBack(stage, { id: 0 });
    await stage.quiet();
    stage.repository.commit({ other: [configMap('x')] });
    await stage.quiet();
    assert.deepEqual(stage.maps(), ['a', 'b', 'x']);
  });

  it('of a manual Application deletes nothing, and is gone on with by nobody', async () => {
    await using stage = await started({});
    stage.ask('shop', { revision: stage.repository.newest });
    await stage.quiet();
    rollBack(stage, { id: 0 });
    await stage.quiet();
    assert.equal(stage.status('shop').hold?.revision, stage.repository.newest);
    assert.deepEqual([stage.ready('shop'), stage.maps()], ['True Healthy', ['a']], 'the newest one is held');
  });
});

describe('the annotation hold', () => {
  it('is applied and held whatever revision it names', async () => {
    await using stage = await started();
    const [, second = ''] = revisionsOf(stage);
    stage.annotate('shop', { [holds]: second });
    await stage.quiet();
    assert.deepEqual(says(stage), { k: '2' });
    assert.equal(stage.status('shop').hold?.reason, 'the annotation hold names it');
    stage.ask('shop', {});
    await stage.quiet();
    assert.deepEqual(says(stage), { k: '2' }, 'a sync without a revision goes to what is held');
  });

  it('for one source has one revision', async () => {
    await using stage = await started();
    stage.annotate('shop', { [holds]: 'main,main' });
    await stage.quiet();
    assert.match(stage.message('shop', 'Stalled'), /names 2 revisions for 1 sources/);
    assert.deepEqual(says(stage), { k: '3' });
  });
});
