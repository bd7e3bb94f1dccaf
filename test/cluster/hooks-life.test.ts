import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { eventually } from '../../tools/eventually.ts';
import type { World } from '../../tools/world.ts';
import { applications, conditionOf, startWorld } from '../../tools/world.ts';
import { created, job, letGo, names, uidOf, untilJob } from './support/hooks.ts';
import type { Files } from './support/journey.ts';
import { Journey, loseCache, prepare, settings } from './support/journey.ts';

let world: World;

before(async () => {
  world = await startWorld({ plane: { nodes: 2 } });
  await world.startOperator();
});

after(async () => {
  await world[Symbol.asyncDispose]();
});

const timeout = 300_000;

const finalizers = ['evenkeel.dev/resources-finalizer'];
const once = { syncPolicy: { automated: { prune: true, selfHeal: true }, retry: { limit: 0 } } };

async function start(name: string, files: Files, metadata: Readonly<Record<string, unknown>> = {}): Promise<Journey> {
  const journey = await prepare(world, name, { ...settings('one'), ...files });
  await journey.apply({ spec: once, metadata });
  return journey;
}

async function remove({ name }: Journey): Promise<void> {
  await world.plane.kubectl(['delete', 'application', name, '-n', 'evenkeel', '--wait=false']);
}

async function untilGone({ name }: Journey): Promise<void> {
  await eventually(`Application ${name} to be gone`, async () => {
    const path = `${applications}/${name}`;
    return (await world.plane.api.send({ path })).status === 404;
  });
}

async function untilBlocked(journey: Journey, why: RegExp): Promise<void> {
  await journey.until('blocked', (now) => {
    const { status, reason, message = '' } = conditionOf(now, 'Stalled') ?? {};
    return status === 'True' && reason === 'DeletionBlocked' && why.test(message);
  });
}

/** As a hook it has succeeded once it is there. */
function map(name: string, annotations: Readonly<Record<string, string>>): string {
  return JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, annotations } });
}

async function untilHookIsGone(journey: Journey, name: string): Promise<void> {
  await eventually(`${name} to be deleted`, async () => (await journey.configMap(name)) === undefined);
}

/** A chart whose hooks are one for each of these times. */
function chart(...times: readonly string[]): Files {
  const hooks = times.map((time) => {
    const annotations = { 'helm.sh/hook': time, 'helm.sh/hook-weight': '1' };
    return [`templates/${time}.yaml`, job(time, { annotations })] as const;
  });
  return {
    'Chart.yaml': 'apiVersion: v2\nname: chart\nversion: 1.0.0\n',
    ...Object.fromEntries(hooks),
  };
}

describe('the life of an Application', { concurrency: 4, timeout }, () => {
  test('31. Helm: the hooks of an installation run at the first sync, those of an upgrade at all others', async () => {
    const journey = await prepare(world, 'release', {
      ...chart('pre-install', 'post-install', 'pre-upgrade', 'post-upgrade'),
      'templates/settings.json': settings('one')['settings.json'] ?? '',
    });
    await journey.apply({ spec: once });
    await journey.untilSynced();
    assert.deepEqual(await created(journey), ['jobs/pre-install', 'configmaps/settings', 'jobs/post-install']);
    const upgraded = await journey.commit({ 'templates/settings.json': settings('two')['settings.json'] ?? '' });
    await journey.untilSynced(upgraded);
    assert.deepEqual((await created(journey)).slice(3), ['jobs/pre-upgrade', 'jobs/post-upgrade']);
  });

  test('31. Helm: what takes existing objects over is an upgrade', async () => {
    const journey = await prepare(world, 'taken-over', {
      ...chart('pre-install', 'post-upgrade'),
      'templates/settings.json': settings('one')['settings.json'] ?? '',
    });
    await world.plane.kubectl(['create', 'configmap', 'settings', '-n', journey.name]);
    await journey.apply({ spec: once });
    await journey.untilSynced();
    assert.deepEqual(await names(journey), ['post-upgrade']);
  });

  test('31. Helm: weights, delete policies, hooks of a deletion; those of test and rollback are not applied', async () => {
    const hooks = {
      second: {
        'helm.sh/hook': 'pre-install',
        'helm.sh/hook-weight': '-1',
        'helm.sh/hook-delete-policy': 'hook-succeeded',
      },
      'first-in-name': { 'helm.sh/hook': 'pre-install, pre-upgrade', 'helm.sh/hook-weight': '5' },
      probe: { 'helm.sh/hook': 'test' },
      back: { 'helm.sh/hook': 'pre-rollback, post-rollback' },
      before: { 'helm.sh/hook': 'pre-delete' },
      after: { 'helm.sh/hook': 'post-delete' },
    };
    const templates = Object.entries(hooks).map(([name, annotations]) => [
      `templates/${name}.json`,
      map(name, annotations),
    ]);
    const journey = await prepare(world, 'helm-hooks', { ...chart(), ...(Object.fromEntries(templates) as Files) });
    await journey.apply({ spec: once, metadata: { finalizers } });
    await journey.untilSynced();
    const installed = ['configmaps/second', 'configmaps/first-in-name'];
    assert.deepEqual(await created(journey), installed);
    await untilHookIsGone(journey, 'second');
    assert.notEqual(await journey.configMap('first-in-name'), undefined);
    await remove(journey);
    await untilGone(journey);
    assert.deepEqual(await created(journey), [...installed, 'configmaps/before', 'configmaps/after']);
  });

  test("Evenkeel's own annotations stand in place of Argo CD's, and crd-install makes no hook", async () => {
    const journey = await start('own-words', {
      'hook.json': map('hook', {
        'evenkeel.dev/hook': 'PostSync',
        'argocd.argoproj.io/hook': 'PreSync',
        'evenkeel.dev/hook-delete-policy': 'HookSucceeded',
        'argocd.argoproj.io/hook-delete-policy': 'HookFailed',
      }),
      'object.json': map('object', { 'helm.sh/hook': 'crd-install' }),
      'late.json': map('late', { 'evenkeel.dev/sync-wave': '1', 'argocd.argoproj.io/sync-wave': '-1' }),
    });
    await journey.untilSynced();
    const [first, second, ...others] = await created(journey);
    assert.deepEqual([first, second].toSorted(), ['configmaps/object', 'configmaps/settings']);
    assert.deepEqual(others, ['configmaps/late', 'configmaps/hook']);
    await untilHookIsGone(journey, 'hook');
  });

  test('41. deleting: PreDelete hooks before the objects, PostDelete hooks after them, without Git', async () => {
    const files = {
      'pre.json': job('pre', { hook: 'PreDelete', outcome: 'hold' }),
      'post.json': job('post', { hook: 'PostDelete', outcome: 'hold' }),
    };
    const journey = await start('farewell', files, { finalizers });
    await journey.untilSynced();
    assert.deepEqual(await names(journey), [], 'they are for the deletion');
    await journey.repository.commit({ 'app/settings.json': null, 'app/pre.json': null, 'app/post.json': null }, 'gone');
    await remove(journey);
    await untilJob(journey, 'pre');
    assert.equal(await journey.said(), 'one');
    await letGo(world, journey.name);
    await untilJob(journey, 'post');
    assert.equal(await journey.said(), undefined);
    await letGo(world, journey.name);
    await untilGone(journey);
    await eventually('the hooks to go, too', async () => (await names(journey)).length === 0);
  });

  test('42. a failed delete hook blocks, and is tried again', async () => {
    const files = { 'pre.json': job('pre', { hook: 'PreDelete', outcome: 'hold' }) };
    const journey = await start('blocked', files, { finalizers });
    await journey.untilSynced();
    await remove(journey);
    const before = await untilJob(journey, 'pre');
    await letGo(world, journey.name, 'fail');
    await untilBlocked(journey, /hook/);
    assert.equal(await journey.said(), 'one');
    await eventually('the hook to run again', async () => {
      const uid = await uidOf(journey, 'pre');
      return uid !== undefined && uid !== before;
    });
    await letGo(world, journey.name);
    await untilGone(journey);
    assert.equal(await journey.said(), undefined);
  });

  test('3. a Namespace goes before the first hook that is in it', async () => {
    const journey = new Journey(world, 'brought', await world.git.createRepository('brought'));
    const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: journey.name } };
    const hook = job('pre', { hook: 'PreSync' });
    await journey.commit({ ...settings('one'), 'namespace.json': JSON.stringify(namespace), 'pre.json': hook });
    await journey.apply({ spec: once });
    await journey.untilSynced();
    assert.deepEqual(await created(journey), ['namespaces/brought', 'jobs/pre', 'configmaps/settings']);
  });

  test('30. with resources[] or syncStrategy.apply no hooks run', async () => {
    const journey = await prepare(world, 'partly', { ...settings('one'), 'pre.json': job('pre', { hook: 'PreSync' }) });
    await journey.apply({ spec: { syncPolicy: {} } });
    await journey.sync({ resources: [{ kind: 'ConfigMap', name: 'settings' }] });
    await journey.untilServed();
    await journey.untilOutOfSync(await journey.say('two'));
    await journey.sync({ syncStrategy: { apply: {} } });
    await journey.untilSaid('two');
    await journey.untilServed();
    assert.deepEqual(await names(journey), []);
    await journey.sync();
    await journey.untilServed();
    assert.deepEqual(await names(journey), ['pre']);
  });

  test('56. terminate deletes the running hooks, and the sync has failed', async () => {
    const journey = await start('ended', { 'pre.json': job('pre', { hook: 'PreSync', outcome: 'hold' }) });
    await journey.until('waiting', ({ operationState }) =>
      /waits for PreSync hook/.test(operationState?.message ?? ''),
    );
    await journey.patch({ operation: { terminate: {} } });
    await journey.until('terminated', ({ operationState }) => operationState?.message === 'terminated');
    await eventually('the hook to be deleted', async () => (await names(journey)).length === 0);
    assert.equal(await journey.said(), undefined);
    const fixed = await journey.commit({ 'pre.json': job('pre', { hook: 'PreSync' }) });
    await journey.untilSynced(fixed);
  });
});

describe('a restart of the operator', { timeout }, () => {
  test('in the middle of a hook: it is found again, and not run twice', async () => {
    const journey = await start('restarted', {
      'pre.json': job('pre', { hook: 'PreSync', outcome: 'hold' }),
      'gen.json': job('', { hook: 'PreSync', generateName: 'gen-' }),
    });
    await journey.until('waiting', ({ operationState }) =>
      /waits for PreSync hook/.test(operationState?.message ?? ''),
    );
    const before = await names(journey);
    await world.killOperator();
    await letGo(world, journey.name);
    await world.startOperator();
    const { status = {} } = await journey.untilSynced();
    assert.deepEqual(await names(journey), before);
    assert.equal(status.operationState?.phase, 'Succeeded');
    const runs = (await created(journey)).filter((name) => name.startsWith('jobs/'));
    assert.equal(runs.length, 2, 'each hook ran once');
  });

  test('41. with a lost cache: delete hooks are rendered again, and while they cannot be nothing is deleted', async () => {
    const files = {
      'pre.json': map('pre', { 'evenkeel.dev/hook': 'PreDelete' }),
      'post.json': map('post', { 'evenkeel.dev/hook': 'PostDelete' }),
    };
    const journey = await start('forgotten', files, { finalizers });
    const hopeless = await start('hopeless', files, { finalizers });
    for (const one of [journey, hopeless]) await one.untilSynced();
    await loseCache(world, async () => {
      world.git.setFault({ kind: 'down' });
      await remove(journey);
      await remove(hopeless);
    });
    try {
      for (const one of [journey, hopeless]) await untilBlocked(one, /hooks are lost .*; nothing is deleted/);
      await world.annotate(hopeless.name, { 'evenkeel.dev/deletion-approved': new Date().toISOString() });
      await untilGone(hopeless);
      assert.deepEqual([await created(hopeless), await journey.said()], [['configmaps/settings'], 'one']);
      const events = await world.plane.kubectl([
        'get',
        'events',
        '-n',
        'evenkeel',
        '-o',
        'jsonpath={.items[*].message}',
      ]);
      assert.match(events, /deleted without its delete hooks, which are lost/);
    } finally {
      world.git.setFault(undefined);
    }
    await untilGone(journey);
    assert.deepEqual(await created(journey), ['configmaps/settings', 'configmaps/pre', 'configmaps/post']);
    assert.equal(await journey.said(), undefined);
  });
});
