import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import type { ListPage } from '../../src/kube/cluster.ts';
import type { Upcoming } from '../../src/live/live.ts';
import { ApiError } from '../../src/model/api-error.ts';
import type { KubeObject } from '../../src/model/object.ts';
import { refKey, refOf } from '../../src/model/object.ts';
import type { Stage } from './stage.ts';
import { deployments, objectOf, recordOf, setStage, stateOf } from './stage.ts';

const never = new AbortController().signal;
const apartMs = 500;
const keys = ['ns/a', 'ns/b', 'ns/c', 'ns/d'];

/** Four Applications of three Deployments each, in sync. */
class Four implements Disposable {
  readonly stage: Stage = setStage();
  readonly objects = new Map(keys.map((key) => [key, objectsOf(key)]));
  readonly rooms: number[] = [];

  constructor() {
    for (const [key, objects] of this.objects)
      this.stage.live.declare(key, { record: objects.map((object) => recordOf(object)), kinds: [deployments] });
    const all = [...this.objects.values()].flat();
    for (const object of all) this.stage.cluster.objects.set(refKey(refOf(object)), object);
    this.stage.reflector(deployments).synced(...all);
  }

  /** A while after the last comparison. */
  compare(key: string, apiVersion = 'apps/v1', signal = never): Promise<string[]> {
    this.stage.clock.advance(apartMs);
    return this.compareNow(key, apiVersion, signal);
  }

  /** Of everything of the Application, and whether the others come along; gives the states of the answers. */
  async compareNow(key: string, apiVersion = 'apps/v1', signal = never): Promise<string[]> {
    const objects = this.objects.get(key) ?? [];
    const wanted = objects.map((object) => ({ ref: refOf(object), apiVersion, hash: 'd1' }));
    const recorded = objects.map((object) => recordOf(object));
    const upcoming = (room: number): readonly Upcoming[] => {
      this.rooms.push(room);
      return this.rooms.length > 1 ? [] : keys.filter((other) => other !== key).map((other) => this.#upcoming(other));
    };
    const answers = await this.stage.live.read({ key, wanted, recorded, full: true, upcoming }, signal);
    return [...answers.values()].map(({ state }) => state);
  }

  #upcoming(key: string): Upcoming {
    return { key, objects: (this.objects.get(key) ?? []).map((object) => ({ ref: refOf(object) })) };
  }

  /** How many lists and reads by name there were. */
  get requests(): [lists: number, reads: number] {
    return [this.stage.cluster.lists.length, this.stage.cluster.reads.length];
  }

  [Symbol.dispose](): void {
    this.stage[Symbol.dispose]();
  }
}

function objectsOf(key: string): KubeObject[] {
  return Array.from({ length: 3 }, (_, n) => objectOf(stateOf({ name: `${key.slice(3)}-${n}`, key })));
}

/** A list that fails after a page with these objects. */
async function* failing(
  items: readonly KubeObject[],
  error: ApiError,
  when: Promise<unknown> = Promise.resolve(),
): AsyncGenerator<ListPage> {
  yield { items, resourceVersion: '99' };
  await when;
  throw error;
}

const bodies = ['body', 'body', 'body'];

describe('bodies of Applications that are compared in full at about the same time', () => {
  it('come by one list of the kind, and each Application gets its own', async () => {
    using four = new Four();
    for (const key of keys) assert.deepEqual(await four.compare(key), bodies);
    assert.deepEqual(four.requests, [1, 0]);
    assert.match(four.stage.cluster.lists.join(), /^Deployment evenkeel\.dev\/part-of in \(([a-z2-7]{26},?){4}\)$/);
    assert.deepEqual(four.rooms, [500], 'nobody is asked for while nothing is missing');
  });

  it('are waited for by who asks while the list is being made', async () => {
    using four = new Four();
    const states = await Promise.all(keys.map((key) => four.compare(key)));
    assert.deepEqual(states, [bodies, bodies, bodies, bodies]);
    assert.deepEqual(four.requests, [1, 0]);
  });

  it('leave room for no more than a page of them', async () => {
    using four = new Four();
    await four.compare('ns/a');
    four.stage.reflector(deployments).changed(objectOf(stateOf({ name: 'b-0', key: 'ns/b', resourceVersion: 11 })));
    await four.compare('ns/b');
    assert.deepEqual(four.rooms, [500, 494]);
  });

  it('are handed out once: a second comparison reads anew', async () => {
    using four = new Four();
    await four.compare('ns/a');
    await four.compare('ns/b');
    await four.compare('ns/b');
    assert.deepEqual(four.requests, [1, 3]);
  });

  it('count no more when the watch shows another state since', async () => {
    using four = new Four();
    await four.compare('ns/a');
    four.stage.reflector(deployments).changed(objectOf(stateOf({ name: 'b-0', key: 'ns/b', resourceVersion: 11 })));
    assert.deepEqual(await four.compare('ns/b'), bodies);
    assert.deepEqual(
      four.stage.cluster.reads.map(({ name }) => name),
      ['b-0'],
    );
  });

  it('count no more when the watch shows the object no longer, and its absence is proved by name', async () => {
    using four = new Four();
    await four.compare('ns/a');
    const [first] = four.objects.get('ns/b') ?? [];
    assert.ok(first !== undefined);
    four.stage.cluster.objects.delete(refKey(refOf(first)));
    four.stage.reflector(deployments).deleted(first);
    assert.deepEqual((await four.compare('ns/b')).sort(), ['absent', 'body', 'body']);
    assert.deepEqual(four.requests, [1, 1]);
  });

  it('do not answer for another version than the one they were listed in', async () => {
    using four = new Four();
    four.stage.cluster.kinds.find = (_, apiVersion = 'apps/v1') => ({
      state: 'served',
      kind: { ...deployments, apiVersion },
    });
    await four.compare('ns/a');
    assert.deepEqual(await four.compare('ns/b', 'apps/v2'), bodies);
    assert.deepEqual(four.requests, [1, 3]);
  });

  it('are held for two minutes at most', async () => {
    using four = new Four();
    await four.compare('ns/a');
    four.stage.clock.advance(60_000);
    four.stage.clock.advance(60_000);
    assert.equal(four.stage.clock.pending, 0);
    await four.compare('ns/b');
    assert.deepEqual(four.requests, [1, 3]);
  });

  it('are read by name, each Application its own, when the list is refused', async () => {
    using four = new Four();
    const refused = new ApiError('it may not list', { kind: 'forbidden', status: 403 });
    four.stage.cluster.list = () => failing([], refused);
    assert.deepEqual(await four.compare('ns/a'), bodies);
    assert.deepEqual(await four.compare('ns/b'), bodies);
    assert.equal(four.stage.cluster.reads.length, 6);
  });

  it('are used as far as a list came that expired between its pages', async () => {
    using four = new Four();
    const expired = new ApiError('the continue parameter is too old', { kind: 'gone', status: 410 });
    const all = [...four.objects.values()].flat();
    four.stage.cluster.list = () => failing(all.slice(0, 5), expired);
    assert.deepEqual(await four.compare('ns/a'), bodies);
    assert.deepEqual(await four.compare('ns/b'), bodies);
    assert.equal(four.stage.cluster.reads.length, 1);
  });

  it('are unknown after one try when the server takes no more requests', async () => {
    using four = new Four();
    const throttled = new ApiError('too many requests', { kind: 'throttled', status: 429 });
    for (const id of four.stage.cluster.objects.keys()) four.stage.cluster.objects.set(id, throttled);
    assert.deepEqual(await four.compare('ns/a'), ['unknown', 'unknown', 'unknown']);
    assert.deepEqual(four.requests, [1, 1]);
  });

  it('keep nobody waiting when who had them listed was given up', async () => {
    using four = new Four();
    const list = four.stage.cluster.list.bind(four.stage.cluster);
    const begun = Promise.withResolvers<undefined>();
    four.stage.cluster.list = (_, { signal }) => {
      four.stage.cluster.list = list;
      begun.resolve(undefined);
      const aborted = new Promise((resolve) => signal?.addEventListener('abort', resolve));
      return failing([], new ApiError('given up', { kind: 'unavailable', status: 0 }), aborted);
    };
    const controller = new AbortController();
    const first = four.compare('ns/a', 'apps/v1', controller.signal);
    const second = four.compare('ns/b');
    await begun.promise;
    controller.abort(new Error('enough'));
    await assert.rejects(first, /enough/);
    await setImmediate();
    four.stage.clock.advance(apartMs);
    assert.deepEqual(await second, bodies);
    assert.deepEqual(four.requests, [0, 3]);
  });

  it('are listed half a second apart, for everybody who asks by then', async () => {
    using four = new Four();
    await four.compare('ns/a');
    const again = four.compareNow('ns/a');
    await setImmediate();
    four.stage.clock.advance(apartMs - 1);
    await setImmediate();
    assert.deepEqual(four.rooms, [500], 'nobody is asked for yet');
    four.stage.clock.advance(1);
    assert.deepEqual(await again, bodies);
    assert.deepEqual(four.rooms, [500, 491]);
  });

  it('are waited for no longer by who is given up', async () => {
    using four = new Four();
    await four.compare('ns/a');
    const controller = new AbortController();
    const again = four.compareNow('ns/a', 'apps/v1', controller.signal);
    await setImmediate();
    controller.abort(new Error('enough'));
    await assert.rejects(again, /enough/);
    assert.deepEqual(four.rooms, [500]);
  });
});
