import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { eventually } from '../../tools/eventually.ts';
import { conditionOf } from '../../tools/world.ts';
import { begin, manual, prepare, settings } from './support/journey.ts';
import { sharedWorld } from './support/shared-world.ts';

const world = await sharedWorld();

const timeout = 300_000;

describe('without automated', () => {
  test('compares and reports, and writes nothing', { timeout }, async () => {
    const journey = await prepare(world, 'compared');
    await journey.wroteNothing(async () => {
      await journey.apply({ spec: manual });
      const { status } = await journey.untilOutOfSync(await journey.repository.head());
      assert.equal(status?.health?.status, 'Missing');
      assert.equal(conditionOf(status, 'Ready')?.status, 'False');
      await journey.untilOutOfSync(await journey.say('two'));
    });
    assert.equal(await journey.said(), undefined);
    assert.equal((await journey.read()).status?.operationState, undefined, 'comparing is no operation');
  });

  test('operation.sync writes once, is removed, and says what it did', { timeout }, async () => {
    const journey = await begin(world, 'by-operation', { spec: manual });
    const first = await journey.repository.head();
    await journey.untilOutOfSync(first);
    await journey.sync();
    await journey.untilSynced(first);
    const { status } = await journey.untilServed();
    const state = status?.operationState;
    assert.equal(state?.phase, 'Succeeded');
    assert.deepEqual(state.operation, {
      initiatedBy: { username: 'jo', automated: false },
      sync: { revision: '', prune: false, dryRun: false },
    });
    assert.deepEqual(state.syncResult?.revision, first);
    assert.deepEqual(
      state.syncResult.resources.map(({ kind, name, status }) => [kind, name, status]),
      [['ConfigMap', 'settings', 'Synced']],
    );
    assert.deepEqual(
      status?.history?.map(({ id, revision, initiatedBy }) => [id, revision, initiatedBy]),
      [[0, first, { username: 'jo', automated: false }]],
    );

    const second = await journey.say('two');
    await journey.untilOutOfSync(second);
    assert.equal(await journey.said(), 'one', 'a later commit waits for the next sync');
  });

  test(
    '37. operation.sync.prune deletes what Git dropped; without it, it stays and is named',
    { timeout },
    async () => {
      const files = { ...settings('one'), 'old.json': named('old') };
      const journey = await prepare(world, 'by-prune', files);
      await journey.apply({ spec: manual });
      await journey.sync();
      await journey.untilSynced();
      await journey.untilServed();

      const dropped = await journey.commit({ 'old.json': null });
      await journey.untilOutOfSync(dropped);
      await journey.sync();
      const { status: kept } = await journey.untilServed();
      assert.deepEqual([kept?.operationState?.phase, kept?.sync?.status], ['Succeeded', 'OutOfSync']);
      assert.deepEqual(
        kept?.resources?.map(({ name, requiresPruning }) => [name, requiresPruning]),
        [['old', true]],
      );
      assert.ok(await journey.configMap('old'));

      await journey.sync({ prune: true });
      await journey.untilSynced(dropped);
      assert.equal(await journey.configMap('old'), undefined);
    },
  );

  test('operation.sync.revision syncs to that commit', { timeout }, async () => {
    const journey = await begin(world, 'by-revision', { spec: manual });
    const first = await journey.repository.head();
    const second = await journey.say('two');
    await journey.untilOutOfSync(second);
    await journey.sync({ revision: first });
    await journey.untilServed();
    assert.equal(await journey.said(), 'one');
    const { status } = await journey.untilOutOfSync(second);
    assert.deepEqual(
      status?.history?.map(({ revision }) => revision),
      [first],
    );
  });

  test('operation.sync.dryRun writes nothing, and says what a sync would do', { timeout }, async () => {
    const journey = await prepare(world, 'by-dry-run', { ...settings('one'), 'old.json': named('old') });
    await journey.apply({ spec: manual });
    await journey.sync();
    await journey.untilSynced();
    const { metadata } = await journey.untilServed();
    const next = await journey.commit({ ...settings('two'), 'old.json': null, 'new.json': named('new') });
    await journey.untilOutOfSync(next);

    await journey.wroteNothing(async () => {
      await journey.sync({ dryRun: true, prune: true });
      const { status } = await journey.until(
        'done with the dry run',
        ({ operationState }, app) =>
          app.operation === undefined && operationState?.phase === 'Succeeded' && isDryRun(operationState.operation),
      );
      const rows = status?.operationState?.syncResult?.resources.map(({ name, message }) => `${name}: ${message}`);
      assert.deepEqual(rows?.sort(), [
        'new: dry run: would be created',
        'old: dry run: would be deleted',
        'settings: dry run: would be changed',
      ]);
      assert.deepEqual([status?.sync?.status, status?.history?.length], ['OutOfSync', 1]);
    });
    assert.ok((await journey.read()).metadata.generation > metadata.generation);
    const recorded = (await journey.read()).status?.record?.entries.map((entry) => entry.split('|')[2]);
    assert.deepEqual(recorded, ['old', 'settings']);
  });

  test('a new value of the annotation sync is one sync', { timeout }, async () => {
    const journey = await begin(world, 'by-annotation', { spec: manual });
    await journey.untilOutOfSync(await journey.repository.head());
    await journey.annotate({ 'evenkeel.dev/sync': 'now' });
    await journey.untilSynced();
    const second = await journey.say('two');
    await journey.wroteNothing(async () => {
      await journey.untilOutOfSync(second);
      await journey.annotate({ 'evenkeel.dev/sync': 'now' });
      await journey.annotate({ 'evenkeel.dev/refresh': 'hard' });
      await journey.until('refreshed', (_, app) => app.metadata.annotations?.['evenkeel.dev/refresh'] === undefined);
    });
    await journey.annotate({ 'evenkeel.dev/sync': 'again' });
    await journey.untilSynced(second);
    assert.equal((await journey.read()).status?.history?.length, 2);
  });

  test('an explicit drift.correction Immediate corrects drift, and nothing else', { timeout }, async () => {
    const journey = await begin(world, 'corrected-only', { spec: { ...manual, drift: { correction: 'Immediate' } } });
    await journey.untilOutOfSync(await journey.repository.head());
    await journey.sync();
    await journey.untilSynced();
    await journey.meddle('meddled');
    await journey.untilSaid('one');
    const second = await journey.say('two');
    await journey.untilOutOfSync(second);
    await journey.meddle('meddled');
    await journey.untilSaid('one');
  });
});

describe('history', () => {
  for (const limit of [0, 2]) {
    test(`revisionHistoryLimit: ${limit} keeps ${limit}`, { timeout }, async () => {
      const journey = await begin(world, `history-${limit}`, { spec: { revisionHistoryLimit: limit } });
      const revisions = [await journey.repository.head()];
      await journey.untilSynced(revisions[0]);
      for (const value of ['two', 'three']) {
        const revision = await journey.say(value);
        revisions.push(revision);
        await journey.untilSynced(revision);
      }
      const { status } = await journey.read();
      const kept = limit === 0 ? [] : revisions.slice(-limit).map((revision, index) => [index + 1, revision]);
      assert.deepEqual(
        (status?.history ?? []).map(({ id, revision }) => [id, revision]),
        kept,
      );
      await journey.meddle('meddled');
      await journey.untilSaid('three');
    });
  }
});

describe('refresh', () => {
  for (const name of ['evenkeel.dev/refresh', 'argocd.argoproj.io/refresh']) {
    test(`${name} looks at the remote now, and is removed when done`, { timeout }, async () => {
      const journey = await begin(world, `refresh-${name.split('.')[0] ?? ''}`, { spec: { interval: '1h' } });
      await journey.untilSynced();
      for (const [value, kind] of [
        ['two', 'normal'],
        ['three', 'hard'],
      ] as const) {
        const revision = await journey.say(value);
        await journey.annotate({ [name]: kind });
        await journey.untilSynced(revision);
        await eventually(
          'the annotation to go',
          async () => (await journey.read()).metadata.annotations?.[name] === undefined,
        );
        assert.equal(await journey.said(), value);
      }
    });
  }
});

function named(name: string): string {
  return JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data: { from: 'git' } });
}

function isDryRun(operation: Readonly<Record<string, unknown>> | undefined): boolean {
  const sync = operation?.['sync'] as { readonly dryRun?: boolean } | undefined;
  return sync?.dryRun === true;
}
