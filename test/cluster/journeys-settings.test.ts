import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { eventually } from '../../tools/eventually.ts';
import type { GitServer } from '../../tools/git-server.ts';
import { startGitServer } from '../../tools/git-server.ts';
import type { StatusJson, World } from '../../tools/world.ts';
import { conditionOf, startWorld } from '../../tools/world.ts';
import { Journey, begin, manual, prepare, settings } from './support/journey.ts';

let world: World;
let secured: GitServer;
/** Managed as usual: what it sees corrected, the operator could have corrected elsewhere before. */
let witness: Journey;

before(async () => {
  world = await startWorld();
  secured = await startGitServer({ tls: true, credentials: { username: 'reader', password: 'first-password' } });
  await world.startOperator();
  witness = await begin(world, 'witness');
  await witness.untilSynced();
});

after(async () => {
  await world[Symbol.asyncDispose]();
  await secured[Symbol.asyncDispose]();
});

const timeout = 300_000;

/** The operator has seen everything up to now: a later change of the same kind, of Git and of the cluster, was served. */
async function served(value: string): Promise<void> {
  await witness.untilSynced(await witness.say(value));
  await witness.meddle('meddled');
  await witness.untilSaid(value);
}

describe('a suspended Application', () => {
  const ways = [
    ['spec.suspend', { spec: { suspend: { reason: 'freeze', by: 'jo' } } }, { spec: { suspend: null } }],
    annotated('evenkeel.dev/skip-reconcile'),
    annotated('argocd.argoproj.io/skip-reconcile'),
  ] as const;
  for (const [index, [name, stop, resume]] of ways.entries()) {
    test(`${name}: neither drift nor commits are written until it is resumed`, { timeout }, async () => {
      const gone = JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'gone' } });
      const journey = await prepare(world, `suspended-${index}`, { ...settings('one'), 'gone.json': gone });
      await journey.apply();
      await journey.untilSynced();
      await journey.patch(stop);
      await journey.until('suspended', (status) => conditionOf(status, 'Ready')?.reason === 'Suspended');
      const before = await journey.read();
      await journey.wroteNothing(async () => {
        await journey.meddle('meddled');
        await world.plane.kubectl(['delete', 'configmap', 'gone', '-n', journey.name]);
        await journey.say('two');
        await served(`beside ${name}`);
      });
      assert.equal(await journey.said(), 'meddled');
      assert.deepEqual((await journey.read()).status, before.status);
      await journey.patch(resume);
      await journey.untilSynced(await journey.repository.head());
      await journey.untilSaid('two');
      assert.notEqual(await journey.configMap('gone'), undefined, 'what was deleted is back');
    });
  }
});

describe('drift that is not corrected at once', () => {
  const other = { 'other.json': JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'other' } }) };
  const rows = [
    { name: 'selfheal-off', spec: { syncPolicy: { automated: {} } }, healedBySync: true },
    { name: 'on-sync', spec: { drift: { correction: 'OnSync' } }, healedBySync: true },
    { name: 'detect-only', spec: { drift: { correction: 'DetectOnly' } }, healedBySync: false },
  ] as const;
  for (const { name, spec, healedBySync } of rows) {
    test(
      `${name}: it is named, and ${healedBySync ? 'the next sync' : 'only a requested sync'} corrects it`,
      {
        timeout,
      },
      async () => {
        const journey = await begin(world, name, { spec });
        await journey.untilSynced();
        await journey.wroteNothing(async () => {
          await journey.meddle('meddled');
          const { status } = await journey.until('drifted', isDrifted);
          const [entry] = status?.drift ?? [];
          assert.deepEqual([entry?.name, entry?.fields, entry?.manager], ['settings', ['data.value'], 'kubectl-edit']);
          await served(`beside ${name}`);
        });
        const next = await journey.commit(other);
        await eventually('the new object', () => journey.configMap('other').then((data) => data !== undefined));
        if (!healedBySync) {
          await journey.untilOutOfSync(next);
          assert.equal(await journey.said(), 'meddled');
          await journey.sync();
        }
        await journey.untilSynced(next);
        assert.equal(await journey.said(), 'one');
        await journey.until('no longer drifted', (status) => !isDrifted(status));
      },
    );
  }
});

describe('targetRevision', () => {
  test('a branch is followed, a tag when it is moved, a full SHA never', { timeout }, async () => {
    const journey = await prepare(world, 'revisions');
    const first = await journey.repository.head();
    await journey.repository.tag('v1', first, 'annotated');
    await journey.repository.branch('release', first);
    const second = await journey.say('two');
    const follow = (targetRevision: string): Promise<void> =>
      journey.apply({ spec: { source: { repoURL: journey.repository.url, path: 'app', targetRevision } } });

    await follow('release');
    await journey.untilSynced(first);
    assert.equal(await journey.said(), 'one');
    await follow(second);
    await journey.untilSynced(second);
    assert.equal(await journey.said(), 'two');
    await follow('v1');
    await journey.untilSynced(first);
    await journey.repository.tag('v1', second);
    await journey.untilSynced(second);
    await follow('refs/heads/main');
    const third = await journey.say('three');
    await journey.untilSynced(third);
    await follow(first);
    await journey.untilSynced(first);
    assert.equal(await journey.said(), 'one');
  });
});

test('interval: one poll per interval, and a commit is seen at the next one', { timeout }, async () => {
  const journey = await begin(world, 'interval', { spec: { interval: '3s' } });
  await journey.untilSynced();
  world.git.forgetRequests();
  await eventually('six polls', () => world.git.count('ls-refs', 'interval') >= 6);
  const polls = world.git.requests.filter((asked) => asked.repository === 'interval' && asked.command === 'ls-refs');
  const waits = polls.slice(1).map(({ at }, index) => at - (polls[index]?.at ?? 0));
  const mean = waits.reduce((sum, wait) => sum + wait, 0) / waits.length;
  assert.ok(Math.min(...waits) > 2_500 && mean < 6_000, `polls are ${waits.join(', ')} ms apart`);
  await journey.untilSynced(await journey.say('two'));
});

describe('syncPolicy.retry', () => {
  const lost = {
    'lost.json': JSON.stringify({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'lost', namespace: 'not-there' },
    }),
  };
  const tries = async (journey: Journey): Promise<readonly number[]> => {
    const asked = await world.requests(({ namespace, verb }) => namespace === journey.name && verb === 'patch');
    return asked.filter(({ name }) => name === 'settings').map(({ at }) => at);
  };

  test('a manual sync fails at once, unless a limit is given', { timeout }, async () => {
    const journey = await prepare(world, 'retried-not', { ...settings('one'), ...lost });
    await journey.apply({ spec: manual });
    await journey.untilOutOfSync(await journey.repository.head());
    await journey.sync();
    const { status } = await journey.untilServed();
    const { phase, retryCount, message } = status?.operationState ?? {};
    assert.deepEqual([phase, retryCount], ['Error', undefined]);
    assert.match(message ?? '', /not-there/);
  });

  test('limit and backoff of the policy, and a newer commit ends it', { timeout }, async () => {
    const retry = { limit: 2, backoff: { duration: '2s', factor: 1, maxDuration: '5s' } };
    const journey = await prepare(world, 'retried', { ...settings('one'), ...lost });
    await journey.apply({ spec: { syncPolicy: { automated: {}, retry } } });
    const { status } = await journey.until(
      'out of tries',
      ({ operationState }) => operationState?.finishedAt !== undefined,
    );
    const { phase, retryCount, operation } = status?.operationState ?? {};
    assert.deepEqual([phase, retryCount, operation?.['initiatedBy']], ['Error', 2, { username: '', automated: true }]);
    const at = await tries(journey);
    const waits = at.slice(1).map((time, index) => time - (at[index] ?? 0));
    // The first look at the remote is news while the first run is under way: one more run, which is no retry.
    assert.equal(waits.filter((wait) => wait >= 2_000).length, 2, `tries are ${waits.join(', ')} ms apart`);
    assert.ok(waits.length <= 3, `tries are ${waits.join(', ')} ms apart`);

    const newer = await journey.commit({ 'lost.json': null });
    const { status: after } = await journey.untilSynced(newer);
    assert.deepEqual([after?.operationState?.phase, after?.operationState?.retryCount], ['Succeeded', undefined]);
  });
});

test('source.secretRef: basic auth and caBundle over TLS, and a rotated password', { timeout }, async () => {
  const journey = new Journey(world, 'private', await secured.createRepository('private'));
  const first = await journey.commit(settings('one'));
  await world.createNamespace(journey.name);
  const source = { repoURL: journey.repository.url, path: 'app', targetRevision: 'main', secretRef: 'private' };
  await journey.apply({ spec: { source } });
  await journey.until('without its Secret', refusedFor('AuthenticationFailed'));
  await storeSecret({ username: 'reader', password: 'first-password', caBundle: secured.caPem ?? '' });
  await journey.untilSynced(first);

  secured.credentials = { username: 'reader', password: 'second-password' };
  const second = await journey.say('two');
  await journey.until('refused', refusedFor('AuthenticationFailed'));
  assert.equal(await journey.said(), 'one');
  await storeSecret({ username: 'reader', password: 'second-password', caBundle: secured.caPem ?? '' });
  await journey.untilSynced(second);
  assert.equal(await journey.said(), 'two');

  await storeSecret({ username: 'reader', password: 'second-password' });
  const third = await journey.say('three');
  await journey.until('without its authority', refusedFor('GitUnavailable'));
  await storeSecret({ username: 'reader', password: 'second-password', caBundle: secured.caPem ?? '' });
  await journey.untilSynced(third);
});

test('info is accepted, and says nothing', { timeout }, async () => {
  const journey = await begin(world, 'informed', { spec: { info: [{ name: 'team', value: 'shop' }] } });
  const { status } = await journey.untilSynced();
  assert.equal(conditionOf(status ?? {}, 'FieldsIgnored'), undefined);
});

test('sync options that are always on may be said, and cannot be taken away', { timeout }, async () => {
  const options = ['ApplyOutOfSyncOnly', 'ServerSideApply', 'ClientSideApplyMigration'];
  const said = (value: string) => ({
    syncPolicy: { automated: {}, syncOptions: options.map((one) => `${one}=${value}`) },
  });
  const journey = await begin(world, 'always-on', { spec: said('true') });
  const { status } = await journey.untilSynced();
  assert.equal(conditionOf(status ?? {}, 'FieldsIgnored'), undefined);
  await journey.patch({ spec: said('false') });
  const { status: after } = await journey.until('told', (now) => conditionOf(now, 'FieldsIgnored') !== undefined);
  const { message } = conditionOf(after ?? {}, 'FieldsIgnored') ?? { message: '' };
  for (const [index, one] of options.entries())
    assert.ok(message.includes(`spec.syncPolicy.syncOptions[${index}]: ${one}=false: it is always on`), message);
  await journey.untilSynced(await journey.say('two'));
});

function annotated(name: string) {
  const set = (value: string | null) => ({ metadata: { annotations: { [name]: value } } });
  return [name, set('true'), set(null)] as const;
}

function isDrifted(status: StatusJson): boolean {
  return conditionOf(status, 'Drifted')?.status === 'True';
}

function refusedFor(reason: string): (status: StatusJson) => boolean {
  return (status) =>
    conditionOf(status, 'Ready')?.status === 'False' && conditionOf(status, 'Ready')?.reason === reason;
}

async function storeSecret(stringData: Readonly<Record<string, string>>): Promise<void> {
  const metadata = { name: 'private', namespace: 'evenkeel' };
  await world.plane.kubectl(
    ['replace', '--force', '-f', '-'],
    JSON.stringify({ apiVersion: 'v1', kind: 'Secret', metadata, stringData }),
  );
}
