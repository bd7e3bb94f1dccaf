import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Ref } from '../../../src/model/object.ts';
import { PendingWrites } from '../../../src/reconcile/drift/pending.ts';

const ref: Ref = { group: '', kind: 'ConfigMap', namespace: 'default', name: 'a' };
const other: Ref = { ...ref, name: 'b' };

describe('what a run is about to write', () => {
  it('is pending from its announcement to the end of the run, and nothing else is', () => {
    const pending = new PendingWrites();
    pending.announce('evenkeel/app', [ref]);
    assert.deepEqual([pending.has('evenkeel/app', ref), pending.has('evenkeel/app', other)], [true, false]);
    pending.done('evenkeel/app');
    assert.equal(pending.has('evenkeel/app', ref), false);
  });

  it('calls back once, when the run of that Application has ended', () => {
    const pending = new PendingWrites();
    const calls: string[] = [];
    pending.whenDone('evenkeel/app', () => calls.push('done'));
    pending.done('evenkeel/another');
    assert.deepEqual(calls, []);
    pending.done('evenkeel/app');
    pending.done('evenkeel/app');
    assert.deepEqual(calls, ['done']);
  });

  it('has had no run before the first has ended, nor after the Application is gone', () => {
    const pending = new PendingWrites();
    const calls: string[] = [];
    pending.announce('evenkeel/app', [ref]);
    assert.equal(pending.hasRun('evenkeel/app'), false);
    pending.done('evenkeel/app');
    assert.equal(pending.hasRun('evenkeel/app'), true);
    pending.whenDone('evenkeel/app', () => calls.push('gone'));
    pending.forget('evenkeel/app');
    assert.deepEqual([pending.hasRun('evenkeel/app'), calls], [false, ['gone']]);
  });
});
