import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import type { OperatorProcess } from '../../tools/operator-process.ts';
import { startWorld, type World } from '../../tools/world.ts';
import type { Manifest } from '../corpus/independent-check.ts';
import { refOf } from './support/kills-checker.ts';
import { LateLeader } from './support/kills-late.ts';
import { twelve } from './support/kills-manifests.ts';
import { fileOf, KillStage, proxyOf, type Subject } from './support/kills-stage.ts';

test('the leader is killed in the middle of a sync: the other replica ends it and does nothing twice', async (t) => {
  const replicas: OperatorProcess[] = [];
  t.after(() => endAll(replicas));
  await using world = await startWorld({ proxied: true });
  // The other one is there already, and takes over by itself.
  const lives = { end: () => killFirst(replicas), begin: () => Promise.resolve() };
  const stage = new KillStage(world, lives);
  await start(world, replicas);
  const { first, second } = twelve('killed');
  const begun = await stage.begin('killed', first);
  await start(world, replicas);
  const { fatal } = await stage.sync(begun, second, { side: 'after', write: 6 });
  assert.notEqual(fatal, undefined, 'the leader was killed');
});

const lateWrites = [/^PATCH configmaps\/changes/, /^DELETE configmaps\/goes$/];

for (const [index, write] of lateWrites.entries()) {
  test(`a late ${write.source} of a former leader does nothing`, async (t) => {
    const replicas: OperatorProcess[] = [];
    t.after(() => endAll(replicas));
    await using world = await startWorld({ proxied: true });
    const stage = new KillStage(world, { end: () => killFirst(replicas), begin: () => Promise.resolve() });
    const leader = await start(world, replicas);
    const name = `late-${index}`;
    const { first, second } = twelve(name);
    const begun = await stage.begin(name, first);
    await start(world, replicas);

    const late = new LateLeader(leader, proxyOf(world), write);
    const next = await begun.repository.commit(fileOf(second), 'second');
    await late.untilFrozen();
    await world.untilSynced(name, next);

    // What the late request is about is newer by now, and there again.
    const third = [...second.map(changedOnceMore), ...first.filter(({ metadata }) => metadata.name === 'goes')];
    const revision = await begun.repository.commit(fileOf(third), 'third');
    await world.untilSynced(name, revision);
    const uids = await uidsOf(stage, { ...begun, manifests: third });
    assert.equal(await late.release(), 409, 'the server refuses it');
    assert.deepEqual(await late.thaw(), [], 'the former leader writes nothing more');
    await stage.checker.check({ name, revision, manifests: third, formerKinds: [], uids });
  });
}

/** Each with a name and a data folder of its own. */
async function start(world: World, replicas: OperatorProcess[]): Promise<OperatorProcess> {
  const name = `evenkeel-${replicas.length}`;
  const folder = path.join(world.plane.folder, `data-of-${name}`);
  const replica = await world.startOperator({ POD_NAME: name, EVENKEEL_DATA_DIR: folder });
  replicas.push(replica);
  return replica;
}

async function killFirst(replicas: readonly OperatorProcess[]): Promise<void> {
  await replicas[0]?.child.kill();
}

/** Those that stand still, too. */
async function endAll(replicas: readonly OperatorProcess[]): Promise<void> {
  await Promise.all(replicas.map(({ child }) => child.kill()));
}

function changedOnceMore(manifest: Manifest): Manifest {
  const isChanged = manifest.kind === 'ConfigMap' && manifest.metadata.name === 'changes';
  return isChanged ? { ...manifest, data: { text: 'third' } } : manifest;
}

async function uidsOf({ checker }: KillStage, { name, manifests }: Subject): Promise<Map<string, string>> {
  const live = await checker.live(
    name,
    manifests.map(({ kind }) => kind),
  );
  return new Map(manifests.map((manifest) => [refOf(manifest), live.get(refOf(manifest))?.uid ?? '']));
}
