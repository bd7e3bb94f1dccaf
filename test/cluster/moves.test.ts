import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { eventually } from '../../tools/eventually.ts';
import { startFaultProxy } from '../../tools/fault-proxy.ts';
import type { GitRepository } from '../../tools/git-server.ts';
import { conditionOf } from '../../tools/world.ts';
import { configMapPath, configMaps, deletions, mustFind, openShop, timeout, uids } from './support/deletion.ts';
import { sharedWorld } from './support/shared-world.ts';

const world = await sharedWorld({ plane: { controllerManager: false } });

/** Where the other Application finds its manifests. */
interface Place {
  readonly repository: GitRepository;
  readonly branch: string;
}

/** In one place as in the other: the folder of the Application that gets `m`, which has `s` at first. */
async function follow(
  { repository, branch }: Place,
  name: string,
  namespace: string,
  repoURL = repository.url,
): Promise<void> {
  await repository.commit({ 'other/s.json': configMaps('s')['app/configmap-s.json'] ?? '' }, 'first', branch);
  const source = { repoURL, path: 'other', targetRevision: branch };
  await world.application(name, { source, destination: { namespace }, interval: '1h' });
  await world.untilSynced(name);
}

async function add({ repository, branch }: Place): Promise<string> {
  const manifest = configMaps('m')['app/configmap-m.json'] ?? '';
  return repository.commit({ 'other/m.json': manifest }, 'add it', branch);
}

async function ownerOf(name: string): Promise<string> {
  const { metadata } = await mustFind(world, configMapPath(name, 'm'));
  return metadata.annotations?.['evenkeel.dev/tracking-id']?.split(':')[0] ?? '';
}

describe('what moves to another Application in two commits, added before it is dropped, keeps its object', () => {
  const places = {
    'two-repositories': async () => ({ repository: await world.git.createRepository('another'), branch: 'main' }),
    'two-branches': async (repository: GitRepository) => {
      await repository.branch('another');
      return { repository, branch: 'another' };
    },
  };
  for (const [name, placeBeside] of Object.entries(places)) {
    it(`of ${name.replace('-', ' ')}, though nobody has seen the one that adds it`, { timeout }, async () => {
      const { repository } = await openShop(world, name, configMaps('a', 'm'));
      const place = await placeBeside(repository);
      await follow(place, `${name}-other`, name);
      const before = await uids(world, name, ['a', 'm', 's']);
      await add(place);
      const revision = await repository.commit({ 'app/configmap-m.json': null }, 'drop it');
      await world.untilSynced(name, revision);
      await eventually('the other one to own it', async () => (await ownerOf(name)) === `evenkeel_${name}-other`);
      assert.deepEqual([await deletions(world), await uids(world, name, ['a', 'm', 's'])], [[], before]);
    });
  }

  it('of two repositories, though the one that has it by then is out of reach', { timeout }, async () => {
    const name = 'out-of-reach';
    await using relay = await startFaultProxy({ target: world.git.url });
    const { repository } = await openShop(world, name, configMaps('a', 'm'));
    const place = { repository: await world.git.createRepository('far'), branch: 'main' };
    await follow(place, `${name}-other`, name, relay.url + new URL(place.repository.url).pathname);
    const before = await uids(world, name, ['a', 'm', 's']);
    await add(place);
    relay.rules = [{ then: { kind: 'answer', status: 503 } }];
    const revision = await repository.commit({ 'app/configmap-m.json': null, ...configMaps('b') }, 'drop it');
    await world.until(name, 'kept', ({ sync, operationState }) => {
      const row = operationState?.syncResult?.resources.find((resource) => resource['name'] === 'm');
      return sync?.revision === revision && row?.['message'] === `Application evenkeel/${name}-other claims it`;
    });
    assert.deepEqual([await deletions(world), await uids(world, name, ['a', 'm', 's'])], [[], before]);
    relay.rules = [];
    await eventually('the other one to own it', async () => (await ownerOf(name)) === `evenkeel_${name}-other`);
    await world.untilSynced(name, revision);
    assert.deepEqual([await deletions(world), await uids(world, name, ['a', 'm', 's'])], [[], before]);
  });

  it('of one branch, while both want it, too', { timeout }, async () => {
    const name = 'one-branch';
    const { repository } = await openShop(world, name, configMaps('a', 'm'));
    const place = { repository, branch: 'main' };
    await follow(place, `${name}-other`, name);
    const before = await uids(world, name, ['a', 'm', 's']);
    await add(place);
    await world.until(`${name}-other`, 'refused', (status) => conditionOf(status, 'SharedResource')?.status === 'True');
    assert.equal(await ownerOf(name), `evenkeel_${name}`, 'of two that want it the one that has it writes');
    const revision = await repository.commit({ 'app/configmap-m.json': null }, 'drop it');
    await world.untilSynced(name, revision);
    await world.untilSynced(`${name}-other`, revision);
    assert.equal(await ownerOf(name), `evenkeel_${name}-other`);
    assert.deepEqual([await deletions(world), await uids(world, name, ['a', 'm', 's'])], [[], before]);
  });
});
