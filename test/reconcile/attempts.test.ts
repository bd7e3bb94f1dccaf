import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OperatorError } from '../../src/model/errors.ts';
import type { Outcome } from '../../src/model/outcome.ts';
import { Attempts } from '../../src/reconcile/attempts.ts';
import { ManualClock } from '../fakes/clock.ts';

const key = 'team/shop';
const error = new OperatorError('no', { step: 'apply', reason: 'InvalidObject', retry: 'interval' });
const failed: Outcome = { kind: 'failed', key, error };

test('each try that is due counts; another revision, and a success, start anew', async () => {
  const clock = new ManualClock();
  const attempts = new Attempts(clock);
  const next = async (revision: string): Promise<number> => {
    const count = attempts.after(failed, revision);
    attempts.waits(key, 1_000);
    await clock.advance(1_000);
    return count;
  };
  assert.deepEqual([await next('a'), await next('a'), await next('b')], [1, 2, 1]);
  assert.equal(attempts.after({ kind: 'gone', key }, 'b'), 0);
  assert.equal(await next('b'), 1);
});

test('a run that an event brought on before the next try is due is no try', async () => {
  const clock = new ManualClock();
  const attempts = new Attempts(clock);
  assert.equal(attempts.after(failed, 'a'), 1);
  attempts.waits(key, 1_000);
  await clock.advance(500);
  assert.equal(attempts.after(failed, 'a'), 1);
  await clock.advance(500);
  assert.equal(attempts.after(failed, 'a'), 2);
});
