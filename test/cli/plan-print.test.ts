import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { load } from 'js-yaml';
import type { PlanFormat } from '../../src/cli/plan-print.ts';
import { hooksAreDue } from '../../src/cli/hook-rows.ts';
import { printPlan } from '../../src/cli/plan-print.ts';
import type { Planned } from '../../src/cli/planning.ts';
import { planChanges } from '../../src/diff/diff.ts';
import type { DesiredHook } from '../../src/model/desired.ts';
import type { HookChange } from '../../src/model/hook-plan.ts';
import type { KubeObject } from '../../src/model/object.ts';
import type { Change } from '../../src/model/plan.ts';
import { refKey, refOf } from '../../src/model/object.ts';
import type { AppOverrides } from '../diff/world.ts';
import { appWith, body, desiredOf, entryFor, inputOf, live } from '../diff/world.ts';

interface Case {
  readonly name: string;
  readonly git: readonly KubeObject[];
  /** As we applied them. */
  readonly cluster: readonly KubeObject[];
  /** Ours by the record are all of the cluster, but for these names. */
  readonly foreign?: readonly string[];
  /** What a dry-run was answered. */
  readonly answers?: readonly KubeObject[];
  readonly app?: AppOverrides;
  readonly expected: Readonly<Partial<Record<PlanFormat, string>>>;
}

const cases = load(readFileSync(new URL('cases/plans.yaml', import.meta.url), 'utf8')) as readonly Case[];

function planned({ git, cluster, foreign = [], answers = [], app: overrides = {} }: Case): Planned {
  const desired = desiredOf(...git);
  const found = new Map(cluster.map((object) => [refKey(refOf(object)), body(live(object))] as const));
  for (const { ref } of desired.objects) if (!found.has(refKey(ref))) found.set(refKey(ref), { state: 'absent' });
  const ours = cluster.filter(({ metadata }) => !foreign.includes(metadata.name));
  const app = appWith(
    ours.map((object) => entryFor(object)),
    overrides,
  );
  const plan = planChanges({ ...inputOf({ app, desired }), live: found });
  return { app, plan, answers: new Map(answers.map((object) => [refKey(refOf(object)), live(object)])) };
}

for (const one of cases) {
  describe(one.name, () => {
    for (const [format, expected] of Object.entries(one.expected)) {
      test(`as ${format}`, () => assert.equal(printPlan(planned(one), format as PlanFormat), expected));
    }
  });
}

const task = (phase: HookChange['phase'], name: string, wave = 0) => ({
  ...{ phase, wave, ref: { group: 'batch', kind: 'Job', namespace: 'shop', name } },
  hook: { hash: 'h' } as DesiredHook,
});
const left: KubeObject = { apiVersion: 'batch/v1', kind: 'Job', metadata: { name: 'check', namespace: 'shop' } };

/** One object in sync but for a field that is left to its owner, one with a warning, and hooks. */
function withHooks(): Planned {
  const git = { kind: 'ConfigMap', apiVersion: 'v1', metadata: { name: 'a', namespace: 'shop' } };
  const one = planned({ name: '', git: [git], cluster: [git], expected: {} });
  const [desired] = desiredOf(git).objects;
  assert.ok(desired !== undefined);
  const yielded = [{ path: 'data.x', manager: 'kubectl', why: 'spec.conflicts says Yield' }];
  const { ref } = desired;
  const update = {
    kind: 'update',
    ref: { ...ref, name: 'b' },
    desired,
    live: git,
    differences: [],
    adopts: false,
  } as const;
  const changes: Change[] = [
    { kind: 'keep', ref, reason: 'inSync', message: '', yielded },
    { ...update, warnings: ['version v1beta1 is served no more'] },
  ];
  const hooks: HookChange[] = [
    { ...task('SyncFail', 'undo'), kind: 'begin', clears: [] },
    { ...task('PostSync', 'check', 2), kind: 'begin', clears: [left] },
    { ...task('PreSync', 'migrate'), kind: 'waits', message: 'Job.batch shop/migrate of another run has not ended' },
  ];
  return { ...one, plan: { ...one.plan, changes, hooks: { changes: hooks, forgotten: [] } } };
}

describe('what a plan says beside changes of fields', () => {
  test('as table', () => {
    assert.deepEqual(printPlan(withHooks(), 'table').split('\n'), [
      'CHANGE     OBJECT                  WHAT                                                               OWNED BY',
      'unchanged  ConfigMap shop/a        data.x: stays as it is (spec.conflicts says Yield)                 kubectl',
      'update     ConfigMap shop/b        version v1beta1 is served no more',
      'wait       Job.batch shop/migrate  PreSync hook: Job.batch shop/migrate of another run has not ended',
      'run        Job.batch shop/check    PostSync hook, wave 2: what an earlier run left is deleted first',
      'run        Job.batch shop/undo     SyncFail hook: only if the sync fails',
      '',
      '1 to update, 1 unchanged, 2 hooks to run',
      '',
    ]);
  });

  test('as json', () => {
    const { hooks, changes } = JSON.parse(printPlan(withHooks(), 'json')) as Record<string, Record<string, unknown>[]>;
    assert.deepEqual(
      hooks?.map(({ change, phase, wave, name }) => [change, phase, wave, name]),
      [
        ['wait', 'PreSync', 0, 'migrate'],
        ['run', 'PostSync', 2, 'check'],
        ['run', 'SyncFail', 0, 'undo'],
      ],
    );
    assert.deepEqual(
      changes?.map(({ change, yielded, note }) => [change, yielded, note]),
      [
        ['unchanged', [{ path: 'data.x', manager: 'kubectl', why: 'spec.conflicts says Yield' }], undefined],
        ['update', undefined, 'version v1beta1 is served no more'],
      ],
    );
  });

  test('hooks alone are a change when Git wants something else than was applied last', () => {
    const { plan } = withHooks();
    assert.deepEqual([hooksAreDue(plan.digest, plan), hooksAreDue('other', plan)], [false, true]);
    assert.equal(hooksAreDue('other', planned({ name: '', git: [], cluster: [], expected: {} }).plan), false);
  });
});
