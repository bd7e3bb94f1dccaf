import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { JsonObject } from '../../../src/model/json.ts';
import type { KubeObject } from '../../../src/model/object.ts';
import { configMap, configMapRef, isManagedWrite, Stage } from '../stage.ts';

const manual: JsonObject = {};
const nobody = { username: '', automated: false };

async function started(spec: JsonObject = manual): Promise<Stage> {
  const stage = new Stage();
  stage.repository.commit({ shop: [configMap('a'), configMap('b')] });
  stage.apply('shop', { spec });
  await stage.start();
  await stage.quiet();
  return stage;
}

function operation(stage: Stage, operation: JsonObject): void {
  stage.edit('shop', (application) => ({ ...application, operation }));
}

function finalized(stage: Stage, finalizers: readonly string[]): void {
  const change = (object: KubeObject): KubeObject => ({ ...object, metadata: { ...object.metadata, finalizers } });
  stage.cluster.edit(configMapRef('b'), change);
}

/** A sync of a user that runs until the finalizer of `b` is taken away. */
async function running(spec: JsonObject = manual): Promise<Stage> {
  const stage = await started(spec);
  stage.ask('shop', {});
  await stage.quiet();
  finalized(stage, ['example.com/wait']);
  stage.repository.commit({ shop: [configMap('a')] });
  stage.ask('shop', { prune: true });
  await stage.quiet();
  assert.equal(stage.status('shop').operationState?.phase, 'Running');
  return stage;
}

const named = (name: string): JsonObject => ({ group: '', kind: 'ConfigMap', name });

describe('a selective sync', () => {
  it('writes the named objects only, and leaves no entry in the history', async () => {
    await using stage = await started();
    stage.ask('shop', { resources: [named('b')] });
    await stage.quiet();
    assert.deepEqual(stage.maps(), ['b']);
    const { operationState, history, sync } = stage.status('shop');
    assert.deepEqual([operationState?.phase, history ?? [], sync?.status], ['Succeeded', [], 'OutOfSync']);
    assert.equal(stage.application('shop')['operation'], undefined);
  });

  it('names what is neither in Git nor on record, and writes nothing', async () => {
    await using stage = await started();
    const mark = stage.mark;
    stage.ask('shop', { resources: [named('b'), { group: 'apps', kind: 'Deployment', name: 'b', namespace: 'shop' }] });
    await stage.quiet();
    assert.deepEqual(stage.since(mark, isManagedWrite), []);
    const { operationState } = stage.status('shop');
    assert.equal(operationState?.phase, 'Error');
    assert.match(operationState.message, /Deployment\.apps shop\/b: neither in Git/);
    assert.equal(stage.application('shop')['operation'], undefined);
  });

  it('prunes the named objects only', async () => {
    await using stage = await started();
    stage.ask('shop', {});
    await stage.quiet();
    stage.repository.commit({ shop: [configMap('c')] });
    await stage.quiet();
    stage.ask('shop', { prune: true, resources: [named('a')] });
    await stage.quiet();
    assert.deepEqual(stage.maps(), ['b']);
  });
});

describe('a second operation', () => {
  it('waits for the first one, and is run next', async () => {
    await using stage = await running();
    operation(stage, { initiatedBy: { username: 'ann' }, sync: { resources: [named('c')] } });
    stage.repository.commit({ shop: [configMap('a'), configMap('c'), configMap('d')] });
    await stage.quiet();
    const { operationState } = stage.status('shop');
    assert.deepEqual([operationState?.phase, operationState?.operation['initiatedBy']], ['Running', nobody]);
    finalized(stage, []);
    await stage.advance(60_000);
    assert.deepEqual(stage.status('shop').operationState?.operation['initiatedBy'], { ...nobody, username: 'ann' });
    assert.equal(stage.status('shop').operationState?.phase, 'Succeeded');
    assert.equal(stage.application('shop')['operation'], undefined);
    assert.deepEqual(stage.maps(), ['a', 'c', 'd'], 'the first one went to the newest commit as a whole');
  });
});

describe('terminate', () => {
  it('ends what runs, and is taken away', async () => {
    await using stage = await running();
    operation(stage, { terminate: {} });
    await stage.quiet();
    const { operationState } = stage.status('shop');
    assert.deepEqual([operationState?.phase, operationState?.message], ['Failed', 'terminated']);
    assert.ok(operationState?.finishedAt);
    assert.equal(stage.application('shop')['operation'], undefined);
  });

  it('does nothing when nothing runs', async () => {
    await using stage = await started();
    stage.ask('shop', {});
    await stage.quiet();
    operation(stage, { terminate: {} });
    await stage.quiet();
    assert.equal(stage.status('shop').operationState?.phase, 'Succeeded');
    assert.equal(stage.application('shop')['operation'], undefined);
  });

  it('of an automated sync holds until the revision or the spec is another one', async () => {
    const policy = { syncPolicy: { automated: {}, retry: { limit: -1 } } };
    await using stage = new Stage();
    const missing = configMap('x', { k: '1' }, { namespace: 'nowhere' });
    stage.repository.commit({ shop: [missing] });
    stage.apply('shop', { spec: policy });
    await stage.start();
    await stage.quiet();
    assert.equal(stage.status('shop').operationState?.phase, 'Running', 'it is tried again');
    operation(stage, { terminate: {} });
    await stage.quiet();
    assert.equal(stage.status('shop').operationState?.phase, 'Failed');
    stage.cluster.seed({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'nowhere' } });
    await stage.stop();
    await stage.start();
    await stage.advance(600_000);
    assert.deepEqual(stage.maps(), [], 'neither time nor a restart begins it again');
    assert.equal(stage.status('shop').operationState?.message, 'terminated');
    stage.repository.commit({ shop: [missing, configMap('a')] });
    await stage.quiet();
    assert.deepEqual(stage.maps(), ['a', 'x']);
    assert.equal(stage.status('shop').terminated, undefined);
  });
});

describe('what an operation says in place of the spec', () => {
  it('retry: holds for this operation', async () => {
    await using stage = new Stage();
    stage.repository.commit({ shop: [configMap('x', { k: '1' }, { namespace: 'nowhere' })] });
    stage.apply('shop', { spec: manual });
    await stage.start();
    operation(stage, { sync: {}, retry: { limit: 1, backoff: { duration: '5s' } } });
    await stage.quiet();
    assert.equal(stage.status('shop').operationState?.phase, 'Running');
    await stage.advance(10_000);
    const { operationState } = stage.status('shop');
    assert.deepEqual([operationState?.phase, operationState?.retryCount], ['Error', 1]);
  });
});
