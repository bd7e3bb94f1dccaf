import { WriteStream } from 'node:tty';
import { obtain } from '../assets/assets.ts';
import { KUBERNETES_VERSION } from '../assets/catalogue.ts';
import { startWorld, type World } from '../world.ts';
import { deletionIsCorrected, editIsCorrected, scaleIsCorrected } from './drift-steps.ts';
import { duration } from './facts.ts';
import { whatToTry } from './guide.ts';
import { LiveStage } from './live-stage.ts';
import { Narrator, plainStage, StepMissed, type Stage, type Told } from './narrator.ts';
import { metricsAreServed, operatorStarts, restartWritesNothing } from './operator-steps.ts';
import { panelOf } from './panel.ts';
import { Scene } from './scene.ts';
import { becomesSynced, commitGoesLive, emptiedFolderDeletesNothing, removalIsPruned } from './sync-steps.ts';

interface Step {
  readonly name: string;
  readonly doing: string;
  readonly act: (scene: Scene) => Promise<Told>;
}

const steps: readonly Step[] = [
  { name: 'sync', doing: 'an Application of deploy/examples is created', act: becomesSynced },
  { name: 'commit', doing: 'a commit changes a file and adds one', act: commitGoesLive },
  { name: 'foreign scale', doing: 'kubectl scale', act: scaleIsCorrected },
  { name: 'foreign edit', doing: 'kubectl patch', act: editIsCorrected },
  { name: 'prune', doing: 'a commit removes a file', act: removalIsPruned },
  { name: 'emptied folder', doing: 'a commit removes all files', act: emptiedFolderDeletesNothing },
  { name: 'kill and restart', doing: 'SIGKILL', act: restartWritesNothing },
  { name: 'foreign deletion', doing: 'kubectl delete', act: deletionIsCorrected },
  { name: 'metrics', doing: 'a scrape', act: metricsAreServed },
];

const NODES = 2;
const programs = [
  'etcd',
  'kube-apiserver',
  'kubectl',
  'kube-controller-manager',
  'kube-scheduler',
  'kwok',
  'helm',
] as const;

async function prepare(narrator: Narrator): Promise<Told> {
  const since = performance.now();
  await obtain(programs, { say: (line) => narrator.note(line) });
  const took = duration(performance.now() - since);
  return { fact: `${programs.length} programs of Kubernetes ${KUBERNETES_VERSION} and Helm are at hand after ${took}` };
}

async function startCluster(): Promise<Told & { readonly world: World }> {
  const since = performance.now();
  const world = await startWorld({ plane: { nodes: NODES } });
  const took = duration(performance.now() - since);
  return {
    world,
    fact: `Kubernetes ${KUBERNETES_VERSION} with ${NODES} nodes, a Git server, and the chart by helm install after ${took}`,
  };
}

interface Telling {
  readonly narrator: Narrator;
  /** Receives all that is started. */
  readonly cleanup: AsyncDisposableStack;
  readonly show: (scene: Scene) => void;
}

/** Tells the whole story; throws StepMissed when a fact is missing. */
async function tellStory({ narrator, cleanup, show }: Telling): Promise<Scene> {
  const since = performance.now();
  await narrator.tell('prepare', 'programs of the control plane', () => prepare(narrator));
  const { world } = await narrator.tell('cluster', 'control plane, Git server, helm install', startCluster);
  cleanup.use(world);
  await narrator.tell('operator', 'start', () => operatorStarts(world));
  const scene = cleanup.use(new Scene(world, await world.git.createRepository('guestbook')));
  show(scene);
  for (const { name, doing, act } of steps) await narrator.tell(name, doing, () => act(scene));
  narrator.say([`All ${steps.length + 3} steps in ${duration(performance.now() - since)}.`]);
  return scene;
}

/** Ctrl-C ends the process; children and temporary folders end with it by themselves. Once awaited it ends only the wait. */
function interruption(beforeDying: () => void): () => Promise<void> {
  const awaited = Promise.withResolvers<undefined>();
  const state = { isAwaited: false };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      awaited.resolve(undefined);
      if (state.isAwaited) return;
      beforeDying();
      process.kill(process.pid, signal);
    });
  }
  return () => {
    state.isAwaited = true;
    return awaited.promise;
  };
}

async function main(): Promise<void> {
  const shown: { scene?: Scene } = {};
  const isLive = process.stdout instanceof WriteStream && process.env['TERM'] !== 'dumb';
  const stage: Stage = isLive ? new LiveStage(process.stdout, () => panelOf(shown.scene)) : plainStage(process.stdout);
  const untilInterrupted = interruption(() => stage.close());
  try {
    await using cleanup = new AsyncDisposableStack();
    const narrator = new Narrator(stage);
    const scene = await tellStory({ narrator, cleanup, show: (opened) => void (shown.scene = opened) });
    if (!process.argv.includes('--keep')) return;
    narrator.say(await whatToTry(scene));
    await untilInterrupted();
  } catch (error) {
    process.exitCode = 1;
    if (!(error instanceof StepMissed)) throw error;
  } finally {
    stage.close();
  }
}

await main();
