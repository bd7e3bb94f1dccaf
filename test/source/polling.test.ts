import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { OperatorError } from '../../src/model/errors.ts';
import { gitUnavailable } from '../../src/source/failures.ts';
import { Poll, type PollOutcome } from '../../src/source/polling.ts';
import { ManualClock, settled } from '../fakes/clock.ts';

function stage(random = 0.5) {
  const clock = new ManualClock();
  const looks: number[] = [];
  const news: string[] = [];
  const answers: { next: PollOutcome } = { next: { kind: 'found', revision: 'r1' } };
  const poll = new Poll({
    clock,
    random: () => random,
    look: () => {
      looks.push(clock.monotonic());
      return Promise.resolve(answers.next);
    },
    news: (keys) => news.push([...keys].join()),
  });
  return { clock, looks, news, answers, poll };
}

test('the first look is at once, then one per interval however many follow', async () => {
  const { clock, looks, news, poll } = stage();
  for (const key of ['a', 'b', 'c']) poll.follow(key, 30_000);
  await clock.advance(95_000);
  assert.deepEqual(looks, [0, 30_000, 60_000, 90_000]);
  assert.deepEqual(news, ['a,b,c']);
});

test('the shortest interval counts, also of one who joins later, until he leaves', async () => {
  const { clock, looks, poll } = stage();
  poll.follow('a', 60_000);
  await clock.advance(10_000);
  poll.follow('b', 5_000);
  await clock.advance(11_000);
  poll.unfollow('b');
  await clock.advance(100_000);
  assert.deepEqual(looks, [0, 15_000, 20_000, 25_000, 85_000]);
});

test('jitter stays within a tenth', async () => {
  for (const [random, due] of [
    [0, 27_000],
    [1, 33_000],
  ] as const) {
    // prettier-ignore
    const { clock, looks, poll } = stage(random);
    poll.follow('a', 30_000);
    await clock.advance(34_000);
    assert.deepEqual(looks, [0, due]);
  }
});

test('news only when something is new', async () => {
  const { clock, news, answers, poll } = stage();
  poll.follow('a', 1_000);
  await clock.advance(2_500);
  assert.equal(news.length, 1);
  answers.next = { kind: 'found', revision: 'r2' };
  await clock.advance(1_000);
  assert.equal(news.length, 2);
  answers.next = { kind: 'failed', error: gitUnavailable('down') };
  await clock.advance(60_000);
  assert.equal(news.length, 3);
  assert.equal(poll.newest, 'r2');
  const error = new OperatorError('no', { step: 'source', reason: 'AuthenticationFailed', retry: 'interval' });
  answers.next = { kind: 'failed', error };
  await clock.advance(10_000);
  assert.equal(news.length, 4);
  answers.next = { kind: 'found', revision: 'r2' };
  await clock.advance(10_000);
  assert.equal(news.length, 5);
});

test('failures back off up to the interval', async () => {
  const { clock, looks, answers, poll } = stage();
  answers.next = { kind: 'failed', error: gitUnavailable('down') };
  poll.follow('a', 30_000);
  await clock.advance(100_000);
  assert.deepEqual(looks, [0, 1_000, 3_000, 7_000, 15_000, 31_000, 61_000, 91_000]);
});

test('wrong credentials are not tried faster than the interval', async () => {
  const { clock, looks, answers, poll } = stage();
  const error = new OperatorError('no', { step: 'source', reason: 'AuthenticationFailed', retry: 'interval' });
  answers.next = { kind: 'failed', error };
  poll.follow('a', 30_000);
  await clock.advance(65_000);
  assert.deepEqual(looks, [0, 30_000, 60_000]);
});

test('Retry-After is never undercut', async () => {
  const { clock, looks, answers, poll } = stage();
  answers.next = { kind: 'failed', error: gitUnavailable('busy', undefined, 20_000) };
  poll.follow('a', 5_000);
  await clock.advance(45_000);
  assert.deepEqual(looks, [0, 20_000, 40_000]);
});

test('nobody follows: nothing is looked at', async () => {
  const { clock, looks, poll } = stage();
  poll.follow('a', 1_000);
  await settled();
  poll.unfollow('a');
  await clock.advance(60_000);
  assert.deepEqual(looks, [0]);
  assert.equal(clock.pending, 0);
});

describe('looking again', () => {
  function held() {
    const clock = new ManualClock();
    const looks: PromiseWithResolvers<PollOutcome>[] = [];
    const poll = new Poll({
      clock,
      random: () => 0.5,
      look: () => {
        const look = Promise.withResolvers<PollOutcome>();
        looks.push(look);
        return look.promise;
      },
      news: () => undefined,
    });
    const answer = async (revision: string) => {
      looks.at(-1)?.resolve({ kind: 'found', revision });
      await settled();
    };
    return { clock, looks, poll, answer };
  }

  test('during a look: one more follows however often it is asked for, and its answer is the newer one', async () => {
    const { clock, looks, poll, answer } = held();
    poll.follow('a', 30_000);
    const asked = Array.from({ length: 1_000 }, () => poll.lookAgain());
    await settled();
    assert.equal(looks.length, 1);
    await answer('old');
    assert.equal(looks.length, 2);
    await answer('new');
    for (const outcome of await Promise.all(asked)) assert.deepEqual(outcome, { kind: 'found', revision: 'new' });
    await clock.advance(20_000);
    assert.equal(looks.length, 2);
    assert.equal(poll.newest, 'new');
  });

  test('while nothing is under way it is at once; what is asked for soon after is one look, 250 ms later', async () => {
    const { clock, looks, poll, answer } = held();
    poll.follow('a', 30_000);
    await answer('old');
    for (let i = 0; i < 1_000; i++) {
      void poll.lookAgain();
      await settled();
      await answer('new');
    }
    assert.equal(looks.length, 2);
    await clock.advance(249);
    assert.equal(looks.length, 2);
    await clock.advance(1);
    assert.equal(looks.length, 3);
    await answer('newest');
    await clock.advance(20_000);
    assert.equal(looks.length, 3);
    assert.equal(poll.newest, 'newest');
  });

  test('a remote that takes long is asked less often, but every 2 s', async () => {
    const { clock, looks, poll, answer } = held();
    poll.follow('a', 30_000);
    await answer('old');
    for (const [tookMs, pauseMs] of [
      [100, 1_000],
      [500, 2_000],
    ] as const) {
      const before = looks.length;
      void poll.lookAgain();
      await settled();
      await clock.advance(tookMs);
      await answer('new');
      void poll.lookAgain();
      await clock.advance(pauseMs - tookMs - 1);
      assert.equal(looks.length, before + 1);
      await clock.advance(1);
      assert.equal(looks.length, before + 2);
      await answer('new');
      await clock.advance(2_000);
    }
  });

  test('asked for during the look that follows, another one follows', async () => {
    const { clock, looks, poll, answer } = held();
    poll.follow('a', 30_000);
    void poll.lookAgain();
    await answer('old');
    const last = poll.lookAgain();
    await clock.advance(5_000);
    assert.equal(looks.length, 2);
    await answer('new');
    assert.equal(looks.length, 3);
    await answer('newest');
    assert.deepEqual(await last, { kind: 'found', revision: 'newest' });
  });

  test('lookedSince: the look under way began too early, and a later one is for all', async () => {
    const { clock, looks, poll, answer } = held();
    poll.follow('a', 30_000);
    await clock.advance(100);
    const asked = [poll.lookedSince(100), poll.lookedSince(50)];
    await answer('old');
    assert.equal(looks.length, 2);
    await answer('new');
    await Promise.all(asked);
    await poll.lookedSince(100);
    assert.equal(looks.length, 2);
    assert.deepEqual([poll.newest, poll.newestAt], ['new', 100]);
  });

  test('a look by the interval that began before does not count', async () => {
    const { clock, looks, poll, answer } = held();
    poll.follow('a', 1_000);
    await answer('old');
    void poll.lookAgain();
    await settled();
    await answer('old');
    await clock.advance(1_000);
    assert.equal(looks.length, 3);
    void poll.lookAgain();
    await clock.advance(3_000);
    assert.equal(looks.length, 3);
    await answer('old');
    assert.equal(looks.length, 4);
  });

  test('not when nobody follows any more, and nothing waits then', async () => {
    const { clock, looks, poll, answer } = held();
    poll.follow('a', 30_000);
    void poll.lookAgain();
    await answer('old');
    const again = poll.lookAgain();
    await answer('new');
    poll.unfollow('a');
    assert.deepEqual(await again, { kind: 'found', revision: 'new' });
    assert.deepEqual([looks.length, clock.pending], [2, 0]);
  });
});
