import assert from 'node:assert/strict';
import { test } from 'node:test';
import { WorkWhileLeading } from '../src/leading.ts';
import { ManualClock } from './fakes/clock.ts';

interface Work {
  readonly signal: AbortSignal;
  readonly started: () => void;
  readonly failed: (reason: unknown) => void;
  disposed: boolean;
}

/** Starts of the work are ended by the test. */
function leading(): { work: WorkWhileLeading; starts: Work[]; bugs: unknown[]; clock: ManualClock } {
  const starts: Work[] = [];
  const bugs: unknown[] = [];
  const start = (signal: AbortSignal): Promise<AsyncDisposable> => {
    const { promise, resolve, reject } = Promise.withResolvers<AsyncDisposable>();
    const end = (): Promise<void> => {
      one.disposed = true;
      return Promise.resolve();
    };
    const one: Work = {
      signal,
      started: () => resolve({ [Symbol.asyncDispose]: end }),
      failed: reject,
      disposed: false,
    };
    starts.push(one);
    return promise;
  };
  const clock = new ManualClock();
  const telemetry = { bug: (error: unknown): void => void bugs.push(error) };
  return { work: new WorkWhileLeading({ clock, telemetry }, start), starts, bugs, clock };
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('leading: the work runs from taking the Lease to its loss, and again with the next', async () => {
  const { work, starts } = leading();
  work.changed(true);
  await settled();
  starts[0]?.started();
  await settled();
  assert.equal(starts[0]?.disposed, false);
  work.changed(false);
  work.changed(true);
  await settled();
  assert.equal(starts[0].disposed, true);
  assert.equal(starts.length, 2);
  starts[1]?.started();
  await work[Symbol.asyncDispose]();
  assert.equal(starts[1]?.disposed, true);
});

test('leading: work whose start ends after the loss is ended, not kept', async () => {
  const { work, starts } = leading();
  work.changed(true);
  await settled();
  work.changed(false);
  assert.equal(starts[0]?.signal.aborted, true);
  starts[0].started();
  await work[Symbol.asyncDispose]();
  assert.equal(starts[0].disposed, true);
});

test('leading: a Lease that is taken while the process ends starts nothing', async () => {
  const { work, starts } = leading();
  const disposed = work[Symbol.asyncDispose]();
  work.changed(true);
  await disposed;
  await settled();
  assert.equal(starts.length, 0);
});

test('leading: a start that fails is a bug, unless the loss is why', async () => {
  const { work, starts, bugs } = leading();
  work.changed(true);
  await settled();
  work.changed(false);
  starts[0]?.failed(starts[0].signal.reason);
  await settled();
  assert.deepEqual(bugs, []);
  work.changed(true);
  await settled();
  const error = new Error('broken');
  starts[1]?.failed(error);
  await work[Symbol.asyncDispose]();
  assert.deepEqual(bugs, [error]);
});

test('leading: a start that fails is a bug, and tried again while the Lease is held', async () => {
  const { work, starts, bugs, clock } = leading();
  work.changed(true);
  await settled();
  starts[0]?.failed(new Error('boom'));
  await settled();
  assert.equal(bugs.length, 1);
  assert.equal(starts.length, 1);
  await clock.advance(5_000);
  await settled();
  assert.equal(starts.length, 2);
  starts[1]?.started();
  await work[Symbol.asyncDispose]();
  assert.equal(starts[1]?.disposed, true);
});
