import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Gate } from '../../src/kube/gate.ts';
import type { GatePriority } from '../../src/kube/gate.ts';
import { ApiError } from '../../src/model/api-error.ts';
import { ManualClock, settled } from '../fakes/clock.ts';

function stage(connections = 3) {
  const clock = new ManualClock();
  const gate = new Gate({ clock, connections, patienceMs: 5_000 });
  const admitted: string[] = [];
  const refused: ApiError[] = [];
  const { signal } = new AbortController();
  const enter = (name: string, priority: GatePriority = 'normal') => {
    void gate.enter(priority, signal).then(
      () => admitted.push(name),
      (error: unknown) => refused.push(error instanceof ApiError ? error : assert.fail(String(error))),
    );
  };
  return { clock, gate, admitted, refused, enter };
}

describe('gate', () => {
  test('normal requests leave a connection to urgent ones, and these one to the Lease', async () => {
    const { admitted, enter } = stage();
    for (const name of ['n1', 'n2', 'n3']) enter(name);
    for (const name of ['u1', 'u2']) enter(name, 'urgent');
    for (const name of ['l1', 'l2']) enter(name, 'lease');
    await settled();
    assert.deepEqual(admitted, ['n1', 'n2', 'u1', 'l1']);
  });

  test('the more urgent goes first, then the longest waiting', async () => {
    const { gate, admitted, enter } = stage();
    for (const name of ['n1', 'n2', 'n3', 'n4']) enter(name);
    enter('u1', 'urgent');
    enter('u2', 'urgent');
    await settled();
    for (let i = 0; i < 4; i += 1) {
      gate.leave('normal');
      await settled();
    }
    assert.deepEqual(admitted, ['n1', 'n2', 'u1', 'u2', 'n3', 'n4']);
  });

  test('a short pause is waited for, by everybody but the Lease', async () => {
    const { clock, gate, admitted, enter } = stage();
    gate.pauseFor(2_000);
    enter('n');
    enter('u', 'urgent');
    enter('l', 'lease');
    await clock.advance(1_999);
    assert.deepEqual(admitted, ['l']);
    await clock.advance(1);
    assert.deepEqual(admitted, ['l', 'u', 'n']);
  });

  test('a long pause is told at once, with what is left of it', async () => {
    const { clock, gate, refused, enter } = stage();
    enter('n0');
    gate.pauseFor(60_000);
    await clock.advance(10_000);
    enter('n');
    await settled();
    assert.deepEqual(
      refused.map(({ kind, retryAfterMs }) => [kind, retryAfterMs]),
      [['throttled', 50_000]],
    );
  });

  test('during an outage all together try twice a second, and wait no longer than their patience', async () => {
    const { clock, gate, admitted, refused, enter } = stage();
    gate.failed('refused');
    for (let i = 0; i < 50; i += 1) enter(`n${i}`);
    for (let elapsed = 0; elapsed < 4_000; elapsed += 100) {
      const { length } = admitted;
      await clock.advance(100);
      for (let tries = admitted.length - length; tries > 0; tries -= 1) {
        gate.failed('refused');
        gate.leave('normal');
      }
    }
    assert.ok(admitted.length >= 6 && admitted.length <= 8, `${admitted.length} tries in 4 s`);
    await clock.advance(5_600);
    assert.ok(refused.length >= 40);
    assert.match(refused[0]?.message ?? '', /cannot be reached: refused/);
    assert.equal(refused[0]?.kind, 'unavailable');
  });

  test('the first answer ends an outage for all', async () => {
    const { clock, gate, admitted, enter } = stage(10);
    gate.failed('refused');
    for (const name of ['a', 'b', 'c']) enter(name);
    await clock.advance(600);
    assert.deepEqual(admitted, ['a']);
    gate.answered('normal');
    await settled();
    assert.deepEqual(admitted, ['a', 'b', 'c']);
  });

  test('a try that ended without a verdict lets the next one try', async () => {
    const { clock, gate, admitted, enter } = stage();
    gate.failed('refused');
    enter('a');
    enter('b');
    await clock.advance(600);
    gate.leave('normal');
    await clock.advance(600);
    assert.deepEqual(admitted, ['a', 'b']);
  });

  test('who gives up is forgotten', async () => {
    const { gate } = stage(2);
    const giveUp = new AbortController();
    await gate.enter('normal', giveUp.signal);
    const second = gate.enter('normal', giveUp.signal);
    giveUp.abort();
    await assert.rejects(second, ApiError);
    gate.leave('normal');
    await gate.enter('normal', new AbortController().signal);
  });

  test('a server that fails every request is left alone but for two tries a second', async () => {
    const { clock, gate, admitted, refused, enter } = stage();
    for (let i = 0; i < 4; i += 1) gate.faulted('HTTP 503');
    enter('n0');
    await settled();
    gate.answered('normal');
    gate.leave('normal');
    for (let i = 0; i < 5; i += 1) gate.faulted('HTTP 503');
    for (const name of ['n1', 'n2', 'n3']) enter(name);
    await settled();
    assert.deepEqual(admitted, ['n0'], 'four in a row were none, five are an outage');
    await clock.advance(500);
    assert.deepEqual(admitted, ['n0', 'n1']);
    gate.answered('lease');
    gate.faulted('HTTP 503');
    gate.leave('normal');
    await settled();
    assert.deepEqual(admitted, ['n0', 'n1'], 'the Lease alone does not open it');
    await clock.advance(500);
    gate.answered('normal');
    gate.leave('normal');
    await settled();
    assert.deepEqual(admitted, ['n0', 'n1', 'n2', 'n3']);
    for (let i = 0; i < 5; i += 1) gate.faulted('HTTP 503');
    enter('n4');
    await clock.advance(500);
    enter('n5');
    await clock.advance(5_000);
    assert.deepEqual(
      refused.map(({ message }) => message),
      ['the API server fails all requests: HTTP 503'],
    );
  });
});
