import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { LiveQuestion } from '../../src/live/live.ts';
import type { ApiErrorKind } from '../../src/model/api-error.ts';
import { ApiError } from '../../src/model/api-error.ts';
import type { KubeObject } from '../../src/model/object.ts';
import { refKey, refOf } from '../../src/model/object.ts';
import type { Stage } from './stage.ts';
import { configMaps, deployments, objectOf, recordOf, setStage, stateOf } from './stage.ts';

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

  it('answers that it is forbidden to look when neither list nor name may be read', async () => {
    using stage = setStage();
    stage.live.declare('ns/app', { record: [recordOf(object)], kinds: [deployments] });
    stage.reflector(deployments).interrupted('down');
    stage.cluster.objects.set(id, failing('forbidden', 403));
    assert.equal(await ask(stage, {}), 'forbidden');
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

  it('reads many bodies of a kind by one list, and by name what it lacks', async () => {
    using stage = setStage();
    const objects = Array.from({ length: 20 }, (_, n) => objectOf(stateOf({ name: `web-${n}` })));
    const recorded = objects.map((one) => recordOf(one));
    stage.live.declare('ns/app', { record: recorded, kinds: [] });
    stage.reflector(deployments).synced(...objects);
    for (const one of objects.slice(1)) stage.cluster.objects.set(refKey(refOf(one)), one);
    const question = { key: 'ns/app', wanted: wants('d1', ...objects), recorded, full: true };
    const states = [...(await stage.live.read(question, never)).values()].map(({ state }) => state);
    assert.deepEqual(
      [states.filter((state) => state === 'body').length, states.filter((state) => state === 'absent').length],
      [19, 1],
    );
    assert.equal(stage.cluster.reads.length, 1);
    assert.match(stage.cluster.lists.join(), /^Deployment evenkeel\.dev\/part-of in \([a-z2-7]{26}\)$/);
  });

  it('reads by name when the list fails', async () => {
    using stage = setStage();
    const objects = Array.from({ length: 20 }, (_, n) => objectOf(stateOf({ name: `web-${n}` })));
    const recorded = objects.map((one) => recordOf(one));
    stage.live.declare('ns/app', { record: recorded, kinds: [] });
    stage.reflector(deployments).synced(...objects);
    for (const one of objects) stage.cluster.objects.set(refKey(refOf(one)), failing('forbidden', 403));
    const answers = await stage.live.read({ key: 'ns/app', wanted: [], recorded, full: true }, never);
    assert.ok(answers.values().every(({ state }) => state === 'forbidden'));
    assert.equal(stage.cluster.reads.length, 20);
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
