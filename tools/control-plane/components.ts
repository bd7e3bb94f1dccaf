import path from 'node:path';

export type Component = 'etcd' | 'kube-apiserver' | 'kube-controller-manager' | 'kube-scheduler' | 'kwok';

/** Where everything of one control plane is; fixed for its life, so that each component can be started again. */
export interface Layout {
  readonly folder: string;
  readonly etcdPort: number;
  readonly apiPort: number;
  readonly adminKubeconfig: string;
  /** Files of kwok stages. */
  readonly stages: readonly string[];
  readonly extraFlags: Partial<Record<Component, readonly string[]>>;
}

const ISSUER = 'https://kubernetes.default.svc.cluster.local';

/** Room for CRDs of several megabytes and for benchmarks that write a lot. */
const MAX_REQUEST_BYTES = 10 * 1024 ** 2;
const QUOTA_BYTES = 4 * 1024 ** 3;

/** Large enough never to drop an audit event: counts of requests are exact or worthless. */
const AUDIT_BUFFER = 100_000;
/** Megabytes; the log is never rotated, for its reader follows one file. */
const AUDIT_LOG_MEGABYTES = 100_000;

export const fileIn = (layout: Layout, name: string): string => path.join(layout.folder, name);

export function flagsOf(component: Component, layout: Layout): string[] {
  return [...standardFlags[component](layout), ...(layout.extraFlags[component] ?? [])];
}

const standardFlags: Record<Component, (layout: Layout) => string[]> = {
  etcd: (layout) => [
    `--data-dir=${fileIn(layout, 'etcd')}`,
    `--listen-client-urls=http://127.0.0.1:${layout.etcdPort}`,
    `--advertise-client-urls=http://127.0.0.1:${layout.etcdPort}`,
    '--listen-peer-urls=http://127.0.0.1:0',
    '--unsafe-no-fsync',
    `--max-request-bytes=${MAX_REQUEST_BYTES}`,
    `--quota-backend-bytes=${QUOTA_BYTES}`,
    '--log-level=warn',
  ],
  'kube-apiserver': (layout) => [
    `--etcd-servers=http://127.0.0.1:${layout.etcdPort}`,
    '--bind-address=127.0.0.1',
    '--advertise-address=127.0.0.1',
    `--secure-port=${layout.apiPort}`,
    // A loopback address is refused as an endpoint of the Service "kubernetes".
    '--endpoint-reconciler-type=none',
    '--authorization-mode=Node,RBAC',
    '--allow-privileged=true',
    `--client-ca-file=${fileIn(layout, 'ca.crt')}`,
    `--tls-cert-file=${fileIn(layout, 'apiserver.crt')}`,
    `--tls-private-key-file=${fileIn(layout, 'apiserver.key')}`,
    `--service-account-issuer=${ISSUER}`,
    `--service-account-key-file=${fileIn(layout, 'service-account.pub')}`,
    `--service-account-signing-key-file=${fileIn(layout, 'service-account.key')}`,
    '--service-cluster-ip-range=10.96.0.0/16',
    `--requestheader-client-ca-file=${fileIn(layout, 'ca.crt')}`,
    '--requestheader-allowed-names=front-proxy-client',
    '--requestheader-username-headers=X-Remote-User',
    '--requestheader-group-headers=X-Remote-Group',
    '--requestheader-extra-headers-prefix=X-Remote-Extra-',
    `--proxy-client-cert-file=${fileIn(layout, 'front-proxy-client.crt')}`,
    `--proxy-client-key-file=${fileIn(layout, 'front-proxy-client.key')}`,
    ...auditFlags(layout),
  ],
  'kube-controller-manager': (layout) => [
    `--kubeconfig=${layout.adminKubeconfig}`,
    '--use-service-account-credentials',
    `--service-account-private-key-file=${fileIn(layout, 'service-account.key')}`,
    `--root-ca-file=${fileIn(layout, 'ca.crt')}`,
    `--cluster-signing-cert-file=${fileIn(layout, 'ca.crt')}`,
    `--cluster-signing-key-file=${fileIn(layout, 'ca.key')}`,
    '--leader-elect=false',
    '--secure-port=0',
    '--kube-api-qps=500',
    '--kube-api-burst=1000',
    // Fake nodes send no heartbeats: without this all pods turn unready after the first minute.
    '--node-monitor-grace-period=24h',
    // A claim that found no volume is looked at again by this clock alone.
    '--pvclaimbinder-sync-period=1s',
  ],
  'kube-scheduler': (layout) => [
    `--kubeconfig=${layout.adminKubeconfig}`,
    '--leader-elect=false',
    '--secure-port=0',
    '--kube-api-qps=500',
    '--kube-api-burst=1000',
  ],
  kwok: (layout) => [
    `--kubeconfig=${layout.adminKubeconfig}`,
    ...layout.stages.map((file) => `--config=${file}`),
    '--manage-all-nodes=false',
    '--manage-nodes-with-annotation-selector=kwok.x-k8s.io/node=fake',
    '--cidr=10.64.0.0/12',
    '--node-ip=10.0.0.1',
    // Its own web server would sit on one fixed port for every control plane.
    '--node-port=0',
  ],
};

/** Batch mode keeps the log out of the requests' way; a batch of one is written at once. */
function auditFlags(layout: Layout): string[] {
  return [
    `--audit-policy-file=${fileIn(layout, 'audit-policy.json')}`,
    `--audit-log-path=${fileIn(layout, 'audit.log')}`,
    '--audit-log-mode=batch',
    '--audit-log-batch-max-size=1',
    '--audit-log-batch-max-wait=50ms',
    `--audit-log-batch-buffer-size=${AUDIT_BUFFER}`,
    '--audit-log-batch-throttle-enable=false',
    `--audit-log-maxsize=${AUDIT_LOG_MEGABYTES}`,
  ];
}
