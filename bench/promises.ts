/** A limit of `figure`, absolute in the figure's unit, or as a multiple of what a bare client needed in the same run. */
export interface Promised {
  readonly workload: string;
  readonly figure: string;
  readonly atMost?: number;
  readonly ofFloor?: number;
  /** It names a size, and says nothing at a smaller one. */
  readonly fullSizeOnly?: true;
}

/** Everything that is promised; what is measured beside has no promise, and can hold none. */
export const promises: readonly Promised[] = [
  { workload: 'install', figure: 'time', ofFloor: 1.5 },
  { workload: 'install', figure: 'requests per object', atMost: 2.1 },
  { workload: 'install PerObject', figure: 'time', ofFloor: 1.5 },
  { workload: 'install PerObject', figure: 'requests per object', atMost: 1.05 },
  { workload: 'install kustomize', figure: 'time', ofFloor: 1.5 },
  { workload: 'install kustomize', figure: 'requests per object', atMost: 2.1 },

  { workload: 'growth', figure: 'time', atMost: 1.1, fullSizeOnly: true },
  { workload: 'growth', figure: 'requests', atMost: 1.02 },
  { workload: 'growth', figure: 'CPU', atMost: 1.1, fullSizeOnly: true },

  { workload: 'first sync', figure: 'longest block of the event loop', atMost: 50 },
  { workload: 'first sync', figure: 'p99 of /metrics', atMost: 100 },

  { workload: 'commit', figure: 'p50', atMost: 300 },
  { workload: 'commit', figure: 'p99', atMost: 1_000 },
  { workload: 'commit', figure: 'renders per commit', atMost: 1 },
  { workload: 'commit', figure: 'requests for others', atMost: 0 },
  { workload: 'take-over', figure: 'newer commit live', atMost: 1_000 },

  { workload: 'drift', figure: 'p50', atMost: 25 },
  { workload: 'drift', figure: 'p99', atMost: 150 },
  { workload: 'drift', figure: 'reads per correction, most', atMost: 1 },
  { workload: 'drift', figure: 'writes per correction, most', atMost: 2 },
  { workload: 'drift', figure: 'status writes within 5 s, most', atMost: 1 },
  { workload: 'drift', figure: 'not told in status', atMost: 0 },
  { workload: 'drift', figure: 'port number, p50', atMost: 25 },
  { workload: 'drift', figure: 'port number, p99', atMost: 150 },
  { workload: 'drift', figure: 'port number, reads per correction, most', atMost: 1 },
  { workload: 'drift', figure: 'port number, writes per correction, most', atMost: 3 },
  { workload: 'drift', figure: 'port number, status writes within 5 s, most', atMost: 1 },
  { workload: 'drift', figure: 'port number, not told in status', atMost: 0 },
  { workload: 'lane', figure: 'p99', atMost: 500 },

  { workload: 'idle', figure: 'requests', atMost: 0 },
  { workload: 'idle', figure: 'watches opened anew, in 5 minutes', atMost: 1 },
  { workload: 'idle', figure: 'Git polls per interval', atMost: 1 },
  { workload: 'idle', figure: 'CPU', atMost: 1 },

  { workload: 'comparison', figure: 'writes', atMost: 0 },
  { workload: 'comparison', figure: 'dry-runs', atMost: 0 },
  { workload: 'comparison', figure: 'reads per object', atMost: 0.05 },

  { workload: 'restart', figure: 'converged after the Lease', atMost: 10 },
  { workload: 'restart', figure: 'writes', atMost: 0 },
  { workload: 'restart', figure: 'bodies read', atMost: 0 },
  { workload: 'restart', figure: 'renders', atMost: 0 },
  { workload: 'restart', figure: 'drift made meanwhile, healed after the Lease', atMost: 5 },

  { workload: 'empty', figure: 'RSS of the operator', atMost: 100 },
  { workload: 'memory', figure: 'at rest, per object', atMost: 2, fullSizeOnly: true },
  { workload: 'memory', figure: 'first sync, peak RSS', atMost: 512 },
  { workload: 'memory', figure: 'storm, peak RSS', atMost: 512 },
  { workload: 'memory', figure: 'restart, peak RSS', atMost: 512 },
  { workload: 'memory', figure: 'after the storm, beside before', ofFloor: 1.1 },

  { workload: 'health', figure: 'kinds of Kubernetes', ofFloor: 1 },
  { workload: 'health', figure: 'rules in CEL', ofFloor: 5 },
];
