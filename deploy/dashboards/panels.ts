/** One query of a panel. */
export interface Query {
  readonly expr: string;
  /** Name of a series: `{{label}}`. */
  readonly legend: string;
}

/** What a panel shows, before it is drawn. */
export interface PanelData {
  readonly kind: 'stat' | 'lines' | 'table';
  readonly title: string;
  readonly description: string;
  readonly unit: string;
  /** Columns of 24. */
  readonly width: number;
  readonly queries: readonly Query[];
}

export interface RowData {
  readonly title: string;
  readonly panels: readonly PanelData[];
}

/** The Applications that the variables at the top of the dashboard select. */
const selected = '{namespace=~"$namespace"}';

const rate = (metric: string): string => `rate(${metric}[$__rate_interval])`;

const quantile = (share: number, metric: string, ...by: readonly string[]): string =>
  `histogram_quantile(${share}, sum by (${['le', ...by].join(', ')}) (${rate(`${metric}_bucket`)}))`;

/** Median and the slow end of a histogram. */
const latency = (metric: string): Query[] => [
  { expr: quantile(0.5, metric), legend: 'half are faster' },
  { expr: quantile(0.99, metric), legend: '99 % are faster' },
];

const applications: RowData = {
  title: 'Applications',
  panels: [
    {
      kind: 'stat',
      title: 'Sync',
      description: 'Applications by sync status.',
      unit: 'short',
      width: 6,
      queries: [{ expr: `sum by (status) (evenkeel_application_sync_status${selected})`, legend: '{{status}}' }],
    },
    {
      kind: 'stat',
      title: 'Health',
      description: 'Applications by health.',
      unit: 'short',
      width: 6,
      queries: [{ expr: `sum by (status) (evenkeel_application_health_status${selected})`, legend: '{{status}}' }],
    },
    {
      kind: 'stat',
      title: 'Managed objects',
      description: 'Objects by state.',
      unit: 'short',
      width: 8,
      queries: [{ expr: `sum by (state) (evenkeel_application_objects${selected})`, legend: '{{state}}' }],
    },
    {
      kind: 'stat',
      title: 'Suspended, held',
      description: 'Applications that are neither compared nor written, and those that stay at a revision.',
      unit: 'short',
      width: 4,
      queries: [{ expr: `sum(evenkeel_application_suspended${selected})`, legend: 'suspended' }, { expr: `sum(evenkeel_application_held${selected})`, legend: 'held' }],
    },
    {
      kind: 'table',
      title: 'Applications',
      description: 'Every Application with its source and how it stands.',
      unit: 'short',
      width: 14,
      queries: [{ expr: `evenkeel_application_info${selected}`, legend: '' }],
    },
    {
      kind: 'table',
      title: 'Out of sync since',
      description: 'For how long an Application has not been Synced.',
      unit: 's',
      width: 10,
      queries: [{ expr: `sort_desc(time() - evenkeel_application_out_of_sync_since_seconds${selected})`, legend: '' }],
    },
  ],
};

const drift: RowData = {
  title: 'Drift',
  panels: [
    {
      kind: 'lines',
      title: 'Drift by manager',
      description: 'Objects that somebody else changed, by the client that did it.',
      unit: 'cpm',
      width: 8,
      queries: [{ expr: `60 * sum by (manager) (${rate('evenkeel_drift_detected_total')})`, legend: '{{manager}}' }],
    },
    {
      kind: 'lines',
      title: 'Corrections by manager',
      description: 'Objects put back, by the client that had changed them.',
      unit: 'cpm',
      width: 8,
      queries: [{ expr: `60 * sum by (manager) (${rate('evenkeel_drift_corrected_total')})`, legend: '{{manager}}' }],
    },
    {
      kind: 'lines',
      title: 'Time to correct',
      description: "From the event that shows a foreign change to the API server's answer to the correction.",
      unit: 's',
      width: 8,
      queries: latency('evenkeel_drift_correction_seconds'),
    },
  ],
};

const work: RowData = {
  title: 'Work',
  panels: [
    {
      kind: 'lines',
      title: 'Reconcile',
      description: 'Duration of one run for one Application.',
      unit: 's',
      width: 8,
      queries: latency('evenkeel_reconcile_duration_seconds'),
    },
    {
      kind: 'lines',
      title: 'Runs by outcome',
      description: 'Runs per second, by what they came to.',
      unit: 'ops',
      width: 8,
      queries: [
        { expr: `sum by (outcome) (${rate('evenkeel_reconcile_duration_seconds_count')})`, legend: '{{outcome}}' },
      ],
    },
    {
      kind: 'lines',
      title: 'Queue',
      description: 'Applications that wait for a worker.',
      unit: 'short',
      width: 8,
      queries: [{ expr: 'sum(evenkeel_queue_depth)', legend: 'waiting' }],
    },
  ],
};

const git: RowData = {
  title: 'Git',
  panels: [
    {
      kind: 'lines',
      title: 'Polls by outcome',
      description: 'Looks at the refs of a remote.',
      unit: 'ops',
      width: 8,
      queries: [{ expr: `sum by (outcome) (${rate('evenkeel_git_polls_total')})`, legend: '{{outcome}}' }],
    },
    {
      kind: 'lines',
      title: 'Poll',
      description: 'Duration of one look at the refs of a remote.',
      unit: 's',
      width: 8,
      queries: latency('evenkeel_git_poll_duration_seconds'),
    },
    {
      kind: 'lines',
      title: 'Fetch',
      description: 'Duration of one fetch from a remote.',
      unit: 's',
      width: 8,
      queries: latency('evenkeel_git_fetch_duration_seconds'),
    },
  ],
};

const cluster: RowData = {
  title: 'API server',
  panels: [
    {
      kind: 'lines',
      title: 'Requests',
      description: 'Requests per second, by verb and status; code 0 = no answer.',
      unit: 'ops',
      width: 8,
      queries: [{ expr: `sum by (verb, code) (${rate('evenkeel_api_requests_total')})`, legend: '{{verb}} {{code}}' }],
    },
    {
      kind: 'lines',
      title: 'Request',
      description: 'Duration of requests; of a watch until its first byte.',
      unit: 's',
      width: 8,
      queries: [{ expr: quantile(0.99, 'evenkeel_api_request_duration_seconds', 'verb'), legend: '{{verb}}' }],
    },
    {
      kind: 'lines',
      title: 'Connections that fail',
      description: 'Connections that fail at present and are tried again.',
      unit: 'short',
      width: 8,
      queries: [{ expr: 'sum by (target) (evenkeel_connections_failing)', legend: '{{target}}' }],
    },
  ],
};

const operator: RowData = {
  title: 'Operator',
  panels: [
    {
      kind: 'stat',
      title: 'Leaders',
      description: 'Processes that hold the Lease; 1 when all is well.',
      unit: 'short',
      width: 6,
      queries: [{ expr: 'sum(evenkeel_leader)', legend: 'leaders' }],
    },
    {
      kind: 'stat',
      title: 'Version',
      description: 'What runs.',
      unit: 'short',
      width: 6,
      queries: [{ expr: 'sum by (version) (evenkeel_build_info)', legend: '{{version}}' }],
    },
    {
      kind: 'lines',
      title: 'Memory',
      description: 'Resident memory of the process.',
      unit: 'bytes',
      width: 6,
      queries: [
        { expr: 'process_resident_memory_bytes and on (instance) evenkeel_build_info', legend: '{{instance}}' },
      ],
    },
    {
      kind: 'stat',
      title: 'Unexpected errors',
      description: 'Errors that nobody expected; each is in the log with its stack.',
      unit: 'short',
      width: 6,
      queries: [{ expr: 'sum(evenkeel_bugs_total)', legend: 'errors' }],
    },
  ],
};

export const rows: readonly RowData[] = [applications, drift, work, git, cluster, operator];

/** What the variable `namespace` offers. */
export const namespacesExpression = 'label_values(evenkeel_application_info, namespace)';

/** Every expression of the dashboard as Prometheus takes it, with its variables filled in. */
export function dashboardExpressions(rateInterval: string): string[] {
  const queries = rows.flatMap((row) => row.panels).flatMap((panel) => panel.queries);
  return queries.map(({ expr }) => expr.replaceAll('$__rate_interval', rateInterval).replaceAll('$namespace', '.*'));
}
