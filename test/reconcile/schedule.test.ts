import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { ApplicationSpec } from '../../src/model/application.ts';
import type { Retry } from '../../src/model/errors.ts';
import { OperatorError, OperatorErrors } from '../../src/model/errors.ts';
import type { Outcome } from '../../src/model/outcome.ts';
import { nextRun, retryLimit } from '../../src/reconcile/schedule.ts';
import { applicationNamed } from '../apply/application.ts';
import { manual, settledAs } from './settled.ts';

function error(retry: Retry, retryAfterMs?: number): OperatorError {
  const after = retryAfterMs === undefined ? {} : { retryAfterMs };
  return new OperatorError('made to fail', { step: 'apply', reason: 'ApiServerError', retry, ...after });
}

function failed(retry: Retry, spec: Partial<ApplicationSpec> = {}, retryAfterMs?: number): Outcome {
  const app = applicationNamed('shop', spec);
  return { kind: 'failed', key: app.key, app, error: error(retry, retryAfterMs) };
}

const app = applicationNamed('shop');
const none = (): number => 0;

describe('when an Application is looked at again by itself', () => {
  const rows: readonly [string, Outcome, number, number | undefined][] = [
    ['gone', { kind: 'gone', key: app.key }, 0, undefined],
    ['abandoned', { kind: 'abandoned', app }, 0, undefined],
    ['suspended', { kind: 'suspended', app }, 0, undefined],
    ['settled', { kind: 'settled', app, settled: settledAs({}) }, 0, undefined],
    ['progressing', { kind: 'settled', app, settled: settledAs({ progressing: true }) }, 0, 30_000],
    ['partly failed', { kind: 'settled', app, settled: settledAs({ failure: error('interval') }) }, 1, 5_000],
    ['an outside fault, first', failed('backoff'), 1, 5_000],
    ['an outside fault, second', failed('backoff'), 2, 10_000],
    ['an outside fault, hundredth', failed('backoff'), 100, 10_000],
    ['a wrong spec', failed('never'), 1, undefined],
    ['the policy, first', failed('interval'), 1, 5_000],
    ['the policy, third', failed('interval'), 3, 20_000],
    ['the policy used up: slowly', failed('interval'), 6, 180_000],
    ['manual: no retries', { kind: 'failed', key: app.key, app: manual(app), error: error('interval') }, 1, 180_000],
    ['a limit of its own', failed('interval', { retry: { ...app.spec.retry, limit: 1 } }), 2, 180_000],
    ['unlimited, capped', failed('interval', { retry: { ...app.spec.retry, limit: -1 } }), 5_000, 180_000],
    ['a policy of 0 s', failed('interval', { retry: { ...app.spec.retry, durationMs: 0, factor: 1 } }), 1, 1_000],
    ['Retry-After is longer', failed('backoff', {}, 60_000), 1, 60_000],
    ['Retry-After is shorter', failed('backoff', {}, 1_000), 1, 5_000],
  ];
  for (const [name, outcome, attempt, delayMs] of rows) {
    it(`${name}: ${delayMs === undefined ? 'only when something happens' : `${delayMs} ms`}`, () => {
      assert.equal(nextRun(outcome, attempt, none)?.delayMs, delayMs);
    });
  }

  it('the longest Retry-After of several errors counts', () => {
    const errors = new OperatorErrors([error('backoff', 7_000), error('backoff', 90_000), error('backoff')]);
    assert.equal(nextRun({ kind: 'failed', key: app.key, app, error: errors }, 1, none)?.delayMs, 90_000);
  });

  it('is never sooner than asked, never below a second, never below 5 s for outside faults, and never later than a limit', () => {
    const policy = fc.record({
      limit: fc.integer({ min: -1, max: 10 }),
      durationMs: fc.integer({ min: 0, max: 600_000 }),
      factor: fc.integer({ min: 1, max: 1_000 }),
      maxDurationMs: fc.integer({ min: 0, max: 600_000 }),
    });
    fc.assert(
      fc.property(
        fc.record({
          policy,
          retry: fc.constantFrom<Retry>('backoff', 'interval'),
          attempt: fc.integer({ min: 1, max: 2_000 }),
          after: fc.option(fc.nat(300_000), { nil: undefined }),
          random: fc.double({ min: 0, max: 0.999, noNaN: true }),
        }),
        ({ policy: granted, retry, attempt, after, random }) => {
          const next = nextRun(failed(retry, { retry: granted }, after), attempt, () => random);
          assert.ok(next !== undefined);
          assert.ok(next.delayMs >= (after ?? 0));
          assert.ok(next.delayMs >= (retry === 'backoff' ? 5_000 : 1_000));
          assert.ok(next.delayMs <= Math.max(after ?? 0, 1.2 * 600_000));
          assert.equal(next.isFailure, true);
        },
      ),
    );
  });

  it('grants 5 retries when automated and none when manual, unless the policy says otherwise', () => {
    assert.equal(retryLimit(app), 5);
    assert.equal(retryLimit(manual(app)), 0);
    assert.equal(retryLimit(applicationNamed('shop', { retry: { ...app.spec.retry, limit: 2 } })), 2);
    assert.equal(retryLimit(applicationNamed('shop', { retry: { ...app.spec.retry, limit: -1 } })), Infinity);
  });
});
