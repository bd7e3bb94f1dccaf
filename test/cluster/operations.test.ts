import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { eventually } from '../../tools/eventually.ts';
import type { ApplicationJson, World } from '../../tools/world.ts';
import { conditionOf, startWorld } from '../../tools/world.ts';
import type { Files, Journey } from './support/journey.ts';
import { begin, manual, prepare, settings } from './support/journey.ts';

let world: World;

before(async () => {
  world = await startWorld();
  await world.startOperator();
});

after(async () => {
  await world[Symbol.asyncDispose]();
});

const timeout = 300_000;

function configMap(name: string, namespace?: string): Files {
  const metadata = { name, ...(namespace === undefined ? {} : { namespace }) };
  return { [`${name}.json`]: JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { value: 'x' } }) };
}

/** An Application with the objects `settings` and `old` in place, and a newest commit that lacks `old`. */
async function dropped(name: string, syncPolicy: Readonly<Record<string, unknown>>): Promise<Journey> {
  const journey = await prepare(world, name, { ...settings('one'), ...configMap('old') });
  await journey.apply({ spec: { syncPolicy } });
  if (syncPolicy['automated'] === undefined) await journey.sync();
  await journey.untilSynced();
  if (syncPolicy['automated'] === undefined) await journey.untilServed();
  return journey;
}

async function finalize(journey: Journey, name: string, finalizers: readonly string[]): Promise<void> {
  const path = `/api/v1/namespaces/${journey.name}/configmaps/${name}`;
  const contentType = 'application/merge-patch+json';
  await world.plane.api.must({ method: 'PATCH', path, body: { metadata: { finalizers } }, contentType });
}

/** A sync that a user asked for has done all it can, and runs until the finalizer of `old` is taken away. */
async function running(name: string): Promise<Journey> {
  const journey = await dropped(name, {});
  await finalize(journey, 'old', ['example.com/wait']);
  await journey.untilOutOfSync(await journey.commit({ 'old.json': null, ...configMap('new') }));
  await journey.sync({ prune: true });
  await journey.until('running', ({ operationState }) => operationState?.phase === 'Running');
  // Deletions come first.
  await eventually('`new` to be there', async () => (await journey.configMap('new')) !== undefined);
  return journey;
}

function ids({ status }: ApplicationJson): number[] {
  return (status?.history ?? []).map(({ id }) => id);
}

function resource(name: string): Readonly<Record<string, string>> {
  return { group: '', kind: 'ConfigMap', name };
}

describe('automation', () => {
  test('45. a failed comparison is Unknown and writes nothing; only OutOfSync is synced', { timeout }, async () => {
    const journey = await begin(world, 'b45');
    await journey.untilSynced();
    await journey.wroteNothing(async () => {
      await journey.commit({ 'broken.yaml': 'a: [' });
      await journey.until('Unknown', ({ sync }) => sync?.status === 'Unknown');
    });
    assert.equal(await journey.said(), 'one');
    const app = await journey.untilSynced(await journey.commit({ 'broken.yaml': null }));
    assert.deepEqual(ids(app), [0], 'what is in sync is not synced again');
  });

  test('46. when only pruning is needed and prune is off there is no sync', { timeout }, async () => {
    const journey = await dropped('b46', { automated: {} });
    await journey.wroteNothing(async () => {
      const { status } = await journey.untilOutOfSync(await journey.commit({ 'old.json': null }));
      assert.deepEqual([status?.history?.length, status?.operationState?.phase], [1, 'Succeeded']);
    });
    assert.ok(await journey.configMap('old'));
  });

  test('47. without allowEmpty an empty source deletes nothing, by hand neither', { timeout }, async () => {
    const journey = await begin(world, 'b47');
    await journey.untilSynced();
    await journey.wroteNothing(async () => {
      await journey.commit({ 'settings.json': null, 'README.md': 'empty' });
      await journey.until('held back', (status) => conditionOf(status, 'PruneBlocked')?.status === 'True');
      await journey.sync({ prune: true });
      await journey.until(
        'done',
        ({ operationState }, { operation }) =>
          operation === undefined &&
          JSON.stringify(operationState?.operation).includes('"jo"') &&
          operationState?.finishedAt !== undefined,
      );
    });
    assert.equal(await journey.said(), 'one');
  });

  test(
    '48. one attempt with its retries per revision and spec, named with their number; the next revision begins anew',
    { timeout },
    async () => {
      const journey = await prepare(world, 'b48', configMap('x', 'nowhere-48'));
      await journey.apply({
        spec: { syncPolicy: { automated: {}, retry: { limit: 1, backoff: { duration: '1s' } } } },
      });
      const { status } = await journey.until(
        'given up',
        ({ operationState }) => operationState?.finishedAt !== undefined,
      );
      assert.deepEqual([status?.operationState?.phase, status?.operationState?.retryCount], ['Error', 1]);
      const next = await journey.commit({ 'x.json': null, ...settings('two') });
      const { status: after } = await journey.untilSynced(next);
      assert.equal(after?.operationState?.retryCount, undefined);
    },
  );

  test('49. a retry takes the newest revision', { timeout }, async () => {
    const journey = await prepare(world, 'b49', configMap('x', 'nowhere-49'));
    await journey.apply({
      spec: { syncPolicy: { automated: {}, retry: { limit: -1, backoff: { duration: '10m', maxDuration: '10m' } } } },
    });
    await journey.until('waiting', ({ operationState }) => operationState?.phase === 'Running');
    const fixed = await journey.commit({ 'x.json': null, ...settings('two') });
    assert.equal((await journey.untilSynced(fixed)).status?.operationState?.syncResult?.revision, fixed);
  });

  test('50. a newer commit takes over from a sync that waits', { timeout }, async () => {
    const journey = await dropped('b50', { automated: { prune: true } });
    await finalize(journey, 'old', ['example.com/wait']);
    await journey.commit({ 'old.json': null });
    await journey.until('running', ({ operationState }) => operationState?.phase === 'Running');
    await journey.say('two');
    await journey.untilSaid('two');
    await finalize(journey, 'old', []);
    await journey.untilSynced(await journey.repository.head());
  });

  test('51. selfHeal corrects the object that drifted, without hooks and without history', { timeout }, async () => {
    const journey = await begin(world, 'b51');
    await journey.untilSynced();
    const before = (await journey.writes()).length;
    await journey.meddle('meddled');
    await journey.untilSaid('one');
    assert.equal((await journey.writes()).length, before + 1);
    assert.deepEqual(ids(await journey.read()), [0]);
  });

  test('52. two corrections of one object are drift.minInterval apart', { timeout }, async () => {
    const journey = await begin(world, 'b52', { spec: { drift: { minInterval: '2s' } } });
    await journey.untilSynced();
    for (const value of ['first', 'second']) {
      await journey.meddle(value);
      await journey.untilSaid('one');
    }
    const [, first, second] = await journey.writes();
    assert.ok(first !== undefined && second !== undefined && second.at - first.at >= 1_900, 'it is left for a while');
  });

  test('53. without selfHeal drift stays until the next sync, which applies all', { timeout }, async () => {
    const journey = await dropped('b53', { automated: {} });
    await journey.meddle('meddled');
    await journey.until('drifted', (status) => conditionOf(status, 'Drifted')?.status === 'True');
    assert.equal(await journey.said(), 'meddled');
    await journey.untilSynced(await journey.commit(configMap('new')));
    assert.equal(await journey.said(), 'one');
  });
});

describe('manual operations', () => {
  test(
    '54. resources: only the named objects are written, by group, kind and name; no history',
    { timeout },
    async () => {
      const journey = await dropped('b54', {});
      await journey.untilOutOfSync(await journey.commit({ ...settings('two'), ...configMap('new'), 'old.json': null }));
      await journey.sync({
        prune: true,
        resources: [resource('new'), { ...resource('old'), namespace: journey.name }],
      });
      await eventually('the named object', async () => (await journey.configMap('old')) === undefined);
      const app = await journey.untilServed();
      assert.ok(await journey.configMap('new'));
      assert.deepEqual([await journey.said(), app.status?.sync?.status, ids(app)], ['one', 'OutOfSync', [0]]);

      await journey.wroteNothing(async () => {
        await journey.sync({ resources: [resource('settings'), { ...resource('new'), group: 'apps' }] });
        const { status } = await journey.until('refused', ({ operationState }) => operationState?.phase === 'Error');
        assert.match(status?.operationState?.message ?? '', /ConfigMap\.apps \*\/new: neither in Git/);
      });
    },
  );

  test("55. an operation without syncOptions has the spec's, one with some has those", { timeout }, async () => {
    const journey = await dropped('b55', { syncOptions: ['PruneLast=true'] });
    const order = async (sync: Readonly<Record<string, unknown>>, files: Files): Promise<string[]> => {
      const before = (await journey.writes()).length;
      await journey.untilOutOfSync(await journey.commit(files));
      await journey.sync({ prune: true, ...sync });
      await journey.untilSynced();
      await journey.untilServed();
      return (await journey.writes()).slice(before).map(({ verb }) => verb);
    };
    assert.deepEqual(await order({}, { ...settings('two'), 'old.json': null, ...configMap('new') }), [
      'patch',
      'patch',
      'delete',
    ]);
    assert.deepEqual(await order({ syncOptions: [] }, { ...settings('three'), 'new.json': null }), ['delete', 'patch']);
  });

  test('56. terminate ends what runs as Failed, and it is not tried again', { timeout }, async () => {
    const journey = await running('b56');
    await journey.patch({ operation: { terminate: {}, sync: null } });
    const { status } = await journey.until('ended', ({ operationState }) => operationState?.phase === 'Failed');
    assert.equal(status?.operationState?.message, 'terminated');
    await journey.until('served', (_, { operation }) => operation === undefined);
    await finalize(journey, 'old', []);
    await journey.until(
      'still ended',
      ({ counts, operationState }) => counts?.['outOfSync'] === 0 && operationState?.phase === 'Failed',
    );
  });

  test('56. terminate of an automated sync holds until the revision is another one', { timeout }, async () => {
    const journey = await prepare(world, 'b56-automated', configMap('x', 'nowhere-56'));
    await journey.apply({
      spec: { syncPolicy: { automated: {}, retry: { limit: -1, backoff: { duration: '1s', maxDuration: '1s' } } } },
    });
    await journey.until('running', ({ operationState }) => operationState?.phase === 'Running');
    await journey.patch({ operation: { terminate: {} } });
    await journey.until(
      'ended',
      ({ operationState }, { operation }) => operationState?.phase === 'Failed' && operation === undefined,
    );
    await world.createNamespace('nowhere-56');
    await world.killOperator();
    await world.startOperator();
    await world.operatorHasLooked(journey.name);
    assert.equal((await journey.read()).status?.operationState?.message, 'terminated');
    await journey.untilSynced(await journey.commit(settings('one')));
  });

  test(
    '57. history has the syncs that succeeded as a whole: no dry run, no part, no failure',
    { timeout },
    async () => {
      const journey = await begin(world, 'b57', { spec: manual });
      await journey.untilOutOfSync(await journey.repository.head());
      await journey.sync({ dryRun: true });
      assert.deepEqual(ids(await journey.untilServed()), []);
      await journey.sync({ resources: [resource('settings')] });
      await journey.untilSaid('one');
      assert.deepEqual(ids(await journey.untilServed()), []);
      const failing = await journey.commit(configMap('x', 'nowhere-57'));
      await journey.untilOutOfSync(failing);
      await journey.sync();
      assert.deepEqual(
        ids(await journey.until('failed', ({ operationState }) => operationState?.phase === 'Error')),
        [],
      );
      await journey.untilOutOfSync(await journey.commit({ 'x.json': null, ...settings('two') }));
      await journey.sync();
      await journey.untilSynced();
      assert.deepEqual(ids(await journey.untilServed()), [0]);
    },
  );

  test('58. an object that one source has twice is an error, of two sources the later wins', { timeout }, async () => {
    const journey = await prepare(world, 'b58', {
      ...settings('one'),
      'again.json': settings('two')['settings.json'] ?? '',
    });
    await journey.apply();
    await journey.until('refused', (status) => conditionOf(status, 'Ready')?.reason === 'AmbiguousObject');
    assert.equal(await journey.said(), undefined);
    const source = { repoURL: journey.repository.url, path: 'app', targetRevision: 'main' };
    const sources = [
      { ...source, directory: { include: 'settings.json' } },
      { ...source, directory: { include: 'again.json' } },
    ];
    await journey.apply({ spec: { source: undefined, sources } });
    await journey.untilSaid('two');
    await journey.until('said', (status) => conditionOf(status, 'RepeatedResource')?.status === 'True');
  });

  test('with force it deletes and creates anew what cannot be changed, this once', { timeout }, async () => {
    const sealed = (name: string, value: string, annotations = {}): Files => {
      const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, annotations }, data: { value } };
      return { [`${name}.json`]: JSON.stringify({ ...object, immutable: true }) };
    };
    const kept = (value: string): Files => sealed('kept', value, { 'evenkeel.dev/protect': 'true' });
    const journey = await prepare(world, 'forced', { ...sealed('open', '1'), ...kept('1') });
    await journey.apply({ spec: manual });
    const synced = async (syncStrategy = {}): Promise<readonly [unknown, string]> => {
      await journey.sync({ syncStrategy });
      const { status } = await journey.untilServed();
      return [(await journey.configMap('open'))?.['value'], status?.operationState?.message ?? ''];
    };
    assert.equal((await synced())[0], '1');
    await journey.untilOutOfSync(await journey.commit({ ...sealed('open', '2'), ...kept('2') }));
    assert.match((await synced()).join(), /^1,.* forced\/open .* sync by hand with --force/);
    assert.match(
      (await synced({ hook: { force: true } })).join(),
      /^1,ConfigMap forced\/kept .*evenkeel\.dev\/protect$/,
    );
    await journey.untilOutOfSync(await journey.commit(kept('1')));
    assert.equal((await synced({ apply: { force: true } }))[0], '2');
    await journey.untilOutOfSync(await journey.commit(sealed('open', '3')));
    assert.match((await synced()).join(), /^2,.* cannot be changed/);
  });

  test('an operation that is written while one runs is run next', { timeout }, async () => {
    const journey = await running('queued');
    await journey.patch({ operation: { initiatedBy: { username: 'ann' }, sync: { prune: null, dryRun: true } } });
    const waiting = await journey.until('compared', ({ counts }) => counts?.['outOfSync'] !== undefined);
    assert.equal(waiting.status?.operationState?.phase, 'Running');
    await finalize(journey, 'old', []);
    const { status } = await journey.until(
      'run next',
      ({ operationState }, { operation }) =>
        operation === undefined && JSON.stringify(operationState?.operation).includes('ann'),
    );
    assert.deepEqual([status?.operationState?.message, status?.history?.length], ['dry run: nothing was written', 2]);
  });
});
