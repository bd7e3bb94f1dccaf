import type { Told } from './narrator.ts';
import { must } from './narrator.ts';
import { conditionOf, isSynced } from '../world.ts';
import { duration, short } from './facts.ts';
import { exampleApplication, exampleFiles, type Scene } from './scene.ts';

const BANNER = `apiVersion: v1
kind: ConfigMap
metadata:
  name: banner
data:
  text: Welcome
`;

/** An Application of deploy/examples becomes Synced, and its Deployment ready. */
export async function becomesSynced({ world, repository, web }: Scene): Promise<Told> {
  const revision = await repository.commit(await exampleFiles(), 'Add the guestbook');
  const application = await exampleApplication(repository.url);
  const since = performance.now();
  await world.plane.kubectl(['apply', '-f', '-'], application);
  const { status } = await world.until(
    'guestbook',
    `Synced and Healthy at ${short(revision)}`,
    (now) => isSynced(now, revision) && now.health?.status === 'Healthy',
  );
  const ready = web.latest?.status?.readyReplicas ?? 0;
  const wanted = web.latest?.spec.replicas ?? 0;
  must(ready === wanted && wanted > 0, `Healthy with ${ready} of ${wanted} replicas ready`);
  const objects = status?.counts?.['objects'] ?? 0;
  const took = duration(performance.now() - since);
  return {
    fact: `${objects} objects of commit ${short(revision)} are Synced and Healthy after ${took}, ${ready} of ${wanted} replicas ready`,
  };
}

/** A commit changes one object and brings another. */
export async function commitGoesLive({ world, repository, settings, banner }: Scene): Promise<Told> {
  const file = 'guestbook/settings.yaml';
  const before = (await exampleFiles())[file] ?? '';
  const after = before.replace('greeting: Hello', 'greeting: Ahoy');
  must(after !== before, `${file} has no greeting to change`);
  const revision = await repository.commit({ [file]: after, 'guestbook/banner.yaml': BANNER }, 'Greet like sailors');
  const since = performance.now();
  const changed = await settings.first('to say Ahoy', 0, ({ object }) => object.data?.['greeting'] === 'Ahoy');
  const created = await banner.first('to exist', 0, ({ deleted }) => !deleted);
  await world.untilSynced('guestbook', revision);
  const took = duration(Math.max(changed.at, created.at) - since);
  return { fact: `commit ${short(revision)} changed ConfigMap settings and created ConfigMap banner after ${took}` };
}

/** A file that leaves Git takes its object with it. */
export async function removalIsPruned({ world, repository, banner }: Scene): Promise<Told> {
  const from = banner.now;
  const revision = await repository.commit({ 'guestbook/banner.yaml': null }, 'Take the banner down');
  const since = performance.now();
  const gone = await banner.first('to be deleted', from, ({ deleted }) => deleted);
  const { status } = await world.untilSynced('guestbook', revision);
  must(banner.latest === undefined, 'ConfigMap banner came back');
  const left = status?.counts?.['objects'] ?? 0;
  const took = duration(gone.at - since);
  return {
    fact: `commit ${short(revision)} removed a file: ConfigMap banner was deleted after ${took}, ${left} objects stay`,
  };
}

/** A commit that leaves the folder without a manifest deletes nothing; the next one ends the scare. */
export async function emptiedFolderDeletesNothing({ world, repository }: Scene): Promise<Told> {
  const files = Object.keys(await exampleFiles());
  const before = await repository.head();
  await world.plane.forgetRequests();
  const emptied = {
    ...Object.fromEntries(files.map((file) => [file, null])),
    'guestbook/README.md': 'Nothing here.\n',
  };
  await repository.commit(emptied, 'Remove everything by mistake');
  const { status } = await world.until(
    'guestbook',
    'blocked',
    (now) => conditionOf(now, 'PruneBlocked')?.status === 'True',
  );
  const deletions = (await world.managedWrites()).filter(({ verb }) => verb.startsWith('delete'));
  must(deletions.length === 0, `${deletions.length} objects were deleted`);
  const why = conditionOf(status ?? {}, 'PruneBlocked')?.message ?? '';
  await repository.git(['update-ref', 'refs/heads/main', before]);
  await world.untilSynced('guestbook', before);
  return {
    fact: `all ${files.length} files removed, ${deletions.length} objects deleted, PruneBlocked: ${why}`,
    details: ['Git is put right: Synced again'],
  };
}
