import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';

/** What `docs/metrics.md` says of a metric. */
export interface MetricDefinition {
  readonly name: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly help: string;
  readonly labels: readonly string[];
}

/** Every metric of the operator, typed by its labels. Only `telemetry/` moves them. */
export type Metrics = ReturnType<typeof createMetrics>;

/** Creates all metrics in a registry of their own: nothing is global, so tests and a second operator stay apart. */
export function createMetrics(registry: Registry) {
  const define = new Definer(registry);
  return {
    definitions: define.definitions,
    ...applicationMetrics(define),
    ...courseMetrics(define),
    ...reconcileMetrics(define),
    ...driftMetrics(define),
    ...gitMetrics(define),
    ...connectionMetrics(define),
    ...processMetrics(define),
  };
}

/** All metrics as `docs/metrics.md` lists them. */
export function metricDefinitions(): readonly MetricDefinition[] {
  return createMetrics(new Registry()).definitions;
}

/** Each look wakes up a process at rest: prom-client's own 10 ms take 0.4 % of a core by themselves. */
const loopLookedAtEveryMs = 25;

/**
 * CPU, memory, event loop, garbage collection and handles of the process, under prom-client's usual names. The lag of a
 * loop that nothing holds up is the distance of two looks.
 */
export function addNodeMetrics(registry: Registry): void {
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: loopLookedAtEveryMs });
}

const application = ['namespace', 'name'] as const;

function applicationMetrics(define: Definer) {
  return {
    applicationInfo: define.gauge(
      'application_info',
      'Always 1; one series per Application with its source and how it stands now.',
      [...application, 'project', 'repo', 'sync_status', 'health_status'],
    ),
    applicationSync: define.gauge(
      'application_sync_status',
      'Always 1; one series per Application, with its present sync status (Synced, OutOfSync, Unknown).',
      [...application, 'status'],
    ),
    applicationHealth: define.gauge(
      'application_health_status',
      'Always 1; one series per Application, with its present health (Healthy, Suspended, Progressing, Missing, Degraded, Unknown).',
      [...application, 'status'],
    ),
    outOfSyncSince: define.gauge(
      'application_out_of_sync_since_seconds',
      'Unix time since when the Application is not Synced, as far as this process has seen; no series while it is Synced.',
      application,
    ),
  };
}

/** What becomes of an Application as it goes on. */
function courseMetrics(define: Definer) {
  return {
    applicationSuspended: define.gauge(
      'application_suspended',
      '1 while the Application is suspended, else 0.',
      application,
    ),
    applicationHeld: define.gauge(
      'application_held',
      '1 while the Application is held at a revision, by a person or after a rollback, else 0.',
      application,
    ),
    applicationFailures: define.gauge(
      'application_failures',
      'Failed syncs in a row: the more, the longer the Application backs off, alone; 0 when the last one went through.',
      application,
    ),
    applicationObjects: define.gauge(
      'application_objects',
      'Managed objects of the Application by state; `objects` is their number.',
      [...application, 'state'],
    ),
    timeToHealthy: define.histogram(
      'application_time_to_healthy_seconds',
      'From the start of a sync to the moment when everything is Synced and Healthy for the first time, in whole seconds.',
      [],
      [1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600],
    ),
    transitions: define.counter(
      'application_transitions_total',
      'Changes of a verdict on an Application: sync, health or readiness, by the new value.',
      ['what', 'to'],
    ),
  };
}

function reconcileMetrics(define: Definer) {
  return {
    reconcileDuration: define.histogram(
      'reconcile_duration_seconds',
      'Duration of one run for one Application, by outcome (gone, suspended, settled, failed).',
      ['outcome'],
      [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120],
    ),
    reconcileFailures: define.counter(
      'reconcile_failures_total',
      'Runs that an expected error ended, by the reason that docs/errors.md explains.',
      ['reason'],
    ),
    objectWrites: define.counter('object_writes_total', 'Managed objects created, updated or deleted by runs.', []),
    queueDepth: define.gauge('queue_depth', 'Applications that wait for a worker.', []),
  };
}

/** From the arrival of the event to the answer of the API server: a few milliseconds when all is well. */
const driftBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

function driftMetrics(define: Definer) {
  return {
    driftDetected: define.counter(
      'drift_detected_total',
      'Objects found changed by somebody else, by the manager that did it (from a fixed list, or other).',
      ['manager'],
    ),
    driftCorrected: define.counter('drift_corrected_total', 'Objects put back, by the manager that had changed them.', [
      'manager',
    ]),
    fights: define.gauge(
      'fights',
      'Objects of which a manager takes the same fields again and again at present, by the manager.',
      ['manager'],
    ),
    fightsBegun: define.counter('fights_total', 'Fights over fields that began, by the manager that takes them.', [
      'manager',
    ]),
    driftDetection: define.histogram(
      'drift_detection_seconds',
      'From the arrival of the event that shows a foreign change to the decision that it is drift.',
      [],
      driftBuckets,
    ),
    driftCorrection: define.histogram(
      'drift_correction_seconds',
      'From the arrival of the event that shows a foreign change to the answer of the API server to its correction.',
      [],
      driftBuckets,
    ),
  };
}

const gitBuckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300];

function gitMetrics(define: Definer) {
  return {
    gitPolls: define.counter(
      'git_polls_total',
      'Looks at the refs of a remote, by outcome (changed, unchanged, failed).',
      ['outcome'],
    ),
    gitPollDuration: define.histogram(
      'git_poll_duration_seconds',
      'Duration of one look at the refs of a remote.',
      [],
      gitBuckets,
    ),
    gitFetches: define.counter(
      'git_fetches_total',
      'Fetches of objects from a remote, by outcome (succeeded, failed).',
      ['outcome'],
    ),
    gitFetchDuration: define.histogram(
      'git_fetch_duration_seconds',
      'Duration of one fetch from a remote.',
      [],
      gitBuckets,
    ),
    gitFetchBytes: define.counter('git_fetch_bytes_total', 'Bytes received by fetches.', []),
    renders: define.counter(
      'renders_total',
      'What an Application wants, looked up for new revisions: found (hit), rendered (miss) or neither (failed), and why it had to be rendered.',
      ['outcome', 'reason'],
    ),
    renderDuration: define.histogram(
      'render_duration_seconds',
      'From open sources to desired objects, by outcome (hit, miss, failed).',
      ['outcome'],
      gitBuckets,
    ),
  };
}

function connectionMetrics(define: Definer) {
  return {
    apiRequests: define.counter(
      'api_requests_total',
      'Requests to the API server by verb and HTTP status; code 0 = no answer.',
      ['verb', 'code'],
    ),
    apiRequestDuration: define.histogram(
      'api_request_duration_seconds',
      'Duration of requests to the API server; of a watch until its first byte.',
      ['verb'],
      [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60],
    ),
    webhookRequests: define.counter(
      'webhook_requests_total',
      'Requests to the listener for webhooks, by forge (or unknown) and outcome; pushed = it woke who follows the ref.',
      ['forge', 'outcome'],
    ),
    connectionFailures: define.counter(
      'connection_failures_total',
      'Failed attempts of connections that are tried again for ever: watch, lease, request, git.',
      ['target', 'reason'],
    ),
    connectionsFailing: define.gauge('connections_failing', 'Connections that fail at present, by target.', ['target']),
  };
}

function processMetrics(define: Definer) {
  return {
    leader: define.gauge('leader', '1 while this process holds the Lease and may write, else 0.', []),
    buildInfo: define.gauge('build_info', 'Always 1; version and commit of the operator.', ['version', 'commit']),
    healthRuleErrors: define.counter(
      'health_rule_errors_total',
      'Health rules of the cluster that cannot be used, or failed on an object; each counts once until the rules change.',
      [],
    ),
    bugs: define.counter('bugs_total', 'Errors that nobody expected; each is logged with its stack. Report them.', []),
    logLines: define.counter('log_lines_total', 'Lines logged, by level.', ['level']),
  };
}

const prefix = 'evenkeel_';

/** Creates metrics in one registry and remembers what they are. */
class Definer {
  readonly definitions: MetricDefinition[] = [];
  readonly #registry: Registry;

  constructor(registry: Registry) {
    this.#registry = registry;
  }

  counter<L extends string>(name: string, help: string, labels: readonly L[]): Counter<L> {
    return new Counter({ ...this.#describe({ name, help, labels, type: 'counter' }), labelNames: [...labels] });
  }

  gauge<L extends string>(name: string, help: string, labels: readonly L[]): Gauge<L> {
    return new Gauge({ ...this.#describe({ name, help, labels, type: 'gauge' }), labelNames: [...labels] });
  }

  histogram<L extends string>(name: string, help: string, labels: readonly L[], buckets: number[]): Histogram<L> {
    const described = this.#describe({ name, help, labels, type: 'histogram' });
    return new Histogram({ ...described, labelNames: [...labels], buckets });
  }

  #describe(definition: MetricDefinition) {
    const name = `${prefix}${definition.name}`;
    this.definitions.push({ ...definition, name });
    return { name, help: definition.help, registers: [this.#registry] };
  }
}
