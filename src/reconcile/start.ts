import type { Cluster, Events } from '../kube/cluster.ts';
import type { HealthJudge } from '../health/health.ts';
import type { Live } from '../live/live.ts';
import type { ApplicationKey, Installation } from '../model/installation.ts';
import type { GroupKind } from '../model/object.ts';
import type { Clock, Jq, Random } from '../model/ports.ts';
import type { Telemetry } from '../model/telemetry.ts';
import type { Source } from '../source/source.ts';
import { ApplicationChecks } from './applications/application-checks.ts';
import type { ApplicationKinds } from './applications/applications.ts';
import { Applications } from './applications/applications.ts';
import { Approvals } from './requests/approvals.ts';
import { Asks } from './requests/asks.ts';
import { Claims } from './claims.ts';
import { Controller } from './controller.ts';
import { Dependencies } from './applications/dependencies.ts';
import { OutsideObjects } from './applications/outside-objects.ts';
import { DriftLog } from './drift/drift-log.ts';
import { Fights } from './drift/fights.ts';
import { tellFight } from './drift/tell-fight.ts';
import { HookVerdicts } from './hooks/hook-verdicts.ts';
import { PendingWrites } from './drift/pending.ts';
import type { Ports } from './ports.ts';
import { KeyedQueue } from './queue.ts';
import { Progress } from './health/progress.ts';
import { writeDrift } from './report.ts';
import type { CauseOptions } from './health/root-cause.ts';
import { RootCauses } from './health/root-cause.ts';
import { Overrides } from './status/overrides.ts';
import { StatusWriter } from './status/status-writer.ts';
import { TriedOut } from './tried-out.ts';
import type { WorkerOptions } from './worker.ts';

export interface ReconcilingOptions {
  readonly cluster: Cluster;
  readonly source: Source;
  readonly live: Live;
  readonly health: HealthJudge;
  readonly jq: Jq;
  readonly events: Events;
  readonly installation: Installation;
  readonly clock: Clock;
  readonly random: Random;
  readonly telemetry: Telemetry;
  /** Where Applications are looked for; empty = everywhere. */
  readonly namespaces: readonly string[];
  readonly workers: number;
  readonly causes: CauseOptions;
}

/** Disposing ends all work; nothing is sent afterwards. */
export type Reconciling = AsyncDisposable;

const group = 'evenkeel.dev';

/** Lists what is there, then starts the workers. Waits for our own CustomResourceDefinitions if they are missing. */
export async function start(
  options: ReconcilingOptions,
  reconcile: WorkerOptions['reconcile'],
  signal: AbortSignal,
): Promise<Reconciling> {
  const { cluster, clock, random, installation, live, health, source, namespaces, workers } = options;
  const kinds = await ownKinds(options, signal);
  const applications = new Applications(cluster, installation, new ApplicationChecks(installation, health));
  await applications.start(kinds, namespaces, signal);

  const queue = new KeyedQueue(clock);
  const compare = (key: ApplicationKey): void => queue.add(key, 'commit');
  const claims = new Claims((keys) => keys.forEach(compare), source);
  const dependencies = new Dependencies({ applications, ...options }, compare);
  const outside = new OutsideObjects(options, compare);
  const ports: Ports = {
    ...options,
    applications,
    claims,
    drift: new DriftLog(clock, (key) => writeDrift(key, ports)),
    fights: new Fights(clock, (news) => tellFight(news, ports)),
    overrides: new Overrides(),
    approvals: new Approvals(installation),
    asks: new Asks(clock, random, (key) => queue.add(key, 'periodic')),
    inTurn: () => queue.inTurn(),
    pending: new PendingWrites(),
    dependencies,
    outside,
    triedOut: new TriedOut(),
    status: new StatusWriter(applications, clock),
    hookVerdicts: new HookVerdicts(),
    progress: new Progress(clock),
    rootCauses: new RootCauses(options),
    ...{ judgeAgain: new Map(), told: new Map(), wantedKinds: new Map(), newestDigests: new Map() },
  };
  const controller = new Controller({ ports, queue, workers, reconcile });
  controller.start();
  return {
    async [Symbol.asyncDispose]() {
      await controller.stop();
      for (const part of [dependencies, outside, ports.fights, applications, live]) part[Symbol.dispose]();
      await source[Symbol.asyncDispose]();
    },
  };
}

async function ownKinds({ cluster, telemetry }: ReconcilingOptions, signal: AbortSignal): Promise<ApplicationKinds> {
  const find = (kind: string): GroupKind => ({ group, kind });
  for (let told = false; ; told = true) {
    signal.throwIfAborted();
    const application = cluster.kinds.find(find('Application'));
    const inventory = cluster.kinds.find(find('Inventory'));
    if (application.state === 'served' && inventory.state === 'served')
      return { application: application.kind, inventory: inventory.kind };
    if (!told)
      telemetry.warn(
        { group },
        'waiting for the CustomResourceDefinitions Application and Inventory: install the chart',
      );
    await changed(cluster, signal);
  }
}

function changed(cluster: Cluster, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const end = cluster.kinds.onChange(() => {
      end();
      resolve();
    });
    signal.addEventListener('abort', () => {
      end();
      reject(signal.reason as Error);
    });
  });
}
