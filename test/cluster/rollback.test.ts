import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { eventually } from '../../tools/eventually.ts';
import type { ApplicationJson, HistoryJson, StatusJson, World } from '../../tools/world.ts';
import { applications, conditionOf, startWorld } from '../../tools/world.ts';
import type { ChartFiles } from './support/charts.ts';
import { startCharts } from './support/charts.ts';
import type { Journey } from './support/journey.ts';
import { begin, loseCache, manual, prepare, settings } from './support/journey.ts';

let world: World;

before(async () => {
  world = await startWorld();
  await world.startOperator();
});

after(async () => {
  await world[Symbol.asyncDispose]();
});

const timeout = 300_000;
const holds = 'evenkeel.dev/hold';

async function rollBack(journey: Journey, rollback: Readonly<Record<string, unknown>>): Promise<void> {
  await journey.patch({ operation: { initiatedBy: { username: 'jo' }, rollback, retry: { limit: 0 } } });
}

function isHeld(status: StatusJson): boolean {
  return conditionOf(status, 'Ready')?.reason === 'Held';
}

/** The second revision is deployed, and the first one is history entry 0. */
async function deployedTwice(name: string): Promise<{ journey: Journey; first: string; second: string }> {
  const journey = await begin(world, name);
  const first = await journey.repository.head();
  await journey.untilSynced(first);
  const second = await journey.say('two');
  await journey.untilSynced(second);
  return { journey, first, second };
}

describe('operation.rollback', () => {
  test(
    'applies that entry, holds it against commits, drift and a restart with an empty cache, and is released',
    {
      timeout,
    },
    async () => {
      const { journey, first, second } = await deployedTwice('rolled-back');
      await rollBack(journey, { id: 0 });
      await journey.untilSaid('one');
      const { status = {}, metadata } = await journey.until(
        'held, and done with the operation',
        (now, { operation }) => isHeld(now) && operation === undefined,
      );
      assert.equal(metadata.annotations?.[holds], first);
      assert.deepEqual(status.sync, { status: 'OutOfSync', revision: second });
      assert.equal(status.hold?.reason, 'rolled back to history entry 0 by jo');
      assert.deepEqual(
        status.history?.map(({ revision }) => revision),
        [first, second, first],
      );

      const third = await journey.say('three');
      await journey.until('OutOfSync with the newer commit', ({ sync }) => sync?.revision === third);
      assert.equal(await journey.said(), 'one');
      await loseCache(world);
      await journey.meddle('meddled');
      await journey.untilSaid('one');
      assert.equal(isHeld((await journey.read()).status ?? {}), true);
      assert.deepEqual((await journey.read()).status?.hold, status.hold, 'it is the same hold');

      await journey.annotate({ [holds]: null });
      const released = await journey.untilSynced(third);
      assert.deepEqual([await journey.said(), released.status?.hold], ['three', undefined]);
    },
  );

  test(
    'that is rendered to other objects is refused, naming both digests, until acceptDigest names the new one',
    {
      timeout,
    },
    async () => {
      const { journey, second } = await deployedTwice('rendered-anew');
      const entry = await firstEntry(journey);
      await spoilDigest(journey);
      await loseCache(world);
      await journey.untilSynced(second);
      await rollBack(journey, { id: 0 });
      const refused = await journey.until('refused', ({ operationState }) => operationState?.phase === 'Error');
      const [was, is] = digestsIn(refused);
      assert.equal(was, spoiled);
      assert.equal(is, entry?.digest);
      assert.equal(refused.metadata.annotations?.[holds], undefined);
      assert.equal(await journey.said(), 'two');

      await rollBack(journey, { id: 0, acceptDigest: is });
      await journey.untilSaid('one');
      await journey.until('held', (status) => isHeld(status) && status.hold?.digest === is);
    },
  );

  test(
    'to a chart: from the cache; without it a version that is gone, or was published again, writes nothing and says so',
    { timeout },
    async () => {
      await using charts = await startCharts(chartOf('grey'), ['1.0.0', '1.1.0', '1.2.0']);
      const journey = await prepare(world, 'of-a-chart');
      for (const targetRevision of ['1.0.0', '1.1.0', '1.2.0']) {
        await journey.apply({ spec: { source: { repoURL: charts.url, chart: 'shop', targetRevision } } });
        await journey.untilSynced(targetRevision);
      }
      await charts.withdraw('shop', '1.0.0');
      await charts.publish(chartOf('red'), ['1.1.0']);
      await rollBack(journey, { id: 0 });
      await journey.until('held', isHeld);
      assert.equal(await journey.said(), 'grey 1.0.0');

      const gone = /the chart shop has no version "1\.0\.0"; there are 1\.2\.0, 1\.1\.0/;
      let digest = '';
      await journey.wroteNothing(async () => {
        await loseCache(world);
        await journey.until('without that version', (now) => {
          const { reason, message = '' } = conditionOf(now, 'Ready') ?? {};
          return reason === 'RevisionNotFound' && gone.test(message);
        });
        await rollBack(journey, { id: 1 });
        const refused = await journey.until('refused', (now) => /^revision 1\.1\.0 was/.test(errorOf(now)));
        [, digest] = digestsIn(refused);
      });
      await rollBack(journey, { id: 1, acceptDigest: digest });
      await journey.untilSaid('red 1.1.0');
      await journey.untilServed();

      await journey.wroteNothing(async () => {
        await rollBack(journey, { id: 0 });
        const refused = await journey.until('refused, too', (now) => gone.test(errorOf(now)));
        assert.equal(refused.metadata.annotations?.[holds], '1.1.0', 'what was held before is held');
      });
    },
  );

  test('to an entry that is not there writes nothing, and names those that are', { timeout }, async () => {
    const { journey } = await deployedTwice('no-entry');
    await rollBack(journey, { id: 7 });
    const { status } = await journey.until('refused', ({ operationState }) => operationState?.phase === 'Error');
    assert.match(status?.operationState?.message ?? '', /no entry 7; it has 0, 1/);
    assert.equal(await journey.said(), 'two');
  });
});

/** Why an operation came to nothing; empty: it did not. */
function errorOf({ operationState }: StatusJson): string {
  return operationState?.phase === 'Error' ? operationState.message : '';
}

/** A chart with the ConfigMap `settings`, which says this colour and the version. */
function chartOf(colour: string): ChartFiles {
  const data = { value: `${colour} {{ .Chart.Version }}` };
  const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'settings' }, data };
  return {
    'chart/Chart.yaml': 'apiVersion: v2\nname: shop\nversion: 1.0.0\n',
    'chart/templates/settings.yaml': JSON.stringify(object),
  };
}

async function firstEntry(journey: Journey): Promise<HistoryJson | undefined> {
  return (await journey.read()).status?.history?.[0];
}

/** Those that a refusal names: of then, and of now. */
function digestsIn({ status }: ApplicationJson): [string, string] {
  const message = status?.operationState?.message ?? '';
  const [, was = '', is = ''] = /as digest ([0-9a-f]+) and is rendered to ([0-9a-f]+) now/.exec(message) ?? [];
  return [was, is];
}

const spoiled = 'd'.repeat(64);

/** As if what the first revision refers to (a chart, a version of a tool) had come to other objects then. */
async function spoilDigest(journey: Journey): Promise<void> {
  const url = `${applications}/${journey.name}/status`;
  const contentType = 'application/json-patch+json';
  const body = [{ op: 'replace', path: '/status/history/0/digest', value: spoiled }];
  await world.plane.api.must({ method: 'PATCH', path: url, body, contentType });
}

describe('the annotation hold', () => {
  test('set by hand is applied and held; of a manual Application the next sync goes there', { timeout }, async () => {
    const journey = await begin(world, 'by-hand', { spec: manual });
    const first = await journey.repository.head();
    await journey.untilOutOfSync(await journey.say('two'));
    await journey.annotate({ [holds]: first });
    await journey.until('holding', ({ hold }) => hold?.revision === first);
    assert.equal(await journey.said(), undefined);
    await journey.sync();
    await journey.until('held', isHeld);
    assert.equal(await journey.said(), 'one');
  });
});

describe('rollback.onDegraded', () => {
  const check = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    failed: "object.data.value == 'broken'",
    inProgress: "object.data.value == 'slow'",
    current: 'true',
  };
  const syncPolicy = { automated: { prune: true } };
  const spec = { syncPolicy, rollback: { onDegraded: { within: '2m' } }, healthChecks: [check] };

  /** Degraded later than in the second of its sync, as a rollout is. */
  async function breakLater(journey: Journey): Promise<void> {
    await eventually('another second', async () => {
      const { status } = await journey.read();
      return Date.now() > Date.parse(status?.history?.at(-1)?.deployStartedAt ?? '') + 1_000;
    });
    await journey.meddle('broken');
  }

  test(
    'goes back to the last healthy revision once, with hold and event; a newer commit lifts it',
    {
      timeout,
    },
    async () => {
      const journey = await prepare(world, 'by-itself');
      await journey.apply({ spec });
      const first = await journey.repository.head();
      await journey.until('healthy', ({ history }) => history?.[0]?.healthyAt !== undefined);
      const slow = await journey.say('slow');
      await journey.until(
        'inconclusive',
        ({ sync, health }) => sync?.revision === slow && health?.status === 'Progressing',
      );
      assert.equal((await journey.read()).metadata.annotations?.[holds], undefined, 'inconclusive goes nowhere');

      await breakLater(journey);
      await journey.untilSaid('one');
      const { status } = await journey.until('held', isHeld);
      assert.deepEqual([status?.hold?.revision, status?.sync?.revision], [first, slow]);
      assert.match(status?.hold?.reason ?? '', /^rolled back by itself/);
      const events = await world.plane.kubectl([
        'get',
        'events',
        '-n',
        'evenkeel',
        '-o',
        'jsonpath={.items[*].reason}',
      ]);
      assert.match(events, /RolledBack/);

      const fixed = await journey.say('fixed');
      const lifted = await journey.untilSynced(fixed);
      assert.deepEqual([await journey.said(), lifted.metadata.annotations?.[holds]], ['fixed', undefined]);
    },
  );

  test('not once more for the same objects, when a person has released the hold', { timeout }, async () => {
    const journey = await prepare(world, 'released');
    await journey.apply({ spec });
    await journey.until('healthy', ({ history }) => history?.[0]?.healthyAt !== undefined);
    const slow = await journey.say('slow');
    await journey.until('deployed', ({ history }) => history?.at(-1)?.revision === slow);
    await breakLater(journey);
    await journey.until('held', isHeld);
    await journey.annotate({ [holds]: null });
    await journey.until('released', ({ history }) => history?.length === 4);
    await breakLater(journey);
    await journey.until('broken again', ({ health }) => health?.status === 'Degraded');
    await journey.annotate({ 'evenkeel.dev/refresh': 'hard' });
    const { metadata } = await journey.until(
      'looked at again',
      (_, now) => now.metadata.annotations?.['evenkeel.dev/refresh'] === undefined,
    );
    assert.equal(metadata.annotations?.[holds], undefined);
    assert.equal(await journey.said(), 'broken');
  });

  test('takes a sync back, too, that an object of an early wave has ended', { timeout }, async () => {
    const journey = await prepare(world, 'in-a-wave');
    const failed = "object.data.value == 'slow' && has(object.data.verdict)";
    await journey.apply({ spec: { ...spec, healthChecks: [{ ...check, failed }] } });
    const first = await journey.repository.head();
    await journey.until('healthy', ({ history }) => history?.[0]?.healthyAt !== undefined);
    const metadata = { name: 'after', annotations: { 'evenkeel.dev/sync-wave': '1' } };
    const after = { 'after.json': JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata }) };
    const second = await journey.commit({ ...settings('slow'), ...after });
    const { status: syncing } = await journey.until(
      'waiting for the first wave',
      ({ sync, operationState }) => sync?.revision === second && operationState?.phase === 'Running',
    );
    const begun = Date.parse(syncing?.operationState?.startedAt ?? '');
    await eventually('another second', () => Promise.resolve(Date.now() > begun + 2_000));

    const path = `/api/v1/namespaces/${journey.name}/configmaps/settings?fieldManager=checker`;
    const contentType = 'application/merge-patch+json';
    await world.plane.api.must({ method: 'PATCH', path, body: { data: { verdict: 'broken' } }, contentType });
    const { status } = await journey.until('held', isHeld);
    assert.deepEqual([await journey.said(), status?.hold?.revision, status?.health?.status], ['one', first, 'Healthy']);
    assert.deepEqual(
      status?.history?.map(({ revision }) => revision),
      [first, first],
    );
    assert.equal(await journey.configMap('after'), undefined);
  });
});
