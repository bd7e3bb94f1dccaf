/** A workload in Git, what the controllers make of it, and what is to be said about it. */
export interface HealthRow {
  readonly name: string;
  /** Of the Application. */
  readonly spec?: Readonly<Record<string, unknown>>;
  readonly object: Manifest;
  /** Path of the list that holds the object, below its namespace. */
  readonly group: string;
  readonly health: string;
  readonly message: RegExp;
  /** The state of the object from which the verdict follows. */
  readonly cause: (object: LiveObject) => boolean;
}

export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly spec: object;
}

export interface LiveObject {
  readonly spec: { readonly paused?: boolean; readonly replicas?: number };
  readonly status?: {
    readonly availableReplicas?: number;
    readonly observedGeneration?: number;
    readonly phase?: string;
    readonly conditions?: readonly { readonly type: string; readonly status: string; readonly reason?: string }[];
  };
}

const marks = 'rollout.evenkeel.dev';

type Annotations = Readonly<Record<string, string>>;

function template(name: string, annotations: Annotations, pod: object = {}): object {
  const named = Object.fromEntries(Object.entries(annotations).map(([key, value]) => [`${marks}/${key}`, value]));
  const containers = [{ name: 'main', image: 'registry.example.com/web:1' }];
  return { metadata: { labels: { app: name }, annotations: named }, spec: { containers, ...pod } };
}

interface Shape {
  readonly annotations?: Annotations;
  readonly pod?: object;
  readonly more?: object;
}

export function workload(
  kind: 'Deployment' | 'StatefulSet',
  { annotations = {}, pod = {}, more = {} }: Shape,
): Manifest {
  const name = 'web';
  const spec = {
    replicas: 2,
    selector: { matchLabels: { app: name } },
    template: template(name, annotations, pod),
    ...(kind === 'StatefulSet' ? { serviceName: name } : {}),
    ...more,
  };
  return { apiVersion: 'apps/v1', kind, metadata: { name }, spec };
}

export function job({ annotations = {}, more = {} }: Shape): Manifest {
  const spec = { backoffLimit: 0, template: template('web', annotations, { restartPolicy: 'Never' }), ...more };
  return { apiVersion: 'batch/v1', kind: 'Job', metadata: { name: 'web' }, spec };
}

function has(type: string, status: string, reason?: string): (object: LiveObject) => boolean {
  return ({ status: seen }) =>
    (seen?.conditions ?? []).some(
      (one) => one.type === type && one.status === status && (reason === undefined || one.reason === reason),
    );
}

const late = has('Progressing', 'False', 'ProgressDeadlineExceeded');
const soon = { progressDeadlineSeconds: 4 };
/** Degraded by the operator's own clock. */
const impatient = { timeouts: { progress: '4s' } };
/** Where that clock gives the verdict: the time told begins with the object, and those 4 s are part of it. */
const exists = (): boolean => true;
const deployments = { group: '/apis/apps/v1', list: 'deployments' };

function deployment(row: Omit<HealthRow, 'group' | 'object'> & Shape): HealthRow {
  return { group: `${deployments.group}/${deployments.list}`, object: workload('Deployment', row), ...row };
}

export const rollouts: readonly HealthRow[] = [
  deployment({
    name: 'succeeds',
    health: 'Healthy',
    message: /^$/,
    cause: ({ status }) => status?.availableReplicas === 2,
  }),
  deployment({
    name: 'crash-loops',
    annotations: { outcome: 'crash-loop', 'exit-code': '3' },
    more: soon,
    health: 'Degraded',
    message: /ProgressDeadlineExceeded.*: container "main" ended with exit code 3, [1-9][0-9]* restarts?$/,
    cause: late,
  }),
  deployment({
    name: 'runs-out-of-memory',
    annotations: { outcome: 'crash-loop', 'exit-code': '137', reason: 'OOMKilled' },
    more: soon,
    health: 'Degraded',
    message: /: container "main" ran out of memory \(OOMKilled, exit code 137, SIGKILL\), [1-9][0-9]* restarts?$/,
    cause: late,
  }),
  deployment({
    name: 'cannot-pull',
    annotations: { outcome: 'image-pull-backoff', message: 'rpc error: code = NotFound desc = manifest unknown' },
    more: soon,
    health: 'Degraded',
    message: /: image "registry\.example\.com\/web:1" cannot be pulled \(manifest unknown\)$/,
    cause: late,
  }),
  deployment({
    name: 'cannot-schedule',
    pod: { nodeSelector: { disk: 'ssd' } },
    more: soon,
    health: 'Degraded',
    message:
      /: the pod cannot be scheduled: 0\/2 nodes are available: 2 node\(s\) didn't match Pod's node affinity\/selector/,
    cause: late,
  }),
  {
    name: 'too-large',
    spec: impatient,
    group: '/apis/apps/v1/statefulsets',
    object: workload('StatefulSet', {
      pod: { containers: [{ name: 'main', image: 'web:1', resources: { requests: { cpu: '5k' } } }] },
    }),
    health: 'Degraded',
    message: /no progress for 4s: .*: the pod cannot be scheduled: 0\/2 nodes are available: 2 Insufficient cpu/,
    cause: exists,
  },
  deployment({
    name: 'exceeds-its-deadline',
    spec: impatient,
    annotations: { outcome: 'not-ready' },
    health: 'Degraded',
    message: /no progress for 4s: 0 of 2 updated replicas available: container "main" runs and is not ready$/,
    cause: exists,
  }),
  deployment({
    name: 'quota-exceeded',
    spec: impatient,
    health: 'Degraded',
    message: /no progress for 4s: .*exceeded quota: none/,
    cause: exists,
  }),
  deployment({
    name: 'paused',
    more: { paused: true },
    health: 'Suspended',
    message: /the Deployment is paused$/,
    cause: ({ spec }) => spec.paused === true,
  }),
  deployment({
    name: 'scaled-to-zero',
    more: { replicas: 0 },
    health: 'Healthy',
    message: /^$/,
    cause: ({ status }) => status?.observedGeneration === 1,
  }),
];

const jobs = { group: '/apis/batch/v1/jobs' };

export const jobRows: readonly HealthRow[] = [
  { ...jobs, name: 'completes', object: job({}), health: 'Healthy', message: /^$/, cause: has('Complete', 'True') },
  {
    ...jobs,
    name: 'fails',
    object: job({ annotations: { outcome: 'fail', 'exit-code': '7' } }),
    health: 'Degraded',
    message: /BackoffLimitExceeded: .*: container "main" ended with exit code 7$/,
    cause: has('Failed', 'True'),
  },
  {
    ...jobs,
    name: 'job-suspended',
    object: job({ more: { suspend: true } }),
    health: 'Suspended',
    message: /Job suspended$/,
    cause: has('Suspended', 'True'),
  },
];

/** Of a claim, with whatever class it asks for. */
export function claim(): Manifest {
  const spec = { storageClassName: '', accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } };
  return { apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name: 'data' }, spec };
}

/** A volume that such a claim can have. */
export function volume(name: string): object {
  const spec = {
    capacity: { storage: '1Gi' },
    accessModes: ['ReadWriteOnce'],
    hostPath: { path: `/volumes/${name}` },
  };
  return { apiVersion: 'v1', kind: 'PersistentVolume', metadata: { name }, spec };
}
