import { mark, normalise, withoutUnknownFields } from './diff/diff.ts';
import type { Config } from './config.ts';
import type { ClusterRules, HealthJudge } from './health/health.ts';
import { createClusterRules, createHealthRules } from './health/health.ts';
import { createJq } from './jq/jq.ts';
import type { ClusterConnection, EventEmitter, FoundConfigMap, LeaseOptions } from './kube/kube.ts';
import {
  connect,
  createEvents,
  createRepositorySecrets,
  createSecretReader,
  followConfigMap,
  followWebhookSecrets,
  loadCredentials,
} from './kube/kube.ts';
import { createLive } from './live/live.ts';
import type { Installation } from './model/installation.ts';
import { installationNamed } from './model/installation.ts';
import type { Clock, Random, RepositorySecrets } from './model/ports.ts';
import type { BrokenHealthRule } from './model/telemetry.ts';
import { startReconciling } from './reconcile/reconcile.ts';
import { createSource, type Source } from './source/source.ts';
import type { LogDestination, OperatorTelemetry, Readiness } from './telemetry/telemetry.ts';
import { createTelemetry, maskLogLine, serveTelemetry } from './telemetry/telemetry.ts';
import { version } from './version.ts';
import { serveWebhooks } from './webhook/webhook.ts';
import { WorkWhileLeading } from './leading.ts';

/** What a process gives to the operator; tests give their own clock. */
export interface World {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: LogDestination;
  /** Runs of kustomize and Helm at the same time that the machine has processors and memory for. */
  readonly renders: number;
  /** Report CPU, memory and event loop of this process, too. */
  readonly processMetrics: boolean;
}

export interface Operator extends AsyncDisposable {
  /** Port of /metrics, /healthz and /readyz. */
  readonly httpPort: number;
}

/**
 * Builds every part from the configuration and starts them in order; disposing ends them in reverse.
 * Resolves when the HTTP server listens; competing for the Lease goes on from there. Rejects when credentials cannot be
 * read or the address is taken.
 */
export async function startOperator(config: Config, world: World): Promise<Operator> {
  await using stack = new AsyncDisposableStack();
  const installation = installationNamed(config.installation);
  const { clock, random, log: destination, processMetrics: nodeMetrics } = world;
  const telemetry = createTelemetry({
    level: config.logLevel,
    destination,
    clock,
    build: { version, commit: config.commit },
    nodeMetrics,
  });
  const work = new WorkWhileLeading({ clock, telemetry }, (signal) =>
    lead({ config, world, installation, telemetry, connection }, signal),
  );
  const credentials = await loadCredentials(config.credentials, clock);
  const connection = stack.use(
    connect({
      credentials,
      clock,
      random,
      telemetry,
      userAgent: `evenkeel/${version}`,
      connections: config.apiConnections,
      lease: leaseOf(config, installation, (isLeader) => work.changed(isLeader)),
    }),
  );
  const readiness = (): Readiness => readinessOf(connection);
  const server = stack.use(
    await serveTelemetry({ host: config.httpHost, port: config.httpPort, registry: telemetry.registry, readiness }),
  );
  stack.use(work);
  const parts = stack.move();
  return { httpPort: server.port, [Symbol.asyncDispose]: () => parts.disposeAsync() };
}

function leaseOf(config: Config, installation: Installation, changed: (isLeader: boolean) => void): LeaseOptions {
  return {
    namespace: config.podNamespace,
    name: installation.manager,
    holder: config.podName,
    manager: installation.controllerManager,
    durationMs: config.lease.durationMs,
    renewDeadlineMs: config.lease.renewDeadlineMs,
    retryMs: config.lease.retryPeriodMs,
    changed,
  };
}

/** Leadership is no part of it: a rolling update would wait for ever for its second pod. */
function readinessOf({ reachable }: ClusterConnection): Readiness {
  return { ready: reachable, reason: reachable ? 'ok' : 'the API server cannot be reached' };
}

interface Parts {
  readonly config: Config;
  readonly world: World;
  readonly installation: Installation;
  readonly telemetry: OperatorTelemetry;
  readonly connection: ClusterConnection;
}

/** Everything that a leader does, from discovery to the workers. Disposing the result ends it. */
async function lead(
  { config, world, installation, telemetry, connection }: Parts,
  signal: AbortSignal,
): Promise<AsyncDisposable> {
  await using stack = new AsyncDisposableStack();
  const { clock, random } = world;
  await connection.followDefinitions();
  const reader = stack.use(createSecretReader(connection, clock));
  const { podNamespace: namespace } = config;
  const credentials = stack.use(createRepositorySecrets({ cluster: connection, reader, namespace }));
  const { controllerManager: manager } = installation;
  const events = stack.use(createEvents({ cluster: connection, clock, telemetry, manager, instance: config.podName }));
  const health = createHealthRules(installation.partOfLabel);
  const verdicts = await followHealthRules({ config, world, telemetry, connection }, { health, events, stack });
  const live = stack.use(createLive({ cluster: connection, installation, clock, health, verdicts }));
  const source = stack.use(sourceFor({ config, world, installation, telemetry, connection }, credentials));
  stack.use(await listenForPushes({ config, world, telemetry, connection }, source));
  const { watchNamespaces: namespaces, workers } = config;
  const options = {
    cluster: connection,
    source,
    live,
    health,
    jq: stack.use(createJq(clock)),
    events,
    installation,
    clock,
    random,
    telemetry,
    namespaces,
    workers,
    causes: { logLines: config.causeLogLines, maskLine: maskLogLine },
  };
  stack.use(await startReconciling(options, signal));
  return stack.move();
}

interface JudgeParts {
  readonly health: Pick<HealthJudge, 'setClusterRules'>;
  readonly events: Pick<EventEmitter, 'emit'>;
  readonly stack: AsyncDisposableStack;
}

/** Rules of the cluster as a ConfigMap holds them, if one is named; known, or known to be unknown, when it resolves. */
async function followHealthRules(
  { config, world, telemetry, connection }: Omit<Parts, 'installation'>,
  { health, events, stack }: JudgeParts,
): Promise<ClusterRules> {
  let found: FoundConfigMap | undefined;
  const broken = (rule: BrokenHealthRule): void => {
    telemetry.healthRuleBroken(rule);
    if (found === undefined) return;
    const note = `${rule.path}: ${rule.message}`;
    events.emit({ regarding: found.target, type: 'Warning', reason: 'HealthRuleBroken', action: 'AssessHealth', note });
  };
  const changed: HealthJudge['setClusterRules'] = (list) => health.setClusterRules(list);
  const rules = stack.use(createClusterRules({ clock: world.clock, changed, broken }));
  const { healthRules: name, podNamespace: namespace } = config;
  if (name === '') return rules;
  const follower = followConfigMap(connection, { namespace, name }, (configMap) => {
    found = configMap;
    rules.use(configMap?.data);
  });
  await stack.use(follower).first;
  return rules;
}

/** What the operator itself needs, and what is kept free for each render, in bytes. */
const memoryOf = { operator: 256 * 2 ** 20, render: 512 * 2 ** 20 };

/** How many renders at a time processors and memory allow, so that even hostile ones do not end the operator. */
export function rendersFor(processors: number, memoryBytes: number): number {
  const fit = Math.floor((memoryBytes - memoryOf.operator) / memoryOf.render);
  return Math.max(1, Math.min(processors, fit));
}

/** Git to objects; its programs see the PATH and the proxies of the operator, and nothing else of it. */
function sourceFor(
  { config, world, installation, telemetry, connection }: Parts,
  credentials: RepositorySecrets,
): Source {
  const { clock, random, renders } = world;
  const { path, proxies, gitEngine } = config;
  return createSource({
    ...{ clock, random, telemetry, credentials, installation, normalise, version, path, proxies, gitEngine },
    directory: config.dataDir,
    memoryDirectory: config.memoryDir,
    scopes: connection.scopes,
    leniency: { schemas: connection, withoutUnknownFields },
    cluster: () => connection.facts(),
    mark: (object, { key }) => mark(object, { key, installation }),
    maxRenders: config.renders === 0 ? renders : config.renders,
    allowRemoteBases: config.remoteBases,
    limits: config.sourceLimits,
  });
}

/** Only the leader looks at repositories, so only it listens. */
async function listenForPushes(
  { config, world, telemetry, connection }: Omit<Parts, 'installation'>,
  source: Pick<Source, 'pushed'>,
): Promise<AsyncDisposable> {
  await using stack = new AsyncDisposableStack();
  if (config.webhook === undefined) return stack.move();
  const secrets = stack.use(followWebhookSecrets(connection, config.podNamespace));
  const { clock } = world;
  const onPush: Source['pushed'] = (push) => source.pushed(push);
  stack.use(await serveWebhooks({ ...config.webhook, clock, secrets, telemetry, onPush }));
  return stack.move();
}
