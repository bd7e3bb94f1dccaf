import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { hookWeight, roleOf } from '../../src/model/hook.ts';
import type { HookRun } from '../../src/model/hook-run.ts';
import { generatedName, isGeneratedName, runMark } from '../../src/model/hook-run.ts';
import type { JsonObject } from '../../src/model/json.ts';

const first = { prefix: 'evenkeel.dev/' };
const argo = 'argocd.argoproj.io/hook';
const byDefault = ['BeforeHookCreation'];

function role(annotations: JsonObject): unknown {
  return roleOf(annotations, first);
}

describe('roles', () => {
  const cases: readonly (readonly [JsonObject, unknown])[] = [
    [{}, { kind: 'object' }],
    [{ [argo]: 'PreSync' }, { kind: 'hook', times: [{ phase: 'PreSync' }], deletes: byDefault }],
    [
      { [argo]: 'PreSync, PostSync', 'argocd.argoproj.io/hook-delete-policy': 'HookSucceeded,HookFailed' },
      {
        kind: 'hook',
        times: [{ phase: 'PreSync' }, { phase: 'PostSync' }],
        deletes: ['HookSucceeded', 'HookFailed'],
      },
    ],
    [{ [argo]: 'Skip' }, { kind: 'skip' }],
    [{ [argo]: 'PreSync', 'evenkeel.dev/hook': 'Skip' }, { kind: 'skip' }],
    [{ 'helm.sh/hook': 'crd-install' }, { kind: 'object' }],
    [{ 'helm.sh/hook': 'test' }, { kind: 'skip' }],
    [
      { 'helm.sh/hook': 'pre-install', 'helm.sh/hook-delete-policy': 'hook-succeeded' },
      { kind: 'hook', times: [{ phase: 'PreSync', only: 'install' }], deletes: ['HookSucceeded'] },
    ],
    [
      { 'helm.sh/hook': 'pre-install,pre-upgrade' },
      { kind: 'hook', times: [{ phase: 'PreSync' }], deletes: byDefault },
    ],
    [
      { 'helm.sh/hook': 'post-upgrade,test,pre-delete' },
      { kind: 'hook', times: [{ phase: 'PostSync', only: 'upgrade' }, { phase: 'PreDelete' }], deletes: byDefault },
    ],
  ];
  for (const [annotations, expected] of cases)
    test(JSON.stringify(annotations), () => assert.deepEqual(role(annotations), expected));

  test("17. a valid hook of Argo CD's replaces Helm's", () => {
    const annotations = { [argo]: 'Sync', 'helm.sh/hook': 'pre-install' };
    assert.deepEqual(role(annotations), { kind: 'hook', times: [{ phase: 'Sync' }], deletes: byDefault });
  });

  for (const annotations of [
    { [argo]: 'PreSnyc' },
    { [argo]: 'Skip,PreSync' },
    { [argo]: 'PreSync', 'argocd.argoproj.io/hook-delete-policy': 'Never' },
    { 'helm.sh/hook': 'pre-everything' },
  ])
    test(`18. ${JSON.stringify(annotations)} is refused`, () => {
      const read = roleOf(annotations, first);
      assert.equal(read.kind, 'wrong');
      assert.match(read.message, /is none of/);
    });

  test("Helm's weight is the wave unless another annotation gives it", () => {
    const weight = { 'helm.sh/hook-weight': '-5' };
    assert.equal(hookWeight(weight, first), -5);
    assert.equal(hookWeight({ ...weight, 'evenkeel.dev/sync-wave': '0' }, first), undefined);
    assert.ok(Number.isNaN(hookWeight({ 'helm.sh/hook-weight': 'high' }, first)));
  });
});

test('26. names and marks of a run', () => {
  const run: HookRun = {
    startedAt: '2026-03-01T00:00:00Z',
    attempt: 1,
    revision: '0123456789abcdef',
    digest: '',
    release: 'install',
    hooks: [],
  };
  const name = generatedName('migrate-', run, 'PreSync');
  assert.equal(name, 'migrate-0123456-presync-1772323200');
  assert.ok(isGeneratedName(name, 'migrate-'));
  assert.ok(!isGeneratedName('migrate-by-hand', 'migrate-'));
  assert.equal(runMark(run, 'PostSync'), '1772323200-0123456-PostSync');
});
