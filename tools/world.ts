import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { obtain } from './assets/assets.ts';
import type { AuditRequest, ControlPlane, ControlPlaneOptions } from './control-plane/control-plane.ts';
import { startControlPlane } from './control-plane/control-plane.ts';
import { eventually, type Patience } from './eventually.ts';
import type { FaultProxy } from './fault-proxy.ts';
import { startFaultProxy } from './fault-proxy.ts';
import { repositoryRoot } from './generated-file.ts';
import type { GitServer, GitServerOptions } from './git-server.ts';
import { startGitServer } from './git-server.ts';
import type { OperatorProcess } from './operator-process.ts';
import { startOperatorProcess } from './operator-process.ts';

export interface WorldOptions {
  readonly plane?: ControlPlaneOptions;
  readonly git?: GitServerOptions;
  /** `--set` values of the chart. */
  readonly values?: Readonly<Record<string, string>>;
  /** Of every start of the operator. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Put the fault proxy between operator and API server. */
  readonly proxied?: boolean;
  /** What is run as the operator; `src/main.ts` when left out. */
  readonly entry?: string;
}

export interface ProcessOptions {
  /** Of the release, which is called as everywhere; the World's own when left out. */
  readonly namespace?: string;
  /** The holder of the Lease; each has a data folder of its own. */
  readonly pod?: string;
  readonly environment?: Readonly<Record<string, string>>;
}

/** An Application as kubectl shows it, as far as tests and demo look. */
export interface ApplicationJson {
  readonly metadata: {
    readonly name: string;
    readonly resourceVersion: string;
    readonly generation: number;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly spec: Record<string, unknown>;
  readonly operation?: Record<string, unknown>;
  readonly status?: StatusJson;
}

export interface ConditionJson {
  readonly type: string;
  readonly status: string;
  readonly reason: string;
  readonly message: string;
  readonly observedGeneration?: number;
}

export interface StatusJson {
  readonly sync?: { readonly status: string; readonly revision: string; readonly revisions?: readonly string[] };
  readonly sourceType?: string;
  readonly sourceTypes?: readonly string[];
  readonly health?: { readonly status: string; readonly message: string };
  readonly conditions?: readonly ConditionJson[];
  readonly counts?: Readonly<Record<string, number>>;
  readonly resources?: readonly Record<string, unknown>[];
  readonly drift?: readonly DriftJson[];
  readonly history?: readonly HistoryJson[];
  readonly operationState?: OperationStateJson;
  readonly hold?: {
    readonly revision: string;
    readonly digest: string;
    readonly since: string;
    readonly reason: string;
  };
  readonly plan?: { readonly hash: string; readonly summary: string; readonly destructive: readonly string[] };
  readonly record?: { readonly entries: readonly string[] };
}

export interface HistoryJson {
  readonly id: number;
  readonly revision: string;
  readonly digest: string;
  readonly deployStartedAt: string;
  readonly healthyAt?: string;
  readonly initiatedBy: Readonly<Record<string, unknown>>;
  readonly author?: string;
  readonly subject?: string;
  readonly chartVersions?: readonly string[];
}

export interface OperationStateJson {
  readonly operation: Readonly<Record<string, unknown>>;
  readonly phase: string;
  readonly message: string;
  readonly startedAt: string;
  readonly finishedAt?: string;
  readonly retryCount?: number;
  readonly syncResult?: { readonly revision: string; readonly resources: readonly Readonly<Record<string, string>>[] };
}

export interface DriftJson {
  readonly group: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly fields: readonly string[];
  readonly manager: string;
  readonly operation: string;
  readonly since: string;
  readonly healed?: string;
}

/** Where the chart is installed, and its release name. */
const home = 'evenkeel';

/** Path of the Applications in the operator's namespace. */
export const applications = `/apis/evenkeel.dev/v1alpha1/namespaces/${home}/applications`;

type Fields = Readonly<Record<string, unknown>>;

/** Leadership changes hands within seconds, so that tests of restarts are short. */
const quickLease = {
  EVENKEEL_LEASE_DURATION: '3s',
  EVENKEEL_LEASE_RENEW_DEADLINE: '2s',
  EVENKEEL_LEASE_RETRY_PERIOD: '500ms',
};

/**
 * A cluster, a Git server and the operator, installed as a user would: by `helm install`, with the RBAC of the chart.
 * Disposing ends everything.
 */
export class World implements AsyncDisposable {
  readonly plane: ControlPlane;
  readonly git: GitServer;
  /** Between operator and API server; present with `proxied`. */
  readonly proxy: FaultProxy | undefined;
  readonly #options: WorldOptions;
  #operator: OperatorProcess | undefined;

  constructor(parts: { plane: ControlPlane; git: GitServer; proxy: FaultProxy | undefined }, options: WorldOptions) {
    this.plane = parts.plane;
    this.git = parts.git;
    this.proxy = parts.proxy;
    this.#options = options;
  }

  get operator(): OperatorProcess {
    if (this.#operator === undefined) throw new Error('the operator was not started');
    return this.#operator;
  }

  /** User name of the operator in the audit log. */
  get user(): string {
    return `system:serviceaccount:${home}:${home}`;
  }

  async helm(args: readonly string[]): Promise<string> {
    const { helm } = await obtain(['helm']);
    const env = { PATH: process.env['PATH'], HOME: this.plane.folder, KUBECONFIG: this.plane.kubeconfig };
    const { stdout } = await promisify(execFile)(helm, [...args], { env, maxBuffer: 64 * 1024 * 1024 });
    return stdout;
  }

  async installChart(verb: 'install' | 'upgrade' = 'install', values = this.#options.values ?? {}): Promise<void> {
    const sets = Object.entries(values).flatMap(([name, value]) => ['--set', `${name}=${value}`]);
    const chart = path.join(repositoryRoot, 'charts/evenkeel');
    await this.helm([verb, home, chart, '--namespace', home, '--create-namespace', ...sets]);
  }

  async startOperator(environment: Readonly<Record<string, string>> = {}): Promise<OperatorProcess> {
    this.#operator = await this.startProcess({ environment });
    return this.#operator;
  }

  /** One more operator process, of this or another release; whoever starts it ends it. */
  async startProcess({
    namespace = home,
    pod = 'operator',
    environment = {},
  }: ProcessOptions): Promise<OperatorProcess> {
    const token = await this.plane.serviceAccountToken(namespace, home);
    return startOperatorProcess({
      plane: this.plane,
      namespace,
      name: home,
      kubeconfig: await this.plane.tokenKubeconfig(token, this.proxy?.url ?? this.plane.url),
      dataFolder: path.join(this.plane.folder, `${namespace}-${pod}-data`),
      entry: this.#options.entry,
      environment: {
        ...quickLease,
        ...(pod === 'operator' ? {} : { POD_NAME: pod }),
        ...this.#options.environment,
        ...environment,
      },
    });
  }

  /** SIGKILL, as when a node dies; the data folder stays. */
  async killOperator(): Promise<void> {
    await this.operator.child.kill();
  }

  /** SIGTERM, as when a pod is deleted. */
  async stopOperator(): Promise<void> {
    await this.operator.child.stop();
  }

  async createNamespace(name: string): Promise<void> {
    await this.plane.api.must({ method: 'POST', path: '/api/v1/namespaces', body: { metadata: { name } } });
  }

  /**
   * Creates an Application in the operator's namespace, or replaces its spec and the given parts of its metadata; `spec` is
   * merged over an automated one. No kubectl, which takes longer than everything else.
   */
  async application(name: string, spec: Fields, metadata: Fields = {}): Promise<void> {
    const body = manifestOf(name, spec, metadata);
    const created = await this.plane.api.send({ method: 'POST', path: applications, body });
    if (created.status < 300) return;
    if (created.status !== 409) throw new Error(`Application ${name}: ${JSON.stringify(created.body)}`);
    const parts = Object.entries(metadata).map(([part, value]) => ({ op: 'add', path: `/metadata/${part}`, value }));
    await this.plane.api.must({
      method: 'PATCH',
      path: `${applications}/${name}`,
      contentType: 'application/json-patch+json',
      body: [{ op: 'replace', path: '/spec', value: body['spec'] }, ...parts],
    });
  }

  /** As it is now; throws when there is none. No kubectl: tests that wait ask many times a second. */
  async read(name: string): Promise<ApplicationJson> {
    return (await this.plane.api.must({ path: `${applications}/${name}` })) as ApplicationJson;
  }

  /** All that there are, by name. */
  async readAll(): Promise<Map<string, ApplicationJson>> {
    const { items } = (await this.plane.api.must({ path: applications })) as { items: readonly ApplicationJson[] };
    return new Map(items.map((item) => [item.metadata.name, item]));
  }

  /** A merge patch of an Application; null removes. */
  async patch(name: string, body: Fields): Promise<void> {
    const contentType = 'application/merge-patch+json';
    await this.plane.api.must({ method: 'PATCH', path: `${applications}/${name}`, body, contentType });
  }

  /** Null removes. */
  async annotate(name: string, annotations: Readonly<Record<string, string | null>>): Promise<void> {
    await this.patch(name, { metadata: { annotations } });
  }

  /** Waits until the status says so; fails with the status as it is. */
  async until(
    name: string,
    what: string,
    holds: (status: StatusJson, app: ApplicationJson) => boolean,
    patience?: Patience,
  ): Promise<ApplicationJson> {
    const probe = async (): Promise<ApplicationJson | undefined> => {
      const app = await this.read(name);
      return holds(app.status ?? {}, app) ? app : undefined;
    };
    return eventually(`Application ${name} to be ${what}`, probe, patience).catch(async (cause: unknown) => {
      const now = await this.read(name).catch(() => undefined);
      throw new Error(`Application ${name} is not ${what}: ${JSON.stringify(now?.status, undefined, 1)}`, { cause });
    });
  }

  /** Waits for Synced at the revision (any when left out) and Ready. */
  async untilSynced(name: string, revision?: string, patience?: Patience): Promise<ApplicationJson> {
    return this.until(
      name,
      `synced at ${revision ?? 'any revision'}`,
      (status) => isSynced(status, revision),
      patience,
    );
  }

  /** Waits until the running operator process has gone through the Application, and everything is quiet. */
  async operatorHasLooked(name: string): Promise<void> {
    const runs = async (): Promise<number> =>
      (await this.operator.metric('evenkeel_reconcile_duration_seconds_count')) ?? 0;
    await eventually(
      `the operator to look at ${name}`,
      async () => (await runs()) > 0 && (await this.operator.metric('evenkeel_queue_depth')) === 0,
    );
  }

  /** The operator's requests since the last `plane.forgetRequests()`. */
  async requests(matching: (request: AuditRequest) => boolean = () => true): Promise<AuditRequest[]> {
    return (await this.plane.requests(this.user)).filter(matching);
  }

  /** The operator's writes to what it manages: not the Lease, Applications, Inventories, Events. Dry-runs do not count. */
  async managedWrites(): Promise<AuditRequest[]> {
    return this.requests(
      (request) => isWrite(request) && !isOwnBookkeeping(request) && !request.uri.includes('dryRun='),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#operator?.[Symbol.asyncDispose]();
    await this.proxy?.[Symbol.asyncDispose]();
    await this.git[Symbol.asyncDispose]();
    await this.plane[Symbol.asyncDispose]();
  }
}

function manifestOf(name: string, spec: Fields, metadata: Fields = {}): Fields {
  return {
    apiVersion: 'evenkeel.dev/v1alpha1',
    kind: 'Application',
    metadata: { name, namespace: home, ...metadata },
    spec: { interval: '1s', syncPolicy: { automated: { prune: true, selfHeal: true } }, ...spec },
  };
}

export function conditionOf(status: StatusJson, type: string): ConditionJson | undefined {
  return status.conditions?.find((condition) => condition.type === type);
}

export function isSynced(status: StatusJson, revision?: string): boolean {
  const ready = conditionOf(status, 'Ready')?.status === 'True' && status.sync?.status === 'Synced';
  return ready && (revision === undefined || status.sync.revision === revision);
}

export function isWrite({ verb }: AuditRequest): boolean {
  return ['create', 'update', 'patch', 'delete', 'deletecollection'].includes(verb);
}

/** Lease, Applications and their status, Inventories, Events, and questions about permissions, which write nothing. */
export function isOwnBookkeeping({ group, resource }: Pick<AuditRequest, 'group' | 'resource'>): boolean {
  return ownGroups.has(group) || resource === 'events';
}

const ownGroups: ReadonlySet<string> = new Set(['coordination.k8s.io', 'evenkeel.dev', 'authorization.k8s.io']);

/** Installs the chart on a new control plane; the operator is started by `startOperator`. */
export async function startWorld(options: WorldOptions = {}): Promise<World> {
  await using cleanup = new AsyncDisposableStack();
  const plane = cleanup.use(await startControlPlane({ controllerManager: true, ...options.plane }));
  const git = cleanup.use(await startGitServer(options.git));
  const certificate = plane.issueServingCertificate();
  const proxy =
    options.proxied === true
      ? cleanup.use(await startFaultProxy({ target: plane.url, targetCa: plane.caPem, certificate }))
      : undefined;
  const world = new World({ plane, git, proxy }, options);
  await world.installChart();
  await eventually('the ServiceAccount to exist', () => plane.kubectl(['get', 'serviceaccount', home, '-n', home]));
  cleanup.move();
  return world;
}
