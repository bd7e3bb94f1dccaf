import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { LiveQuestion } from '../../src/live/live.ts';
import type { ApiErrorKind } from '../../src/model/api-error.ts';
import { ApiError } from '../../src/model/api-error.ts';
import type { KubeObject } from '../../src/model/object.ts';
import { refKey, refOf } from '../../src/model/object.ts';
import type { Stage } from './stage.ts';
import { configMaps, deployments, objectOf, recordOf, served, setStage, stateOf } from './stage.ts';

const object = objectOf(stateOf());
const ref = refOf(object);
const id = refKey(ref);
const never = new AbortController().signal;

function wants(hash: string, ...objects: readonly KubeObject[]): LiveQuestion['wanted'] {
  return objects.map((one) => ({ ref: refOf(one), apiVersion: one.apiVersion, hash }));
}

function inSync(): Stage {
  const stage = setStage();
  stage.live.declare('ns/app', { record: [recordOf(object)], kinds: [deployments] });
  stage.reflector(deployments).synced(object);
  stage.cluster.objects.set(id, object);
  return stage;
}

function failing(kind: ApiErrorKind, status: number): ApiError {
  return new ApiError(`it says ${kind}`, { kind, status });
}

async function ask(stage: Stage, question: Partial<LiveQuestion>): Promise<string | undefined> {
  const asked = { key: 'ns/app', wanted: wants('d1', object), recorded: [recordOf(object)], ...question };
  return (await stage.live.read(asked, never)).get(id)?.state;
}

describe('live.read', () => {
  it('answers inSync without a request when record, index and desired hash agree', async () => {
    using stage = inSync();
    assert.equal(await ask(stage, {}), 'inSync');
    assert.deepEqual(stage.cluster.reads, []);
  });

  const differing: readonly { readonly name: string; readonly before: (stage: Stage) => Partial<LiveQuestion> }[] = [
    { name: 'Git wants another body', before: () => ({ wanted: wants('d2', object) }) },
    { name: 'every body is asked for', before: () => ({ full: true }) },
    { name: 'it is to be pruned', before: () => ({ wanted: [] }) },
    { name: 'it is not on record', before: () => ({ recorded: [] }) },
    {
      name: 'the record has another uid',
      before: () => ({ recorded: [recordOf(objectOf(stateOf({ uid: 'u2' })))] }),
    },
    {
      name: 'a field of ours was taken',
      before: (stage) => {
        stage.reflector(deployments).changed(objectOf(stateOf({ resourceVersion: 11, ours: [] })));
        return {};
      },
    },
    {
      name: 'the spec moved',
      before: (stage) => {
        stage.reflector(deployments).changed(objectOf(stateOf({ resourceVersion: 11, generation: 2 })));
        return {};
      },
    },
    {
      name: 'it is being deleted',
      before: (stage) => {
        stage.reflector(deployments).changed(objectOf(stateOf({ resourceVersion: 11, deleting: true })));
        return {};
      },
    },
    {
      name: 'its label is lost',
      before: (stage) => {
        stage.reflector(deployments).deleted(objectOf(stateOf({ resourceVersion: 11 })));
        return {};
      },
    },
    {
      name: 'the watch is lost for long',
      before: (stage) => {
        stage.reflector(deployments).complete = false;
        return {};
      },
    },
  ];
  for (const { name, before } of differing) {
    it(`reads the body by name: ${name}`, async () => {
      using stage = inSync();
      assert.equal(await ask(stage, before(stage)), 'body');
      assert.deepEqual(stage.cluster.reads, [{ ...ref, apiVersion: 'apps/v1' }]);
    });
  }

  it('answers absent without a request when a complete list lacks what is not on record', async () => {
    using stage = setStage();
    stage.live.declare('ns/app', { record: [], kinds: [deployments] });
    stage.reflector(deployments).synced();
    assert.equal(await ask(stage, { recorded: [] }), 'absent');
    assert.deepEqual(stage.cluster.reads, []);
  });

  it('asks by name for what is on record and not in the list', async () => {
    using stage = setStage();
    stage.live.declare('ns/app', { record: [recordOf(object)], kinds: [deployments] });
    stage.reflector(deployments).synced();
    assert.equal(await ask(stage, {}), 'absent');
    assert.equal(stage.cluster.reads.length, 1);
    stage.cluster.objects.set(id, object);
    assert.equal(await ask(stage, {}), 'body');
  });

  it('waits for a list that is being made', async () => {
    using stage = setStage();
    stage.live.declare('ns/app', { record: [recordOf(object)], kinds: [deployments] });
    const answer = ask(stage, {});
    stage.reflector(deployments).synced(object);
    assert.equal(await answer, 'inSync');
  });

  it('does not trust a list that may not be had, and wakes the Application when it is there', async () => {
    using stage = setStage();
    stage.live.declare('ns/app', { record: [], kinds: [deployments] });
    stage.cluster.objects.set(id, object);
    stage.reflector(deployments).interrupted('forbidden');
    assert.equal(await ask(stage, { recorded: [] }), 'body');
    stage.reflector(deployments).synced(object);
    assert.ok(stage.wakes.includes('ns/app: the list of apps/Deployment is complete'));
  });

  it('answers unknown when neither list nor name can tell', async () => {
    using stage = setStage();
    stage.live.declare('ns/app', { record: [recordOf(object)], kinds: [deployments] });
    stage.reflector(deployments).interrupted('down');
    stage.cluster.objects.set(id, failing('forbidden', 403));
    assert.equal(await ask(stage, {}), 'unknown');
  });

  it('answers notServed when discovery proves it, of the kind or of the version that is wanted', async () => {
    using stage = inSync();
    const wanted = [{ ref, apiVersion: 'apps/v2', hash: 'd1' }];
    assert.equal(await ask(stage, { wanted }), 'notServed');
    stage.cluster.answer(deployments, { state: 'gone' });
    assert.equal(await ask(stage, {}), 'notServed');
    assert.deepEqual(stage.cluster.reads, []);
  });

  it('answers unknown when discovery cannot tell, and wakes the Application when it can again', async () => {
    using stage = inSync();
    stage.cluster.answer(deployments, { state: 'unknown', why: 'stale' });
    assert.equal(await ask(stage, {}), 'unknown');
    stage.wakes.length = 0;
    stage.cluster.serve(deployments);
    assert.ok(stage.wakes.includes('ns/app: apps/Deployment is known again'));
    assert.equal(await ask(stage, {}), 'inSync');
  });

  it('tries once when the server is down, however many objects are asked for', async () => {
    using stage = setStage();
    const objects = Array.from({ length: 50 }, (_, n) => objectOf(stateOf({ name: `web-${n}`, kind: configMaps })));
    stage.live.declare('ns/app', { record: objects.map((one) => recordOf(one)), kinds: [] });
    stage.reflector(configMaps).interrupted('down');
    for (const one of objects) stage.cluster.objects.set(refKey(refOf(one)), failing('unavailable', 0));
    const recorded = objects.map((one) => recordOf(one));
    const answers = await stage.live.read({ key: 'ns/app', wanted: wants('d1', ...objects), recorded }, never);
    assert.equal(answers.size, 50);
    assert.ok(answers.values().every(({ state }) => state === 'unknown'));
    assert.equal(stage.cluster.reads.length, 1);
  });

  it('goes on when one kind of the cluster does not answer', async () => {
    using stage = setStage();
    const broken = objectOf(stateOf({ name: 'a' }));
    stage.live.declare('ns/app', { record: [recordOf(broken), recordOf(object)], kinds: [] });
    stage.reflector(deployments).synced();
    stage.cluster.objects.set(refKey(refOf(broken)), failing('unavailable', 503));
    stage.cluster.objects.set(id, object);
    const recorded = [recordOf(broken), recordOf(object)];
    const answers = await stage.live.read({ key: 'ns/app', wanted: [], recorded }, never);
    assert.deepEqual(
      [...answers.values()].map(({ state }) => state),
      ['unknown', 'body'],
    );
  });

  it('rejects when aborted, waiting or reading', async () => {
    using stage = setStage();
    stage.live.declare('ns/app', { record: [recordOf(object)], kinds: [deployments] });
    const controller = new AbortController();
    const question = { key: 'ns/app', wanted: [], recorded: [recordOf(object)] };
    const answer = stage.live.read(question, controller.signal);
    controller.abort(new Error('enough'));
    await assert.rejects(answer, /enough/);
    stage.reflector(deployments).synced();
    await assert.rejects(stage.live.read(question, controller.signal), /enough/);
  });

  it('does not hide a bug', async () => {
    using stage = setStage();
    stage.live.declare('ns/app', { record: [recordOf(object)], kinds: [deployments] });
    stage.reflector(deployments).synced();
    stage.cluster.read = () => Promise.reject(new TypeError('a bug'));
    await assert.rejects(ask(stage, {}), /a bug/);
  });
});

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
