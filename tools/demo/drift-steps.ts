import type { ObjectWatch } from '../control-plane/object-watch.ts';
import type { DriftJson } from '../world.ts';
import { duration, whatDrifted } from './facts.ts';
import type { Told } from './narrator.ts';
import { must } from './narrator.ts';
import type { ConfigMap, Deployment, Scene } from './scene.ts';

export async function scaleIsCorrected(scene: Scene): Promise<Told> {
  return correction<Deployment>(scene, {
    watch: scene.web,
    command: 'scale deployment/web --replicas=7 -n guestbook',
    isForeign: ({ spec }) => spec.replicas === 7,
    isRight: ({ spec }) => spec.replicas === 2,
    entry: { kind: 'Deployment', name: 'web' },
  });
}

export async function editIsCorrected(scene: Scene): Promise<Told> {
  return correction<ConfigMap>(scene, {
    watch: scene.settings,
    command: 'patch configmap settings -n guestbook --type=merge -p {"data":{"colour":"red","greeting":"Mine"}}',
    isForeign: ({ data }) => data?.['colour'] === 'red',
    isRight: ({ data }) => data?.['colour'] === 'blue' && data['greeting'] === 'Ahoy',
    entry: { kind: 'ConfigMap', name: 'settings' },
  });
}

/** Deleting by hand is drift too; nobody is named, for the API server keeps no manager of what is gone. */
export async function deletionIsCorrected(scene: Scene): Promise<Told> {
  const { service, world } = scene;
  const before = service.latest?.metadata.uid;
  const from = service.now;
  await scene.kubectl('delete service web -n guestbook --wait=false');
  const gone = await service.first('to be gone', from, ({ deleted }) => deleted);
  const back = await service.first('to be back', gone.next, ({ deleted }) => !deleted);
  must(back.object.metadata.uid !== before, 'the Service was not deleted');
  await world.untilSynced('guestbook');
  return {
    fact: `kubectl delete service web: back after ${duration(back.at - gone.at)}`,
  };
}

interface ForeignWrite<T> {
  readonly watch: ObjectWatch<T>;
  /** Of kubectl, separated by single spaces. */
  readonly command: string;
  readonly isForeign: (object: T) => boolean;
  readonly isRight: (object: T) => boolean;
  readonly entry: Pick<DriftJson, 'kind' | 'name'>;
}

/**
 * Measured from the event that shows the foreign write to the event that shows the object right again. When this process
 * was busy it saw both late and close together, so the operator's own metric counts if it says more.
 */
async function correction<T>(scene: Scene, write: ForeignWrite<T>): Promise<Told> {
  const before = await correctionsOf(scene);
  const from = write.watch.now;
  await scene.kubectl(write.command);
  const wrong = await write.watch.first('to be changed', from, ({ object }) => write.isForeign(object));
  const right = await write.watch.first('to be right again', wrong.next, ({ object }) => write.isRight(object));
  const drift = await reported(scene, write.entry);
  const after = await correctionsOf(scene);
  must(after.count > before.count, 'the operator does not count the correction');
  const own = (1000 * (after.seconds - before.seconds)) / (after.count - before.count);
  const watched = right.at - wrong.at;
  return {
    fact: `${whatDrifted(drift)}: right again after ${duration(Math.max(watched, own))}`,
    details: [
      `kubectl ${write.command}`,
      `${duration(watched)} by a watch, ${duration(own)} by the operator's own metric`,
    ],
  };
}

/** What the status says of it, once it is said to be healed. */
async function reported({ world }: Scene, { kind, name }: Pick<DriftJson, 'kind' | 'name'>): Promise<DriftJson> {
  const isIt = (entry: DriftJson): boolean => entry.kind === kind && entry.name === name && entry.healed !== undefined;
  const { status } = await world.until(
    'guestbook',
    `said to have healed ${kind} ${name}`,
    (now) => now.drift?.some(isIt) === true,
  );
  const entry = status?.drift?.find(isIt);
  if (entry === undefined) throw new Error(`status.drift has no ${kind} ${name}`);
  must(entry.fields.length > 0 && entry.manager !== '', `drift without field or manager: ${JSON.stringify(entry)}`);
  return entry;
}

async function correctionsOf({ world }: Scene): Promise<{ count: number; seconds: number }> {
  const count = await world.operator.metric('evenkeel_drift_correction_seconds_count');
  const seconds = await world.operator.metric('evenkeel_drift_correction_seconds_sum');
  must(count !== undefined && seconds !== undefined, 'the operator has no metric evenkeel_drift_correction_seconds');
  return { count, seconds };
}
