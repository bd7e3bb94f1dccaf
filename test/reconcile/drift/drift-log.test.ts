import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { DriftEntry } from '../../../src/model/application.ts';
import type { DriftFound } from '../../../src/reconcile/drift/drift-log.ts';
import { DriftLog } from '../../../src/reconcile/drift/drift-log.ts';
import { ManualClock } from '../../fakes/clock.ts';
import { configMapRef } from '../stage.ts';

const key = 'apps/shop';
const by = { manager: 'mallory', operation: 'Update', subresource: '', time: '' } as const;

function drifted(name: string, change: Partial<DriftFound> = {}): DriftFound {
  return { ref: configMapRef(name), fields: ['data.k'], by, healed: true, ...change };
}

function log(): { clock: ManualClock; drift: DriftLog; writes: number[] } {
  const clock = new ManualClock();
  const writes: number[] = [];
  const write = (): Promise<undefined> => {
    writes.push(clock.monotonic());
    return Promise.resolve(undefined);
  };
  return { clock, writes, drift: new DriftLog(clock, write) };
}

describe('DriftLog', () => {
  it('writes the first at once, then at most once in five seconds, and the last one in any case', async () => {
    const { clock, drift, writes } = log();
    for (let n = 0; n < 12; n += 1) {
      drift.add(key, drifted(`m${n}`), undefined);
      await clock.advance(1_000);
    }
    await clock.advance(60_000);
    assert.deepEqual(writes, [0, 5_000, 10_000, 15_000]);
    assert.equal(clock.pending, 0);
  });

  it('counts the five seconds from the end of a write: the server has it then', async () => {
    const clock = new ManualClock();
    const writes: number[] = [];
    const drift = new DriftLog(clock, async () => {
      writes.push(clock.monotonic());
      return new Promise((resolve) => clock.after(700, () => resolve(undefined)));
    });
    drift.add(key, drifted('a'), undefined);
    await clock.advance(300);
    drift.add(key, drifted('b'), undefined);
    await clock.advance(20_000);
    assert.deepEqual(writes, [0, 5_700]);
  });

  it('keeps what status has in place of its own, unless something came meanwhile', async () => {
    const clock = new ManualClock();
    let inStatus: readonly DriftEntry[] | undefined;
    const drift = new DriftLog(clock, () => {
      inStatus = structuredClone(drift.entries(key, undefined));
      return new Promise((resolve) => clock.after(700, () => resolve(inStatus)));
    });
    drift.add(key, drifted('a'), undefined);
    await clock.advance(1_000);
    assert.equal(drift.entries(key, undefined), inStatus);
    drift.add(key, drifted('b'), undefined);
    await clock.advance(5_000);
    drift.add(key, drifted('c'), undefined);
    await clock.advance(600);
    assert.deepEqual(
      drift.entries(key, undefined).map(({ name }) => name),
      ['c', 'b', 'a'],
    );
  });

  it('never writes twice within five seconds, whatever comes', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(fc.nat(9_000), fc.boolean()), { maxLength: 15 }), async (steps) => {
        const { clock, drift, writes } = log();
        for (const [ms, healed] of steps) {
          drift.add(key, drifted('a', { healed, fields: [`data.${ms}`] }), undefined);
          await clock.advance(ms);
        }
        await clock.advance(5_000);
        assert.equal(writes.length > 0, steps.length > 0);
        for (const [index, at] of writes.entries()) assert.ok(index === 0 || at - (writes[index - 1] ?? 0) >= 5_000);
      }),
      { numRuns: 30 },
    );
  });

  it('keeps the newest twenty, open ones first, one open entry per object since it opened', async () => {
    const { clock, drift } = log();
    drift.add(key, drifted('open', { healed: false }), undefined);
    await clock.advance(1_000);
    drift.add(key, drifted('open', { healed: false, fields: ['data.other'] }), undefined);
    for (let n = 0; n < 30; n += 1) drift.add(key, drifted(`m${n}`), undefined);
    const entries = drift.entries(key, undefined);
    assert.equal(entries.length, 20);
    assert.deepEqual([entries[0]?.name, entries[0]?.fields, entries[1]?.name], ['open', ['data.other'], 'm29']);
    assert.equal(entries.filter(({ name }) => name === 'open').length, 1);
    assert.equal(entries[0]?.since, '2026-01-01T00:00:00.000Z');
    drift.healed(key, configMapRef('open'), undefined);
    assert.notEqual(drift.entries(key, undefined).find(({ name }) => name === 'open')?.healed, undefined);
  });

  it('writes nothing for what is known, and for what was not open', async () => {
    const { clock, drift, writes } = log();
    drift.add(key, drifted('a', { healed: false }), undefined);
    await clock.advance(60_000);
    drift.add(key, drifted('a', { healed: false }), undefined);
    drift.healed(key, configMapRef('b'), undefined);
    assert.deepEqual([writes, clock.pending], [[0], 0]);
  });

  it('goes on from what status had before a restart', () => {
    const { drift } = log();
    drift.add(key, drifted('a', { healed: false }), undefined);
    const { drift: next } = log();
    const inStatus = drift.entries(key, undefined);
    assert.deepEqual(next.entries(key, inStatus), inStatus);
    next.healed(key, configMapRef('a'), inStatus);
    assert.notEqual(next.entries(key, inStatus)[0]?.healed, undefined);
  });

  it('forgets an Application, and what it was about to write', async () => {
    const { clock, drift, writes } = log();
    drift.add(key, drifted('a'), undefined);
    drift.add(key, drifted('b'), undefined);
    drift.forget(key);
    await clock.advance(60_000);
    assert.deepEqual([writes, drift.entries(key, undefined)], [[0], []]);
  });
});
