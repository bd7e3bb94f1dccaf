import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { hookBody, planHooks } from '../../src/diff/diff.ts';
import type { DesiredHook } from '../../src/model/desired.ts';
import type { Health } from '../../src/model/health.ts';
import type { HookDeletePolicy, HookTime } from '../../src/model/hook.ts';
import type { HookChange } from '../../src/model/hook-plan.ts';
import type { HookRun } from '../../src/model/hook-run.ts';
import type { JsonObject } from '../../src/model/json.ts';
import type { LiveAnswer } from '../../src/model/live.ts';
import type { KubeObject } from '../../src/model/object.ts';
import { refKey, refOf } from '../../src/model/object.ts';
import type { RecordEntry } from '../../src/model/record.ts';
import { appWith, installation, owner } from './world.ts';

const run: HookRun = {
  startedAt: '2026-03-01T00:00:00Z',
  attempt: 1,
  revision: '0123456789abcdef',
  digest: 'd',
  release: 'install',
  hooks: [],
};
const now = Date.parse('2026-03-01T00:10:00Z');

interface Parts {
  readonly times?: readonly HookTime[];
  readonly deletes?: readonly HookDeletePolicy[];
  readonly generated?: boolean;
}

function hook(name: string, parts: Parts = {}): DesiredHook {
  const { times = [{ phase: 'PreSync' }], deletes = ['BeforeHookCreation'], generated = false } = parts;
  const body: KubeObject = { apiVersion: 'batch/v1', kind: 'Job', metadata: { name, namespace: 'shop' }, spec: {} };
  const origin = { file: 'a.yaml', document: 1, line: 1 };
  return {
    ...{ ref: refOf(body), apiVersion: 'batch/v1', hash: 'h', origin },
    hook: { times, deletes, generated },
    body: () => body,
  };
}

const ref = hook('job').ref;

/** As this run, or another one, has created it. */
function live(of: HookRun, metadata: JsonObject = {}): KubeObject {
  const body = hookBody({ phase: 'PreSync', wave: 0, ref, hook: hook('job') }, of, owner);
  const times = { creationTimestamp: of.startedAt, uid: 'u', resourceVersion: '1' };
  return { ...body, metadata: { ...body.metadata, ...times, ...metadata } };
}

const other: HookRun = { ...run, startedAt: '2026-02-01T00:00:00Z' };
const recorded: RecordEntry = { ref, uid: 'u', desired: '', fp: '' };

interface Scene {
  readonly hooks?: readonly DesiredHook[];
  readonly answer?: LiveAnswer;
  readonly of?: HookRun;
  readonly record?: readonly RecordEntry[];
  readonly health?: Health['status'];
  readonly last?: Health['status'];
  readonly deleting?: boolean;
}

function plan(scene: Scene): readonly HookChange[] {
  const { hooks = [hook('job')], answer = { state: 'absent' }, of = run, record = [], health = 'Progressing' } = scene;
  const { last, deleting = false } = scene;
  return planHooks({
    app: appWith(record, { deleting }),
    installation,
    claims: { claimedBy: () => undefined, recordedBy: () => undefined },
    hooks,
    run: of,
    live: new Map([[refKey(ref), answer]]),
    assess: () => ({ status: health, message: 'said' }),
    runsToAnEnd: () => true,
    lastHealth: () => (last === undefined ? undefined : { status: last, message: 'last' }),
    now,
  }).changes;
}

function one(scene: Scene): Record<string, unknown> {
  const [first, ...others] = plan(scene);
  assert.ok(first !== undefined && others.length === 0);
  return { ...first };
}

const body = (object: KubeObject): LiveAnswer => ({ state: 'body', object });
const begun: HookRun = { ...run, hooks: [{ ...ref, phase: 'PreSync', state: 'Running', message: '' }] };

describe('a hook', () => {
  test('that is not there is begun; one that cannot be looked at waits', () => {
    assert.equal(one({})['kind'], 'begin');
    assert.equal(one({ answer: { state: 'unknown', why: 'list' } })['kind'], 'waits');
  });

  for (const [health, kind, state] of [
    ['Healthy', 'ended', 'Succeeded'],
    ['Degraded', 'ended', 'Failed'],
    ['Unknown', 'ended', 'Failed'],
    ['Progressing', 'running', undefined],
    ['Suspended', 'running', undefined],
  ] as const)
    test(`19. of this run that is ${health}: ${kind}`, () => {
      const change = one({ answer: body(live(run)), health });
      assert.deepEqual([change['kind'], change['state']], [kind, state]);
    });

  test('that has not ended in time has failed, and until then says when that is', () => {
    const late = live(run, { creationTimestamp: '2026-02-28T23:00:00Z' });
    assert.match(String(one({ answer: body(late) })['message']), /^it did not finish within 1h/);
    assert.equal(one({ answer: body(live(run)) })['dueInMs'], 50 * 60_000);
  });

  test('that has ended is not begun again, wherever its object is', () => {
    const ended: HookRun = { ...run, hooks: [{ ...ref, phase: 'PreSync', state: 'Succeeded', message: '' }] };
    for (const answer of [{ state: 'absent' }, body(live(other)), body(live(run))] as const)
      assert.deepEqual(one({ of: ended, answer })['state'], 'Succeeded');
  });

  test('29. that vanishes while it runs has failed, unless the watch saw it succeed', () => {
    assert.deepEqual(one({ of: begun })['state'], 'Failed');
    assert.deepEqual(one({ of: begun, last: 'Healthy' })['state'], 'Succeeded');
  });
});

describe('what another run has left', () => {
  const left = body(live(other));

  test('22. is deleted first, also while it runs', () => {
    const change = one({ answer: left, record: [recorded] });
    assert.deepEqual([change['kind'], (change['clears'] as readonly unknown[]).length], ['begin', 1]);
  });

  test('25. without BeforeHookCreation is awaited while it runs, and replaced when it has ended', () => {
    const hooks = [hook('job', { deletes: ['HookFailed'] })];
    assert.equal(one({ hooks, answer: left, record: [recorded] })['kind'], 'waits');
    assert.equal(one({ hooks, answer: left, record: [recorded], health: 'Degraded' })['kind'], 'begin');
  });

  test('is left alone when neither the record nor a mark of a hook makes it ours', () => {
    const stranger: KubeObject = {
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: { name: 'job', namespace: 'shop', uid: 'x', resourceVersion: '1' },
    };
    assert.equal(one({ answer: body(stranger) })['kind'], 'refuse');
    const annotations = { 'argocd.argoproj.io/hook': 'PreSync' };
    const argo: KubeObject = { ...stranger, metadata: { ...stranger.metadata, annotations } };
    assert.equal(one({ answer: body(argo) })['kind'], 'begin');
    assert.equal(one({ answer: body(live(other)), record: [{ ...recorded, uid: 'another' }] })['kind'], 'refuse');
  });
});

test('31. hooks of an installation, or of an upgrade, only', () => {
  const hooks = [hook('job', { times: [{ phase: 'PreSync', only: 'upgrade' }] })];
  assert.equal(plan({ hooks }).length, 0);
  assert.equal(plan({ hooks, of: { ...run, release: 'upgrade' } }).length, 1);
});

test('41. a deletion runs its own hooks and no others', () => {
  const hooks = [hook('job', { times: [{ phase: 'PreSync' }, { phase: 'PreDelete' }] })];
  assert.deepEqual(
    plan({ hooks, deleting: true }).map(({ phase }) => phase),
    ['PreDelete'],
  );
});
