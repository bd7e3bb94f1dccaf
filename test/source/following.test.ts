import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { eventually } from '../../tools/eventually.ts';
import { startFaultProxy } from '../../tools/fault-proxy.ts';
import { startGitServer, type GitServer } from '../../tools/git-server.ts';
import { ManualClock } from '../fakes/clock.ts';
import { application, configMap, never, startSource } from './stage.ts';

let server: GitServer;

before(async () => {
  server = await startGitServer();
});

after(() => server[Symbol.asyncDispose]());

const intervalMs = 3_600_000;

describe('what others follow is looked at before something dropped is deleted', () => {
  test('once after a new commit for all who ask, and what fails holds nobody up', async () => {
    const shop = await server.createRepository('shop');
    await shop.commit({ 'a.yaml': configMap('a') }, 'first');
    const other = await server.createRepository('other');
    const before = await other.commit({ 'b.yaml': configMap('b') }, 'first');
    await using stage = await startSource();
    const { source, telemetry } = stage;
    const urls = [shop.url, other.url, `${server.url}/nowhere.git`];
    const apps = urls.map((repoURL) => application({ name: repoURL, intervalMs, source: { repoURL } }));
    const [one, two] = apps.map(({ key }) => key);
    assert.ok(one !== undefined && two !== undefined);
    const looksAt = (url: string): number => telemetry.polls.filter(({ remote }) => remote === url).length;
    for (const each of apps) source.follow(each);
    await eventually('all are looked at', () => urls.every((url) => looksAt(url) > 0));
    await source.lookAtOthers(one, never);
    const looks = looksAt(other.url);

    const added = await other.commit({ 'c.yaml': configMap('c') }, 'second');
    const dropped = await shop.commit({ 'c.yaml': configMap('c') }, 'second');
    source.pushed({ forge: 'generic', urls: [shop.url], refs: ['refs/heads/main'] });
    await eventually('the commit is seen', () => source.newestRevision(one) === dropped);
    assert.equal(source.newestRevision(two), before);
    await Promise.all(Array.from({ length: 50 }, () => source.lookAtOthers(one, never)));
    assert.equal(source.newestRevision(two), added);
    await source.lookAtOthers(one, never);
    assert.equal(looksAt(other.url) - looks, 1);
  });

  test('10 s are given to what does not answer', async () => {
    const repository = await server.createRepository('answers');
    await repository.commit({ 'a.yaml': configMap('a') }, 'first');
    const clock = new ManualClock();
    await using stage = await startSource({ clock });
    await using silent = await startFaultProxy({ target: server.url });
    silent.rules = [{ then: { kind: 'hang' } }];
    const { source } = stage;
    const own = application({ name: 'one', source: { repoURL: repository.url } });
    source.follow(own);
    await eventually('its revision is known', () => source.newestRevision(own.key) !== undefined);
    source.follow(application({ name: 'two', source: { repoURL: `${silent.url}/answers.git` } }));
    await eventually('the other is being looked at', () => silent.requests.length > 0);
    let isOver = false;
    const looks = source.lookAtOthers(own.key, never).then(() => (isOver = true));
    await clock.advance(9_999);
    assert.equal(isOver, false);
    await clock.advance(1);
    await looks;
  });

  test('what cannot be looked at is out of sight, for ten minutes', async () => {
    const repository = await server.createRepository('seen');
    await repository.commit({ 'a.yaml': configMap('a') }, 'first');
    const clock = new ManualClock();
    await using stage = await startSource({ clock });
    await using relay = await startFaultProxy({ target: server.url });
    const { source, telemetry } = stage;
    const seen = application({ name: 'seen', intervalMs, source: { repoURL: `${relay.url}/seen.git` } });
    const unseen = application({ name: 'never', intervalMs, source: { repoURL: `${server.url}/nowhere.git` } });
    for (const app of [seen, unseen]) source.follow(app);
    await eventually('both are looked at', () => telemetry.polls.length >= 2);
    assert.deepEqual([source.isOutOfSight(seen.key), source.isOutOfSight(unseen.key)], [false, true]);
    const broken = { then: { kind: 'answer', status: 503 } } as const;

    relay.rules = [broken];
    await source.lookAtOthers(unseen.key, never);
    const push = { forge: 'generic', urls: [`${relay.url}/seen.git`], refs: ['refs/heads/main'] } as const;
    source.pushed(push);
    await eventually('it is out of sight', () => source.isOutOfSight(seen.key));
    relay.rules = [];
    source.pushed(push);
    await eventually('it is in sight', async () => {
      await clock.advance(2_000);
      return !source.isOutOfSight(seen.key);
    });
    relay.rules = [broken];
    await clock.advance(2_000);
    source.pushed(push);
    await eventually('it is out of sight again', () => source.isOutOfSight(seen.key));
    await clock.advance(600_000);
    await eventually('it stops nobody: it may never come back', () => !source.isOutOfSight(seen.key));
  });
});

test('those whose folders a commit touches hear of it first', async () => {
  const repository = await server.createRepository('touched');
  const names = ['a', 'b', 'c', 'd'];
  const files = Object.fromEntries(names.map((name) => [`apps/${name}/x.yaml`, configMap(name)]));
  await repository.commit(files, 'first');
  await using stage = await startSource();
  const { source } = stage;
  const told: string[] = [];
  source.onNews((key) => told.push(key));
  for (const name of names)
    source.follow(application({ name, intervalMs, source: { repoURL: repository.url, path: `apps/${name}` } }));
  await eventually('all hear of the first commit', () => told.length >= names.length);

  const touches = async (change: Record<string, string>): Promise<string[]> => {
    told.length = 0;
    await repository.commit(change, 'another');
    source.pushed({ forge: 'generic', urls: [repository.url], refs: ['refs/heads/main'] });
    await eventually('all hear of it', () => told.length === names.length);
    return told.map((key) => key.split('/')[1] ?? '');
  };
  assert.deepEqual(await touches({ 'apps/c/x.yaml': configMap('other') }), ['c', 'a', 'b', 'd']);
  const change = { 'apps/b/y.yaml': configMap('y'), 'apps/d/x.yaml': configMap('other') };
  assert.deepEqual(await touches(change), ['b', 'd', 'a', 'c']);
  assert.deepEqual(await touches({ 'README.md': 'read' }), names);
});
