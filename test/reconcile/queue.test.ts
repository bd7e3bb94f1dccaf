import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { Priority } from '../../src/reconcile/queue.ts';
import { KeyedQueue } from '../../src/reconcile/queue.ts';
import { ManualClock, settled } from '../fakes/clock.ts';

const priorities: readonly Priority[] = ['request', 'drift', 'commit', 'periodic'];
const keys = ['a', 'b', 'c'];

const key = fc.constantFrom(...keys);
const act = fc.oneof(
  fc.record({ kind: fc.constant('add' as const), key, priority: fc.constantFrom(...priorities) }),
  fc.record({ kind: fc.constant('after' as const), key, ms: fc.integer({ min: 1, max: 50 }) }),
  fc.record({ kind: fc.constant('take' as const) }),
  fc.record({ kind: fc.constant('done' as const), key }),
  fc.record({ kind: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 50 }) }),
);
type Act = typeof act extends fc.Arbitrary<infer T> ? T : never;

/** Workers that take when they are told to, and never the same key at once. */
class Bench {
  readonly clock = new ManualClock();
  readonly queue = new KeyedQueue(this.clock);
  readonly working = new Set<string>();
  /** Added, and not handed out since. */
  readonly owed = new Set<string>();
  readonly timers = new Map<string, number>();

  async play(one: Act): Promise<void> {
    switch (one.kind) {
      case 'add':
        this.owed.add(one.key);
        this.timers.delete(one.key);
        this.queue.add(one.key, one.priority);
        break;
      case 'after':
        this.timers.set(one.key, Math.min(this.timers.get(one.key) ?? Infinity, this.clock.monotonic() + one.ms));
        this.queue.addAfter(one.key, one.ms);
        break;
      case 'take':
        void this.queue.take().then((taken) => this.took(taken));
        break;
      case 'done':
        this.done(one.key);
        break;
      case 'wait':
        await this.clock.advance(one.ms);
    }
    for (const [timed, at] of this.timers) {
      if (at > this.clock.monotonic()) continue;
      this.timers.delete(timed);
      this.owed.add(timed);
    }
    await settled();
  }

  done(key: string): void {
    if (!this.working.delete(key)) return;
    // It is added at once, and that is sooner than any timer.
    if (this.owed.has(key)) this.timers.delete(key);
    this.queue.done(key);
  }

  took(taken: string | undefined): void {
    if (taken === undefined) return;
    assert.ok(!this.working.has(taken), `two workers have ${taken}`);
    assert.ok(this.owed.has(taken) || this.isDue(taken), `nobody asked for ${taken}`);
    this.working.add(taken);
    this.owed.delete(taken);
  }

  isDue(timed: string): boolean {
    const at = this.timers.get(timed);
    if (at === undefined || at > this.clock.monotonic()) return false;
    this.timers.delete(timed);
    return true;
  }
}

describe('KeyedQueue', () => {
  it('loses no wake-up and gives a key to one worker at a time', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(act, { maxLength: 40 }), async (acts) => {
        const bench = new Bench();
        for (const one of acts) await bench.play(one);
        for (let turn = 0; turn < 10; turn += 1) {
          for (const working of keys) await bench.play({ kind: 'done', key: working });
          await bench.play({ kind: 'wait', ms: 50 });
          await bench.play({ kind: 'take' });
        }
        assert.deepEqual([...bench.owed, ...bench.timers.keys()], []);
        bench.queue.close();
      }),
      { numRuns: 150 },
    );
  });

  it('hands out the most urgent first, and keeps the most urgent of several', async () => {
    const queue = new KeyedQueue(new ManualClock());
    queue.add('late', 'periodic');
    queue.add('commit', 'commit');
    queue.add('upgraded', 'periodic');
    queue.add('drift', 'drift');
    queue.add('upgraded', 'request');
    queue.add('upgraded', 'commit');
    const order: (string | undefined)[] = [];
    for (let i = 0; i < 4; i += 1) order.push(await queue.take());
    assert.deepEqual(order, ['upgraded', 'drift', 'commit', 'late']);
    assert.equal(queue.depth, 4, 'worked on counts');
    for (const taken of order) queue.done(taken);
    assert.equal(queue.depth, 0);
  });

  it('tells the order: those worked on, and then as it hands out', async () => {
    const queue = new KeyedQueue(new ManualClock());
    for (const added of ['first', 'second', 'third']) queue.add(added, 'commit');
    assert.equal(await queue.take(), 'first');
    queue.add('urgent', 'drift');
    assert.deepEqual(queue.inTurn(), ['first', 'urgent', 'second', 'third']);
  });

  it('keeps the earliest of several times, and none when it is added before', async () => {
    const clock = new ManualClock();
    const queue = new KeyedQueue(clock);
    queue.addAfter('a', 100);
    queue.addAfter('a', 50);
    queue.addAfter('a', 70);
    assert.deepEqual([clock.pending, clock.nextIn], [1, 50]);
    queue.add('a', 'commit');
    assert.equal(clock.pending, 0);
    assert.equal(await queue.take(), 'a');
  });

  it('answers everybody who waits when it closes, and takes nothing more', async () => {
    const clock = new ManualClock();
    const queue = new KeyedQueue(clock);
    const waiting = [queue.take(), queue.take()];
    queue.addAfter('a', 10);
    queue.close();
    queue.add('b', 'request');
    queue.addAfter('c', 10);
    assert.deepEqual(await Promise.all([...waiting, queue.take()]), [undefined, undefined, undefined]);
    assert.deepEqual([clock.pending, queue.depth], [0, 0]);
  });
});
