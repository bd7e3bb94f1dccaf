import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { refOf } from '../../src/model/object.ts';
import type { Stage } from './stage.ts';
import { configMaps, deployments, objectOf, recordOf, served, setStage, stateOf } from './stage.ts';

const object = objectOf(stateOf());
const ref = refOf(object);
const never = new AbortController().signal;

function inSync(): Stage {
  const stage = setStage();
  stage.live.declare('ns/app', { record: [recordOf(object)], kinds: [deployments] });
  stage.reflector(deployments).synced(object);
  return stage;
}

describe('kinds', () => {
  const widgets = served('example.org/v1', 'Widget');

  it('are watched once for all Applications, in full only where health needs the status', () => {
    using stage = setStage();
    stage.live.declare('ns/app', { record: [], kinds: [deployments, configMaps] });
    const reflector = stage.reflector(deployments);
    stage.live.declare('ns/other', { record: [], kinds: [deployments] });
    assert.equal(stage.reflector(deployments), reflector);
    assert.equal(reflector.spec.metadataOnly, false);
    assert.equal(stage.reflector(configMaps).spec.metadataOnly, true);
    assert.equal(reflector.spec.labelSelector, 'evenkeel.dev/part-of');
  });

  it('are watched no longer than somebody needs them', () => {
    using stage = inSync();
    stage.live.declare('ns/other', { record: [], kinds: [deployments] });
    stage.live.undeclare('ns/app');
    assert.equal(stage.reflector(deployments).stopped, false);
    stage.live.declare('ns/other', { record: [], kinds: [] });
    assert.equal(stage.reflector(deployments).stopped, true);
    assert.deepEqual(stage.live.status(), { kinds: [], objects: 0 });
  });

  it('that are not served are parked, and wake who needs them when they are', () => {
    using stage = setStage();
    stage.live.declare('ns/app', { record: [], kinds: [{ ...widgets, apiVersion: 'example.org/v1' }] });
    assert.equal(stage.cluster.reflectors.size, 0);
    assert.equal(stage.live.complete([widgets]), true);
    stage.cluster.serve(widgets);
    assert.equal(stage.wakes[0], 'ns/app: example.org/Widget is served now');
    assert.equal(stage.live.complete([widgets]), false);
    stage.reflector(widgets).synced();
    assert.equal(stage.live.complete([widgets]), true);
  });

  it('that go take their objects with them: nobody is suspected, everybody is woken', () => {
    using stage = inSync();
    const reflector = stage.reflector(deployments);
    stage.wakes.length = 0;
    stage.cluster.answer(deployments, { state: 'gone' });
    assert.equal(reflector.stopped, true);
    assert.equal(stage.live.observation(ref), undefined);
    assert.deepEqual(stage.told(), []);
    assert.deepEqual(stage.wakes, ['ns/app: apps/Deployment is served no more']);
    stage.cluster.serve(deployments);
    stage.reflector(deployments).synced();
    assert.deepEqual(stage.told(), ['left Deployment web']);
  });

  it('that come in another version wake who writes that version', () => {
    using stage = setStage();
    stage.cluster.serve(widgets);
    stage.live.declare('ns/app', { record: [], kinds: [{ ...widgets, apiVersion: 'example.org/v2' }] });
    stage.reflector(widgets).synced();
    stage.wakes.length = 0;
    stage.cluster.serve(served('example.org/v2', 'Widget'));
    assert.ok(stage.wakes.includes('ns/app: example.org/Widget is served as example.org/v2 now'));
  });

  it('that get another route are watched anew: what went in between is told', () => {
    using stage = inSync();
    const old = stage.reflector(deployments);
    stage.cluster.serve({ ...deployments, apiVersion: 'apps/v2' });
    assert.equal(old.stopped, true);
    assert.equal(stage.live.complete([deployments]), false);
    stage.reflector(deployments).synced();
    assert.deepEqual(stage.told(), ['left Deployment web']);
  });

  it('that discovery is unsure of go on being watched', () => {
    using stage = inSync();
    stage.cluster.answer(deployments, { state: 'unknown', why: 'stale' });
    assert.equal(stage.reflector(deployments).stopped, false);
    stage.reflector(deployments).changed(objectOf(stateOf({ resourceVersion: 11, ours: [] })));
    assert.deepEqual(stage.told(), ['fingerprint Deployment web']);
  });
});

describe('settled', () => {
  it('resolves when every list is complete, or cannot be had', async () => {
    using stage = setStage();
    stage.live.declare('ns/app', { record: [], kinds: [deployments, configMaps, served('x/v1', 'Gone')] });
    let isSettled = false;
    const settled = stage.live.settled(never).then(() => (isSettled = true));
    stage.reflector(deployments).synced();
    await Promise.resolve();
    assert.equal(isSettled, false);
    stage.reflector(configMaps).interrupted('forbidden');
    await settled;
    assert.equal(stage.live.complete([deployments]), true);
    assert.equal(stage.live.complete([deployments, configMaps]), false);
  });

  it('waits for no list longer than the limit', async () => {
    using stage = setStage({ listTimeoutMs: 1_000 });
    stage.live.declare('ns/app', { record: [], kinds: [deployments] });
    const settled = stage.live.settled(never);
    stage.clock.advance(1_000);
    await settled;
  });
});

describe('dispose', () => {
  it('stops every watch, timer and subscription, and ends every wait', async () => {
    const stage = setStage();
    stage.live.declare('ns/app', { record: [], kinds: [deployments, configMaps] });
    const settled = stage.live.settled(never);
    stage[Symbol.dispose]();
    await settled;
    assert.ok(stage.cluster.reflectors.values().every(({ stopped }) => stopped));
    assert.equal(stage.clock.pending, 0);
    assert.equal(stage.cluster.subscribers, 0);
    stage.live.declare('ns/late', { record: [], kinds: [deployments] });
    assert.equal(stage.live.status().kinds.length, 0);
  });
});
