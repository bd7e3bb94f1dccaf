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

const lateWrites = [/^PATCH configmaps\/changes/, /^DELETE configmaps\/goes$/];

test('two replicas: what the leader leaves the other one ends, and nothing is done twice', async (t) => {
  const replicas: OperatorProcess[] = [];
  t.after(() => endAll(replicas));
  await using world = await startWorld({ proxied: true });
  // The other one is there already, and takes over by itself.
  const lives = { end: () => leaderOf(replicas).child.kill(), begin: () => Promise.resolve() };
  const stage = new KillStage(world, lives);
  await start(world, replicas);

  await t.test('the leader is killed in the middle of a sync', async () => {
    const { first, second } = twelve('killed');
    const begun = await stage.begin('killed', first);
    await start(world, replicas);
    const { fatal, subject } = await stage.sync(begun, second, { side: 'after', write: 6 });
    assert.notEqual(fatal, undefined, 'the leader was killed');
    await stage.end(subject);
  });

  for (const [index, write] of lateWrites.entries()) {
    await t.test(`a late ${write.source} of a former leader does nothing`, async () => {
      const { first, second } = twelve(`late-${index}`);
      const begun = await stage.begin(`late-${index}`, first);
      const { name, repository } = begun;
      const former = new LateLeader(leaderOf(replicas), proxyOf(world), write);
      await start(world, replicas);
      const next = await repository.commit(fileOf(second), 'second');
      await former.untilFrozen();
      await world.untilSynced(name, next);

      // What the late request is about is newer by now, and there again.
      const manifests = [...second.map(changedOnceMore), ...first.filter(({ metadata }) => metadata.name === 'goes')];
      const revision = await repository.commit(fileOf(manifests), 'third');
      await world.untilSynced(name, revision);
      const uids = await uidsOf(stage, { ...begun, manifests });
      assert.equal(await former.release(), 409, 'the server refuses it');
      assert.deepEqual(await former.thaw(), [], 'the former leader writes nothing more');
      await stage.checker.check({ name, revision, manifests, formerKinds: [], uids });
      await former.end();
      await stage.end({ ...begun, manifests });
    });
  }
});

/** Each with a name and a data folder of its own. */
async function start(world: World, replicas: OperatorProcess[]): Promise<void> {
  const name = `evenkeel-${replicas.length}`;
  const folder = path.join(world.plane.folder, `data-of-${name}`);
  replicas.push(await world.startOperator({ POD_NAME: name, EVENKEEL_DATA_DIR: folder }));
}

/** There is one that waits behind it at most. */
function leaderOf(replicas: readonly OperatorProcess[]): OperatorProcess {
  const leader = replicas.find(({ child }) => child.running);
  if (leader === undefined) throw new Error('no replica runs');
  return leader;
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
