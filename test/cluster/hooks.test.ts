import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { eventually } from '../../tools/eventually.ts';
import { conditionOf } from '../../tools/world.ts';
import { created, job, jobs, letGo, names, uidOf, untilJob } from './support/hooks.ts';
import type { Files, Journey } from './support/journey.ts';
import { prepare, settings } from './support/journey.ts';
import { sharedWorld } from './support/shared-world.ts';

const world = await sharedWorld({ plane: { nodes: 2 } });

const timeout = 300_000;

const once = { syncPolicy: { automated: { prune: true, selfHeal: true }, retry: { limit: 0 } } };

async function start(name: string, files: Files, spec: Readonly<Record<string, unknown>> = once): Promise<Journey> {
  const journey = await prepare(world, name, { ...settings('one'), ...files });
  await journey.apply({ spec });
  return journey;
}

async function untilFailed(journey: Journey, why: RegExp): Promise<void> {
  await journey.until(`failed by ${why.source}`, ({ operationState }) => {
    return operationState?.phase === 'Failed' && why.test(operationState.message);
  });
}

describe('hooks of a sync', { concurrency: 4, timeout }, () => {
  test('1. PreSync, Sync, PostSync, no SyncFail; 15. hooks run at every full sync; 22. the old one goes first', async () => {
    const journey = await start('every-sync', {
      'fail.json': job('fail', { hook: 'SyncFail' }),
      'pre.json': job('pre', { hook: 'PreSync' }),
      'during.json': job('during', { hook: 'Sync' }),
      'post.json': job('post', { hook: 'PostSync' }),
    });
    const { status = {} } = await journey.untilSynced();
    assert.deepEqual(await created(journey), ['jobs/pre', 'configmaps/settings', 'jobs/during', 'jobs/post']);
    assert.equal(status.counts?.['objects'], 1, '32. hooks are no objects');
    assert.deepEqual(
      status.operationState?.syncResult?.resources.map(({ name, hookType, hookPhase }) => [name, hookType, hookPhase]),
      [
        ['during', 'Sync', 'Succeeded'],
        ['post', 'PostSync', 'Succeeded'],
        ['pre', 'PreSync', 'Succeeded'],
        ['settings', undefined, undefined],
      ].filter(([name]) => name !== 'settings'),
    );
    const before = await uidOf(journey, 'pre');
    await journey.untilSynced(await journey.say('two'));
    assert.notEqual(await uidOf(journey, 'pre'), before);
    assert.deepEqual(await names(journey), ['during', 'post', 'pre']);
  });

  test('16. a changed hook alone is pending work, and drift runs none', async () => {
    const journey = await start('hook-alone', { 'post.json': job('post', { hook: 'PostSync' }) });
    await journey.untilSynced();
    const before = await uidOf(journey, 'post');
    await journey.meddle('meddled');
    await journey.untilSaid('one');
    await journey.commit({ 'post.json': job('post', { hook: 'PostSync', annotations: { changed: 'yes' } }) });
    await eventually('the changed hook to run', async () => {
      const now = await uidOf(journey, 'post');
      return now !== undefined && now !== before;
    });
    const { status = {} } = await journey.untilSynced();
    assert.equal(status.history?.length, 2, 'the correction of the drift was no sync');
  });

  test("17. valid hook types of Argo CD's replace Helm's", async () => {
    const annotations = { 'helm.sh/hook': 'pre-upgrade' };
    const journey = await start('both', { 'both.json': job('both', { hook: 'PostSync', annotations }) });
    await journey.untilSynced();
    assert.deepEqual(await created(journey), ['configmaps/settings', 'jobs/both']);
  });

  test('18. an unknown hook is refused; 32. Skip is never applied', async () => {
    const journey = await start('unknown-hook', { 'skip.json': job('skip', { hook: 'Skip' }) });
    const { status = {} } = await journey.untilSynced();
    assert.deepEqual([await names(journey), status.counts?.['objects']], [[], 1]);
    await journey.commit({ 'wrong.json': job('wrong', { hook: 'PreSnyc' }) });
    const { status: refused = {} } = await journey.until(
      'Stalled',
      (said) => conditionOf(said, 'Stalled')?.status === 'True',
    );
    assert.match(conditionOf(refused, 'Stalled')?.message ?? '', /wrong\.json:document 1:line 1.*"PreSnyc" is none of/);
  });

  test('19. a hook that runs is waited for by its name, and awaited', async () => {
    const journey = await start('awaited', { 'pre.json': job('pre', { hook: 'PreSync', outcome: 'hold' }) });
    const { status = {} } = await journey.until('waiting', ({ operationState }) =>
      /waits for PreSync hook Job.batch awaited\/pre/.test(operationState?.message ?? ''),
    );
    assert.equal(status.operationState?.phase, 'Running');
    assert.equal(await journey.said(), undefined, 'nothing is applied before it has ended');
    assert.deepEqual(
      status.resources?.filter(({ hook }) => hook === true).map(({ name }) => name),
      ['pre'],
    );
    await letGo(world, journey.name);
    await journey.untilSynced();
  });

  test('20. a failed PreSync hook applies and prunes nothing, SyncFail hooks run; 21. together; 24. HookFailed', async () => {
    const journey = await start('failed-pre', {
      'pre.json': job('pre', { hook: 'PreSync', outcome: 'fail' }),
      'fine.json': job('fine', { hook: 'PreSync', deletes: 'HookFailed' }),
      'alarm.json': job('alarm', { hook: 'SyncFail', annotations: { 'argocd.argoproj.io/sync-wave': '5' } }),
      'page.json': job('page', { hook: 'SyncFail' }),
      'post.json': job('post', { hook: 'PostSync' }),
    });
    await untilFailed(journey, /PreSync hook Job.batch failed-pre\/pre .* failed/);
    assert.equal(await journey.said(), undefined);
    await eventually('HookFailed to delete', async () => !(await names(journey)).includes('fine'));
    assert.deepEqual(await names(journey), ['alarm', 'page', 'pre']);
    const { status = {} } = await journey.read();
    assert.equal(conditionOf(status, 'Ready')?.reason, 'HookFailed');
  });

  test('23. HookSucceeded deletes when the whole sync has succeeded', async () => {
    const journey = await start('succeeded', {
      'pre.json': job('pre', { hook: 'PreSync', deletes: 'HookSucceeded' }),
      'post.json': job('post', { hook: 'PostSync', outcome: 'hold' }),
    });
    await untilJob(journey, 'post');
    assert.deepEqual(await names(journey), ['post', 'pre'], 'the sync has not ended');
    await letGo(world, journey.name);
    await journey.untilSynced();
    await eventually('the hook to be deleted', async () => !(await names(journey)).includes('pre'));
  });

  test('25. a hook without BeforeHookCreation is re-created when it has ended', async () => {
    const journey = await start('re-created', { 'pre.json': job('pre', { hook: 'PreSync', deletes: 'HookFailed' }) });
    await journey.untilSynced();
    const before = await uidOf(journey, 'pre');
    await journey.untilSynced(await journey.say('two'));
    assert.notEqual(await uidOf(journey, 'pre'), before);
  });

  test('26. generateName: revision, phase and start of the operation', async () => {
    const journey = await start('generated', { 'pre.json': job('', { hook: 'PreSync', generateName: 'migrate-' }) });
    const { status = {} } = await journey.untilSynced();
    const revision = status.sync?.revision.slice(0, 7) ?? '';
    const unix = Date.parse(status.operationState?.startedAt ?? '') / 1000;
    assert.deepEqual(await names(journey), [`migrate-${revision}-presync-${unix}`]);
    const next = await journey.say('two');
    await journey.untilSynced(next);
    await eventually('the former run to be deleted', async () => (await names(journey)).length === 1);
    assert.match((await names(journey))[0] ?? '', new RegExp(`^migrate-${next.slice(0, 7)}-presync-`));
  });

  test("27. Argo CD's finalizer goes from what Argo CD has left, which is then replaced", async () => {
    const journey = await prepare(world, 'left', { 'pre.json': job('pre', { hook: 'PreSync' }), ...settings('one') });
    const old = JSON.parse(job('pre', { hook: 'PreSync' })) as { metadata: Record<string, unknown> };
    old.metadata['finalizers'] = ['argocd.argoproj.io/hook-finalizer'];
    await world.plane.kubectl(['create', '-n', journey.name, '-f', '-'], JSON.stringify(old));
    const before = await uidOf(journey, 'pre');
    await journey.apply({ spec: once });
    await journey.untilSynced();
    assert.notEqual(await uidOf(journey, 'pre'), before);
  });

  test('28. a hook gone from Git is on record, and pruned', async () => {
    const journey = await start('dropped', { 'pre.json': job('pre', { hook: 'PreSync' }) });
    await journey.untilSynced();
    await journey.commit({ 'pre.json': null });
    await eventually('the hook to be pruned', async () => (await jobs(journey)).length === 0);
  });

  test('29. a running hook that vanishes fails the sync', async () => {
    const journey = await start('vanished', { 'pre.json': job('pre', { hook: 'PreSync', outcome: 'hold' }) });
    await journey.until('waiting', ({ operationState }) =>
      /waits for PreSync hook/.test(operationState?.message ?? ''),
    );
    await world.plane.kubectl(['delete', 'job', 'pre', '-n', journey.name, '--wait=false']);
    await untilFailed(journey, /it was deleted while it ran/);
    assert.equal(await journey.said(), undefined);
  });

  test('a Job that its TTL has taken away counts as done', async () => {
    const journey = await start('ttl', {
      'pre.json': job('pre', { hook: 'PreSync', ttl: 0 }),
      'post.json': job('post', { hook: 'PostSync', outcome: 'hold' }),
    });
    await untilJob(journey, 'post');
    await eventually('the TTL to pass', async () => !(await names(journey)).includes('pre'));
    await letGo(world, journey.name);
    const { status = {} } = await journey.untilSynced();
    assert.equal(status.operationState?.phase, 'Succeeded');
  });

  test('timeouts.hook: a hook that does not end in time has failed', async () => {
    const journey = await start(
      'late',
      { 'pre.json': job('pre', { hook: 'PreSync', outcome: 'hold' }) },
      { ...once, timeouts: { hook: '2s' } },
    );
    await untilFailed(journey, /did not finish within 2s/);
  });

  test('a newer commit deletes the running hook of the same name first, and is applied', async () => {
    const journey = await start('superseded', { 'pre.json': job('pre', { hook: 'PreSync', outcome: 'hold' }) });
    const before = await untilJob(journey, 'pre');
    const fixed = await journey.commit({ 'pre.json': job('pre', { hook: 'PreSync' }), ...settings('two') });
    await journey.untilSynced(fixed);
    assert.notEqual(await uidOf(journey, 'pre'), before);
    assert.equal(await journey.said(), 'two');
  });

  test('48. after its retries hooks are not repeated; 49. a retry starts anew at PreSync', async () => {
    const retry = { limit: 1, backoff: { duration: '1s', factor: 1 } };
    const journey = await start(
      'retried',
      {
        'pre.json': job('pre', { hook: 'PreSync' }),
        'post.json': job('post', { hook: 'PostSync', outcome: 'fail' }),
      },
      { syncPolicy: { automated: { prune: true }, retry } },
    );
    await untilFailed(journey, /PostSync hook Job.batch retried\/post/);
    const runs = (await created(journey)).filter((name) => name === 'jobs/pre' || name === 'jobs/post');
    assert.deepEqual(runs, ['jobs/pre', 'jobs/post', 'jobs/pre', 'jobs/post']);
    await journey.wroteNothing(async () => {
      await journey.annotate({ 'evenkeel.dev/refresh': 'normal' });
      await journey.until(
        'looked at',
        (_, { metadata }) => metadata.annotations?.['evenkeel.dev/refresh'] === undefined,
      );
    });
  });
});
