import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { FightAction } from '../../../src/model/fight.ts';
import type { Contest, Round, Rules } from '../../../src/reconcile/drift/contest.ts';
import { afterRound, calmInMs, isAtRest, newContest } from '../../../src/reconcile/drift/contest.ts';

const writer = { manager: 'mallory', operation: 'Update', subresource: '', time: '' } as const;
const minute = 60_000;

function rules(action: FightAction = 'BackOff', change: Partial<Rules> = {}): Rules {
  return { limit: 5, windowMs: minute, action, minIntervalMs: 2_000, ...change };
}

function round(now: number, change: Partial<Round> = {}): Round {
  return { now, taken: [], left: [], ...change };
}

/** The contest after a field was taken and put back at each of these times. */
function takenAt(times: readonly number[], by = rules()): Contest {
  return times.reduce(
    (contest, now) => afterRound(contest, round(now, { taken: ['data.k'] }), by),
    newContest(writer, times[0] ?? 0),
  );
}

function every(ms: number, times: number): number[] {
  return Array.from({ length: times }, (_, index) => index * ms);
}

describe('a contest over fields', () => {
  it('is a fight from the sixth take in quick succession on, and says how often', () => {
    assert.equal(takenAt(every(2_000, 5)).fight, undefined);
    const { fight } = takenAt(every(2_000, 6));
    assert.deepEqual([fight?.fields, fight?.rate, fight?.tries], [['data.k'], 30, 1]);
  });

  it('is none, however long it goes on, when the field is taken less often than the threshold says', () => {
    assert.equal(takenAt(every(minute / 4, 1_000)).fight, undefined);
    assert.notEqual(takenAt(every(minute / 5, 20)).fight, undefined);
  });

  it('counts each field for itself', () => {
    const times = every(2_000, 11);
    const contest = times.reduce(
      (before, now, index) =>
        afterRound(before, round(now, { taken: [index % 2 === 0 ? 'data.a' : 'data.b'] }), rules()),
      newContest(writer, 0),
    );
    assert.deepEqual(contest.fight?.fields, ['data.a']);
    const joined = afterRound(contest, round(22_000, { taken: ['data.b'] }), rules());
    assert.deepEqual(joined.fight?.fields, ['data.a', 'data.b']);
  });

  it('backs off longer with each try, at most five minutes', () => {
    let contest = takenAt(every(2_000, 6));
    const waits: number[] = [];
    for (let now = 10_000; waits.length < 9;) {
      const nextTryAt = contest.fight?.nextTryAt ?? 0;
      waits.push(nextTryAt - now);
      contest = afterRound(contest, round(now + 1, { left: ['data.k'] }), rules());
      now = nextTryAt;
      contest = afterRound(contest, round(now, { taken: ['data.k'] }), rules());
    }
    assert.deepEqual(
      waits,
      [4, 8, 16, 32, 64, 128, 256, 300, 300].map((seconds) => seconds * 1_000),
    );
  });

  it('keeps truces of one window at first, then of twice the time, at most an hour', () => {
    let contest = takenAt(every(2_000, 6), rules('Yield'));
    const truces: number[] = [];
    for (let now = 10_000; truces.length < 8;) {
      const nextTryAt = contest.fight?.nextTryAt ?? 0;
      truces.push((nextTryAt - now) / minute);
      contest = afterRound(contest, round(now + 1, { left: ['data.k'] }), rules('Yield'));
      now = nextTryAt;
      contest = afterRound(contest, round(now, { taken: ['data.k'] }), rules('Yield'));
      assert.equal(contest.fight?.insists, false);
    }
    assert.deepEqual(truces, [1, 2, 4, 8, 16, 32, 60, 60]);
  });

  it('knows a writer that no truce holds', () => {
    const contest = takenAt(every(2_000, 7), rules('Yield'));
    assert.equal(contest.fight?.insists, true);
  });

  it('ends one window after the last take, and not while the writer has the field', () => {
    const fought = takenAt(every(2_000, 6));
    assert.equal(calmInMs(fought, 10_000, rules()), minute);
    const standing = afterRound(fought, round(11_000, { left: ['data.k', 'data.other'] }), rules());
    assert.equal(calmInMs(standing, 11_000 + 10 * minute, rules()), undefined);
    const given = afterRound(standing, round(12 * minute), rules());
    assert.deepEqual([given.fight?.stands, given.fight?.tries], [false, 1], 'given back, not put back');
    assert.equal(calmInMs(given, 12 * minute, rules()), minute);
    assert.equal(calmInMs(given, 13 * minute + 1, rules()), 0);
  });

  it('counts a take that is seen and left once, not again when it is put back', () => {
    const fought = takenAt(every(2_000, 6));
    const seen = afterRound(fought, round(50_000, { left: ['data.k'] }), rules());
    const putBack = afterRound(seen, round(50_000, { taken: ['data.k'] }), rules());
    assert.deepEqual(putBack.levels, seen.levels);
    assert.deepEqual([putBack.fight?.stands, putBack.fight?.tries], [false, 2]);
  });

  it('is forgotten at rest', () => {
    const contest = takenAt([0]);
    assert.equal(isAtRest(contest, minute, rules()), false);
    assert.equal(isAtRest(contest, 4 * minute, rules()), true);
  });
});

describe('whatever is taken and when', () => {
  const steps = fc.array(
    fc.record({
      after: fc.nat({ max: 3 * minute }),
      taken: fc.subarray(['a', 'b', 'c']),
      left: fc.subarray(['a', 'b', 'c']),
    }),
    { maxLength: 40 },
  );
  const anyRules = fc
    .tuple(fc.constantFrom<FightAction>('BackOff', 'Yield', 'Report'), fc.integer({ min: 1, max: 8 }))
    .map(([action, limit]) => rules(action, { limit }));

  it('counters stay within the threshold, and a fight waits a bounded time and ends when nothing is taken', () => {
    fc.assert(
      fc.property(steps, anyRules, (list, by) => {
        let now = 0;
        let contest = newContest(writer, now);
        for (const { after, taken, left } of list) {
          now += after;
          contest = afterRound(contest, { now, taken, left }, by);
          for (const { level } of contest.levels) assert.ok(level > 0 && level <= by.limit);
          assert.ok((contest.fight?.nextTryAt ?? 0) <= now + 60 * minute);
        }
        const quiet = afterRound(contest, round(now), by);
        assert.ok((calmInMs(quiet, now, by) ?? Number.NaN) <= by.windowMs);
        assert.equal(calmInMs(quiet, now + by.windowMs + 1, by), 0);
      }),
    );
  });

  it('fewer takes than the threshold never make a fight', () => {
    fc.assert(
      fc.property(steps, fc.integer({ min: 2, max: 8 }), (list, limit) => {
        const few = list.slice(0, limit - 1);
        let now = 0;
        let contest = newContest(writer, now);
        for (const { after, taken } of few) {
          now += after;
          contest = afterRound(contest, round(now, { taken }), rules('BackOff', { limit }));
        }
        assert.equal(contest.fight, undefined);
      }),
    );
  });
});
