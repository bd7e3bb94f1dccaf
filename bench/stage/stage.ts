import { createHmac } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { request } from 'undici';
import { eventually } from '../../tools/eventually.ts';
import type { GitRepository } from '../../tools/git-server.ts';
import type { OperatorProcess } from '../../tools/operator-process.ts';
import { freePort } from '../../tools/ports.ts';
import type { World } from '../../tools/world.ts';
import { applications, startWorld } from '../../tools/world.ts';
import { ApplicationsWatch } from './applications-watch.ts';
import type { FleetShape, Member } from './fleet.ts';
import { applicationOf, filesOf, membersOf } from './fleet.ts';
import { inParallel } from './in-parallel.ts';
import { isAboutWork } from './requests.ts';
import { residentMiB } from './usage.ts';

/** Unlike tests, benchmarks run with the Lease as released. */
const leaseAsReleased = {
  EVENKEEL_LEASE_DURATION: '15s',
  EVENKEEL_LEASE_RENEW_DEADLINE: '10s',
  EVENKEEL_LEASE_RETRY_PERIOD: '2s',
};

/** As in the image: Node takes much memory to strip types, which is no part of the operator. */
const builtForm = 'dist/src/main.js';

const webhookSecret = 'known to the forge';
const width = 16;
const quietMs = 2_000;
/** What is left of the work is collected by then. */
const restMs = 30_000;
const withinMs = 30 * 60_000;

/** A World with the operator installed and a repository; the operator is started by {@link start}. */
export class Stage implements AsyncDisposable {
  readonly world: World;
  readonly repository: GitRepository;
  readonly applications: ApplicationsWatch;
  readonly #webhook: string;
  readonly #stack: AsyncDisposableStack;

  constructor(parts: { world: World; repository: GitRepository; webhook: string; stack: AsyncDisposableStack }) {
    this.world = parts.world;
    this.repository = parts.repository;
    this.#webhook = parts.webhook;
    this.#stack = parts.stack;
    this.applications = parts.stack.use(new ApplicationsWatch(parts.world.plane.api));
  }

  get operator(): OperatorProcess {
    return this.world.operator;
  }

  /** The operator leads and has nothing to do when this resolves. */
  async start(): Promise<void> {
    await this.launch();
    await this.untilQuiet();
  }

  /** It leads when this resolves. */
  async launch(): Promise<void> {
    await this.world.startOperator({ ...(await asInPod(this.world)), EVENKEEL_WEBHOOK_ADDRESS: this.#webhook });
    await eventually('the operator to lead', async () => (await this.operator.metric('evenkeel_leader')) === 1, {
      every: 10,
    });
  }

  /** Everything that the Applications need, but not yet they themselves. */
  async prepare(shape: FleetShape, prefix?: string): Promise<Member[]> {
    const members = membersOf(shape, prefix);
    await this.createNamespaces(members);
    await this.repository.commit(
      Object.assign({}, ...members.map((member) => filesOf(shape, member))) as Record<string, string>,
      'fleet',
    );
    return members;
  }

  async createNamespaces(members: readonly Member[]): Promise<void> {
    const names = [...new Set(members.map(({ namespace }) => namespace))];
    await inParallel(names, width, (name) => {
      const body = { apiVersion: 'v1', kind: 'Namespace', metadata: { name } };
      return this.world.plane.api.must({ method: 'POST', path: '/api/v1/namespaces', body });
    });
  }

  async declare(shape: FleetShape, members: readonly Member[]): Promise<void> {
    await inParallel(members, width, (member) =>
      this.world.plane.api.must({
        method: 'POST',
        path: applications,
        body: applicationOf(shape, member, this.repository.url),
      }),
    );
  }

  /** Tells of a push, as a forge does; resolves when the operator has taken it. */
  async notify(): Promise<void> {
    const body = JSON.stringify({ repository: this.repository.url, ref: 'refs/heads/main' });
    const signature = createHmac('sha256', webhookSecret).update(body).digest('hex');
    const headers = { 'content-type': 'application/json', 'x-evenkeel-signature': `sha256=${signature}` };
    const answer = await request(`http://${this.#webhook}/webhook`, { method: 'POST', headers, body });
    if (answer.statusCode !== 202) throw new Error(`the webhook answers ${answer.statusCode}`);
    await answer.body.dump();
  }

  /** Nothing waits for a worker, and for a while nothing is sent but what is always sent. */
  async untilQuiet(): Promise<void> {
    const isQuiet = async (): Promise<boolean> => {
      const before = (await this.world.requests(isAboutWork)).length;
      await sleep(quietMs);
      const waiting = await this.operator.metric('evenkeel_queue_depth');
      return waiting === 0 && (await this.world.requests(isAboutWork)).length === before;
    };
    await eventually('the operator to be at rest', isQuiet, { every: 0, within: withinMs });
  }

  /** A new process has looked at so many Applications; nothing that it finds at rest is still to come. */
  async untilLookedAt(applications: number): Promise<void> {
    const isDone = async (): Promise<boolean> => {
      const runs = (await this.operator.metric('evenkeel_reconcile_duration_seconds_count')) ?? 0;
      return runs >= applications && (await this.operator.metric('evenkeel_queue_depth')) === 0;
    };
    await eventually('every Application to be looked at', isDone, { within: withinMs });
  }

  /** What the operator, which is quiet, has resident a while later. */
  async restingMiB(): Promise<number> {
    await sleep(restMs);
    return residentMiB(this.operator.child.pid);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack[Symbol.asyncDispose]();
  }
}

export async function startStage(): Promise<Stage> {
  await using stack = new AsyncDisposableStack();
  const values = { 'webhook.enabled': 'true' };
  const world = stack.use(await startWorld({ values, environment: leaseAsReleased, entry: builtForm }));
  const secret = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'push', namespace: 'evenkeel', labels: { 'evenkeel.dev/webhook': 'generic' } },
    stringData: { repoURL: world.git.url, secret: webhookSecret },
  };
  await world.plane.api.must({ method: 'POST', path: '/api/v1/namespaces/evenkeel/secrets', body: secret });
  const repository = await world.git.createRepository('fleet');
  const webhook = `127.0.0.1:${await freePort()}`;
  return new Stage({ world, repository, webhook, stack: stack.move() });
}

/** A kubeconfig would have the operator load a library that it does not need in a pod. */
async function asInPod({ plane }: World): Promise<Record<string, string>> {
  const folder = path.join(plane.folder, 'service-account');
  await mkdir(folder, { recursive: true });
  await writeFile(path.join(folder, 'token'), await plane.serviceAccountToken('evenkeel', 'evenkeel'));
  await writeFile(path.join(folder, 'ca.crt'), plane.caPem);
  await writeFile(path.join(folder, 'namespace'), 'evenkeel');
  const { hostname, port } = new URL(plane.url);
  return {
    KUBECONFIG: '',
    KUBERNETES_SERVICE_HOST: hostname,
    KUBERNETES_SERVICE_PORT: port,
    EVENKEEL_SERVICE_ACCOUNT_DIR: folder,
  };
}
