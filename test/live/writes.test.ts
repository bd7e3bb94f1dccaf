import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { refOf } from '../../src/model/object.ts';
import type { Stage } from './stage.ts';
import { at, deployments, objectOf, recordOf, setStage, stateOf } from './stage.ts';

const before = objectOf(stateOf());
const ref = refOf(before);
const answer = objectOf(stateOf({ resourceVersion: 12, oursAt: at(7), generation: 2 }));
const foreign = { ours: ['image'], generation: 3 };

function inSync(): Stage {
  const stage = setStage();
  stage.live.declare('ns/app', { record: [recordOf(before)], kinds: [] });
  stage.reflector(deployments).synced(before);
  return stage;
}

describe('our own write', () => {
  it('is no suspect when its event comes before the answer', () => {
    using stage = inSync();
    const write = stage.live.writes.begin(ref);
    stage.reflector(deployments).changed(answer);
    write.answered(answer, 'd2');
    write.end();
    assert.deepEqual(stage.told(), []);
  });

  it('is no suspect when its event comes long after the answer', () => {
    using stage = inSync();
    const write = stage.live.writes.begin(ref);
    write.answered(answer, 'd2');
    write.end();
    stage.clock.advance(60_000);
    stage.reflector(deployments).changed(answer);
    assert.deepEqual(stage.told(), []);
  });

  it('hides a foreign write from before it, which it has overwritten', () => {
    using stage = inSync();
    const write = stage.live.writes.begin(ref);
    write.answered(answer, 'd2');
    write.end();
    stage.reflector(deployments).changed(objectOf(stateOf({ ...foreign, resourceVersion: 11 })));
    assert.deepEqual(stage.told(), []);
  });

  it('does not hide a foreign write from after it', () => {
    using stage = inSync();
    const write = stage.live.writes.begin(ref);
    stage.reflector(deployments).changed(answer);
    stage.reflector(deployments).changed(objectOf(stateOf({ ...foreign, resourceVersion: 13 })));
    write.answered(answer, 'd2');
    assert.deepEqual(stage.told(), []);
    write.end();
    write.end();
    assert.deepEqual(stage.told(), ['fingerprint Deployment web']);
  });

  it('that was refused lets what was held speak', () => {
    using stage = inSync();
    const write = stage.live.writes.begin(ref);
    stage.reflector(deployments).changed(objectOf(stateOf({ ...foreign, resourceVersion: 11 })));
    write.end();
    assert.deepEqual(stage.told(), ['fingerprint Deployment web']);
  });

  it('beside another one: the later answer counts, whichever is told first', () => {
    using stage = inSync();
    const [one, two] = [stage.live.writes.begin(ref), stage.live.writes.begin(ref)];
    const later = objectOf(stateOf({ resourceVersion: 13, oursAt: at(8), generation: 3 }));
    two.answered(later, 'd3');
    two.end();
    one.answered(answer, 'd2');
    stage.reflector(deployments).changed(answer);
    stage.reflector(deployments).changed(later);
    one.end();
    assert.deepEqual(stage.told(), []);
    assert.equal(stage.live.observation(ref)?.resourceVersion, '13');
  });

  it('creates: the object is expected from then on, on record or not', () => {
    using stage = setStage();
    stage.live.declare('ns/app', { record: [], kinds: [deployments] });
    stage.reflector(deployments).synced();
    const write = stage.live.writes.begin(ref);
    write.answered(before, 'd1');
    write.end();
    stage.live.declare('ns/app', { record: [], kinds: [deployments] });
    stage.reflector(deployments).changed(before);
    assert.deepEqual(stage.told(), []);
    assert.deepEqual(stage.live.unexplained('ns/app'), []);
    stage.reflector(deployments).deleted(before);
    assert.deepEqual(stage.told(), ['left Deployment web']);
  });

  it('creates anew what was deleted: the late news of the deletion is none', () => {
    using stage = inSync();
    const write = stage.live.writes.begin(ref);
    const again = objectOf(stateOf({ uid: 'u2', resourceVersion: 14 }));
    write.answered(again, 'd1');
    write.end();
    stage.reflector(deployments).deleted(objectOf(stateOf({ resourceVersion: 13 })));
    stage.reflector(deployments).changed(again);
    assert.deepEqual(stage.told(), []);
  });

  it('deletes: its going is expected', () => {
    using stage = inSync();
    const write = stage.live.writes.begin(ref);
    stage.reflector(deployments).deleted(objectOf(stateOf({ resourceVersion: 13 })));
    write.gone();
    write.end();
    assert.deepEqual(stage.told(), []);
    assert.equal(stage.live.observation(ref), undefined);
  });

  it('while the watch is down, undone before it is back: told when the list does not show it', () => {
    using stage = inSync();
    stage.reflector(deployments).interrupted('cut');
    const write = stage.live.writes.begin(ref);
    write.answered(objectOf(stateOf({ resourceVersion: 14, oursAt: at(9) })), 'd2');
    write.end();
    // The reflector tells the last state that it has seen, which is from before our write.
    stage.reflector(deployments).deleted(before);
    stage.reflector(deployments).synced();
    assert.deepEqual(stage.told(), []);
    stage.clock.advance(60_000);
    assert.deepEqual(stage.told(), ['left Deployment web']);
  });

  it('survives a server that was restored from a backup and counts from a lower number', () => {
    using stage = inSync();
    stage.reflector(deployments).synced(objectOf(stateOf({ resourceVersion: 3 })));
    stage.reflector(deployments).changed(objectOf(stateOf({ ...foreign, resourceVersion: 4 })));
    assert.deepEqual(stage.told(), ['fingerprint Deployment web']);
  });
});

describe('what was read and found as it is wanted', () => {
  const other = objectOf(stateOf({ resourceVersion: 11, oursAt: at(6) }));

  it('is no suspect any more', () => {
    using stage = inSync();
    stage.reflector(deployments).changed(other);
    assert.equal(stage.live.suspected(ref), true);
    stage.live.writes.found('ns/app', other, 'd2');
    assert.equal(stage.live.suspected(ref), false);
    stage.reflector(deployments).changed(objectOf(stateOf({ ...foreign, resourceVersion: 12 })));
    assert.deepEqual(stage.told(), ['entryTime Deployment web', 'fingerprint Deployment web']);
  });

  it('says nothing about what the watch has shown since', () => {
    using stage = inSync();
    stage.reflector(deployments).changed(objectOf(stateOf({ ...foreign, resourceVersion: 12 })));
    stage.live.writes.found('ns/app', other, 'd2');
    assert.equal(stage.live.suspected(ref), true);
  });
});

describe('health', () => {
  it('is assessed on the event, and a change wakes the Application', () => {
    using stage = inSync();
    assert.equal(stage.live.healthOf(ref)?.status, 'Progressing');
    stage.wakes.length = 0;
    stage.reflector(deployments).changed(objectOf(stateOf({ resourceVersion: 11, status: { ready: 1 } })));
    stage.reflector(deployments).changed(objectOf(stateOf({ resourceVersion: 12, status: { ready: 1 } })));
    assert.equal(stage.live.healthOf(ref)?.status, 'Healthy');
    assert.deepEqual(stage.wakes, ['ns/app: health of Deployment.apps ns/web']);
    assert.deepEqual(stage.told(), []);
  });

  it('comes with the answer to our write, too', () => {
    using stage = inSync();
    const write = stage.live.writes.begin(ref);
    write.answered(objectOf(stateOf({ resourceVersion: 11, status: { ready: 2 } })), 'd1');
    write.end();
    assert.equal(stage.live.healthOf(ref)?.status, 'Healthy');
  });
});

describe('an object that was being deleted', () => {
  it('wakes its Application when it is gone', () => {
    using stage = inSync();
    stage.reflector(deployments).changed(objectOf(stateOf({ resourceVersion: 11, deleting: true })));
    stage.wakes.length = 0;
    stage.reflector(deployments).deleted(objectOf(stateOf({ resourceVersion: 12, deleting: true })));
    assert.deepEqual(stage.wakes, ['ns/app: Deployment.apps ns/web is gone']);
  });
});
