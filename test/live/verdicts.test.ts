import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Health } from '../../src/model/health.ts';
import type { GroupKind } from '../../src/model/object.ts';
import { refKey, refOf } from '../../src/model/object.ts';
import type { LateVerdict } from '../../src/model/ports.ts';
import type { Stage } from './stage.ts';
import { deployments, health, objectOf, recordOf, setStage, stateOf } from './stage.ts';

const object = objectOf(stateOf());
const ref = refOf(object);
const never = new AbortController().signal;
const healthy: Health = { status: 'Healthy', message: 'says the script' };

/** A stage whose rules and late verdicts the test moves by hand. */
function late() {
  const rules = new Set<(isAffected: (kind: GroupKind) => boolean) => void>();
  const verdicts = new Set<(verdict: LateVerdict) => void>();
  const state: { settled: Promise<void> | undefined } = { settled: undefined };
  const subscribe = <T>(set: Set<T>, listener: T): (() => void) => {
    set.add(listener);
    return () => void set.delete(listener);
  };
  const stage: Stage = setStage(
    {},
    {
      health: { ...health, onChange: (listener) => subscribe(rules, listener) },
      verdicts: { onVerdict: (listener) => subscribe(verdicts, listener), settled: () => state.settled },
    },
  );
  stage.live.declare('ns/app', { record: [recordOf(object)], kinds: [deployments] });
  stage.reflector(deployments).synced(object);
  stage.wakes.length = 0;
  const decide = (resourceVersion: string, uid = 'u1') => {
    for (const listener of verdicts) listener({ ref, uid, resourceVersion, health: healthy });
  };
  const renew = (): void => rules.forEach((listener) => listener(({ kind }) => kind === 'Deployment'));
  return { stage, state, decide, renew, subscribers: () => rules.size + verdicts.size };
}

describe('a verdict that comes later', () => {
  it('is that of the object, and wakes its Application', () => {
    const { stage, decide } = late();
    decide('10');
    assert.deepEqual(stage.live.healthOf(ref), healthy);
    assert.deepEqual(stage.wakes, ['ns/app: health of Deployment.apps ns/web']);
    decide('10');
    assert.equal(stage.wakes.length, 1, 'the same again is no news');
  });

  it('counts for the version that is seen, and for no other object of that name', () => {
    const { stage, decide } = late();
    decide('9');
    decide('10', 'u2');
    assert.equal(stage.live.healthOf(ref)?.status, 'Progressing');
    assert.deepEqual(stage.wakes, []);
  });

  it('is waited for by who reads, but not for long', async () => {
    const { stage, state } = late();
    const first = Promise.withResolvers<undefined>();
    state.settled = first.promise.then(() => undefined);
    const question = { key: 'ns/app', wanted: [], recorded: [] };
    let answered = 0;
    const count = (): void => void (answered += 1);
    const reads = stage.live.read(question, never).then(count);
    await turns();
    assert.equal(answered, 0);
    first.resolve(undefined);
    await reads;
    state.settled = new Promise(() => undefined);
    const slow = stage.live.read(question, never).then(count);
    await turns();
    assert.equal(answered, 1);
    stage.clock.advance(2_000);
    await slow;
    assert.equal(answered, 2);
  });

  it('tells nobody after the end', () => {
    const { stage, subscribers } = late();
    assert.equal(subscribers(), 2);
    stage[Symbol.dispose]();
    assert.equal(subscribers(), 0);
  });
});

describe('rules that change', () => {
  it('have the kind listed again; what was seen holds until then', () => {
    const { stage, renew } = late();
    const before = stage.reflector(deployments);
    renew();
    assert.equal(before.stopped, true);
    assert.equal(stage.live.healthOf(ref)?.status, 'Progressing');
    assert.equal(stage.live.complete([deployments]), false);
    stage.reflector(deployments).synced(objectOf(stateOf({ status: {}, resourceVersion: 11 })));
    assert.equal(stage.live.healthOf(ref)?.status, 'Healthy');
    assert.deepEqual(stage.wakes, ['ns/app: the list of apps/Deployment is complete']);
    assert.deepEqual(stage.told(), []);
  });

  it('hide no deletion that happened meanwhile', () => {
    const { stage, renew } = late();
    renew();
    stage.reflector(deployments).synced();
    assert.equal(stage.live.observation(ref), undefined);
    assert.deepEqual(
      stage.suspects.map((suspect) => refKey(suspect.ref)),
      [refKey(ref)],
    );
  });
});

async function turns(): Promise<void> {
  for (let i = 0; i < 20; i++) await Promise.resolve();
}
