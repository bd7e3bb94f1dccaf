import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { planChanges } from '../../src/diff/diff.ts';
import type { LiveAnswer } from '../../src/model/live.ts';
import type { KubeObject } from '../../src/model/object.ts';
import { appWith, body, desiredOf, entryFor, inputOf, live, manifest } from './world.ts';

const map = (value: string, policy?: string): KubeObject => {
  const metadata = policy === undefined ? {} : { annotations: { 'evenkeel.dev/policy': policy } };
  return manifest({}, { data: { value }, metadata });
};

const controlled = { metadata: { ownerReferences: [{ controller: true, kind: 'X', name: 'y' }] } };
const there = body(live(map('1')));
const theirs = body(live(map('1'), { uid: 'another', ...controlled }));
const absent: LiveAnswer = { state: 'absent' };

/** What becomes of a desired object with this policy. */
function fate(policy: string, answer: LiveAnswer, isRecorded: boolean): string {
  const record = isRecorded ? [entryFor(map('1'))] : [];
  const input = inputOf({ app: appWith(record), desired: desiredOf(map('2', policy)), answers: [[map('1'), answer]] });
  const [change] = planChanges(input).changes;
  return change?.kind === 'keep' ? `keep ${change.reason}` : (change?.kind ?? 'nothing');
}

const rows: readonly (readonly [policy: string, what: string, answer: LiveAnswer, recorded: boolean, string])[] = [
  ['create-only', 'is created when it is missing', absent, false, 'undecided'],
  ['create-only', 'is created again when it went', absent, true, 'undecided'],
  ['create-only', 'is in sync when it differs', there, true, 'keep inSync'],
  ['create-only', 'is left alone when somebody else made it', theirs, false, 'keep leftAlone'],
  ['create-only, no-prune', 'may be said with others', there, true, 'keep inSync'],
  ['no-update', 'is created when it is missing', absent, false, 'undecided'],
  ['no-update', 'stays as it is, and says so', there, true, 'keep heldByPolicy'],
  ['no-update', 'is refused like any other when a controller owns it', theirs, false, 'refuse'],
  ['external', 'is not created', absent, false, 'keep leftAlone'],
  ['external', 'needs no kind to be served', { state: 'notServed' }, false, 'keep leftAlone'],
  ['external', 'is not written, whoever owns it', theirs, false, 'keep leftAlone'],
  ['external', 'is let go when it was ours', there, true, 'release'],
  ['no-prune', 'is updated like any other', there, true, 'update'],
  ['recreate-if-immutable', 'is updated where that will do', there, true, 'update'],
];

describe('the policy of an object', () => {
  for (const [policy, what, answer, recorded, expected] of rows)
    it(`${policy}: it ${what}`, () => assert.equal(fate(policy, answer, recorded), expected));

  it('no-update: that the policy came into Git later is no difference', () => {
    const answers = [[map('1'), there]] as const;
    const input = inputOf({ app: appWith([entryFor(map('1'))]), desired: desiredOf(map('1', 'no-update')), answers });
    const [change] = planChanges(input).changes;
    assert.deepEqual([change?.kind, change?.kind === 'keep' && change.reason], ['keep', 'inSync']);
  });
});
