import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { eventually } from '../../tools/eventually.ts';
import type { World } from '../../tools/world.ts';
import { startWorld } from '../../tools/world.ts';
import { configMapPath, configMaps, deletions, mustFind, openShop, timeout, uids } from './support/deletion.ts';

let world: World;

before(async () => {
  world = await startWorld({ plane: { controllerManager: false } });
  await world.startOperator();
});

after(async () => {
  await world[Symbol.asyncDispose]();
});

async function ownerOf(name: string): Promise<string> {
  const { metadata } = await mustFind(world, configMapPath(name, 'm'));
  return metadata.annotations?.['evenkeel.dev/tracking-id']?.split(':')[0] ?? '';
}

describe('what moves to another Application keeps its object', () => {
  it('in two commits of two repositories, though nobody has seen the one that adds it', { timeout }, async () => {
    const shop = await openShop(world, 'from-one', configMaps('a', 'm'));
    const { name, repository } = shop;
    const other = await world.git.createRepository('to-another');
    await other.commit({ 'app/s.json': configMaps('s')['app/configmap-s.json'] ?? '' }, 'first');
    const source = { repoURL: other.url, path: 'app', targetRevision: 'main' };
    await world.application('to-another', { source, destination: { namespace: name }, interval: '1h' });
    await world.untilSynced('to-another');
    const before = await uids(world, name, ['a', 'm', 's']);
    await other.commit({ 'app/m.json': configMaps('m')['app/configmap-m.json'] ?? '' }, 'add it');
    const revision = await repository.commit({ 'app/configmap-m.json': null }, 'drop it');
    await world.untilSynced(name, revision);
    await eventually('the other one to own it', async () => (await ownerOf(name)) === 'evenkeel_to-another');
    assert.deepEqual([await deletions(world), await uids(world, name, ['a', 'm', 's'])], [[], before]);
  });
});
