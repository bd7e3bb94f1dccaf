import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { eventually } from '../../tools/eventually.ts';
import { startGitServer } from '../../tools/git-server.ts';
import { ManualClock, settled } from '../fakes/clock.ts';
import { application, configMap, never, startSource } from '../source/stage.ts';
import { record } from '../telemetry/recorder.ts';
import { password, proofOf, secretOf, startListener } from './stage.ts';

/** From the HTTP request of a forge to the request to a real Git server; time stands still. */
async function stage() {
  await using cleanup = new AsyncDisposableStack();
  const server = cleanup.use(await startGitServer());
  const clock = new ManualClock();
  const { source } = cleanup.use(await startSource({ clock }));
  const recorder = record('debug');
  const listener = cleanup.use(
    await startListener([secretOf('generic', server.url)], {
      onPush: (push) => source.pushed(push),
      telemetry: recorder.telemetry,
    }),
  );
  const follow = async (name: string, ...revisions: readonly string[]) => {
    const repository = await server.createRepository(name);
    await repository.commit({ 'a.yaml': configMap('a') }, 'first');
    for (const targetRevision of revisions) {
      if (targetRevision !== 'main') await repository.branch(targetRevision, 'main');
      const app = application({
        name: `${name}-${targetRevision}`,
        source: { repoURL: repository.url, targetRevision },
      });
      source.follow(app);
      await source.load(app, {}, never);
    }
    return repository;
  };
  const push = async (repository: string, ref: string) => {
    const body = JSON.stringify({ repository, ref });
    return await listener.send({ headers: proofOf('generic', body), body });
  };
  const all = cleanup.move();
  return {
    server,
    source,
    clock,
    recorder,
    follow,
    push,
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}

describe('a push', () => {
  test('is known at once, in whatever spelling', async () => {
    await using all = await stage();
    const repository = await all.follow('shop', 'main');
    const commit = await repository.commit({ 'a.yaml': configMap('b') }, 'second');
    assert.notEqual(all.source.newestRevision('argo/shop-main'), commit);
    const { status } = await all.push(repository.url.replace('.git', '/'), 'refs/heads/main');
    assert.equal(status, 202);
    await eventually('the commit to be known', () => all.source.newestRevision('argo/shop-main') === commit);
  });

  test('to another branch or repository, or without a Secret, wakes nobody', async () => {
    await using all = await stage();
    const shop = await all.follow('shop', 'main', 'release');
    await all.follow('other', 'main');
    const before = all.server.count('ls-refs');
    assert.equal((await all.push(shop.url, 'refs/heads/feature/x')).status, 202);
    assert.equal((await all.push(shop.url, 'refs/tags/v1')).status, 202);
    assert.equal((await all.push(`${all.server.url}/elsewhere.git`, 'refs/heads/main')).status, 202);
    assert.equal((await all.push('https://elsewhere.example.com/shop.git', 'refs/heads/main')).status, 401);
    await settled();
    // What they had caused would have been asked for before this.
    await all.push(shop.url, 'refs/heads/release');
    await eventually('the one look', () => all.server.count('ls-refs', 'shop') > 2);
    assert.equal(all.server.count('ls-refs') - before, 1);
    assert.equal(all.server.count('ls-refs', 'other'), 1);
  });

  test('1,000 in a burst: one look at its beginning, one at its end, and the last commit is known', async () => {
    await using all = await stage();
    const shop = await all.follow('shop', 'main');
    await all.follow('other', 'main');
    const before = all.server.count('ls-refs', 'shop');
    const burst = async () => {
      for (let i = 0; i < 100; i++) assert.equal((await all.push(shop.url, 'refs/heads/main')).status, 202);
    };
    await Promise.all(Array.from({ length: 10 }, burst));
    const commit = await shop.commit({ 'a.yaml': configMap('last') }, 'last');
    await all.push(shop.url, 'refs/heads/main');
    await all.clock.advance(2_000);
    await eventually('the commit to be known', () => all.source.newestRevision('argo/shop-main') === commit);
    assert.equal(all.server.count('ls-refs', 'shop') - before, 2);
    assert.equal(all.server.count('ls-refs', 'other'), 1);
    const pushed = { forge: 'generic', outcome: 'pushed' };
    assert.equal(await all.recorder.value('evenkeel_webhook_requests_total', pushed), 1_001);
  });

  test('leaves no secret, header or body in the log', async () => {
    await using all = await stage();
    await all.push(`${all.server.url}/canary-of-the-body.git`, 'refs/heads/main');
    await all.push('https://elsewhere.example.com/canary-of-the-body', 'refs/heads/main');
    assert.equal(all.recorder.lines.length, 2);
    const text = JSON.stringify(all.recorder.lines) + (await all.recorder.telemetry.registry.metrics());
    for (const canary of [password, 'canary-of-the-body', 'sha256=']) assert.ok(!text.includes(canary), canary);
  });
});
