import type { ApplyContext } from '../apply/apply.ts';
import type { Cluster } from '../kube/cluster.ts';
import type { Live } from '../live/live.ts';
import type { Application } from '../model/application.ts';
import type { Installation } from '../model/installation.ts';
import type { Clock, Random } from '../model/ports.ts';
import type { Telemetry } from '../model/telemetry.ts';
import type { Source } from '../source/source.ts';
import type { Applications } from './applications.ts';
import type { Asks } from './asks.ts';
import type { Claims } from './claims.ts';
import type { DriftLog } from './drift-log.ts';
import type { PendingWrites } from './pending.ts';
import type { StatusWriter } from './status-writer.ts';

/** Everything that a run needs of the world. */
export interface Ports {
  readonly applications: Applications;
  readonly source: Source;
  readonly live: Live;
  readonly cluster: Cluster;
  readonly claims: Claims;
  readonly asks: Asks;
  readonly pending: PendingWrites;
  readonly status: StatusWriter;
  readonly drift: DriftLog;
  readonly events: EventSink;
  readonly installation: Installation;
  readonly clock: Clock;
  readonly random: Random;
  readonly telemetry: Telemetry;
}

/** Kubernetes Events about Applications; de-duplicated, limited in rate, never in anybody's way. */
export interface EventSink {
  emit(app: Application, event: { readonly type: 'Normal' | 'Warning'; readonly reason: string; readonly message: string }): void;
}

export function contextOf(app: Application, ports: Ports, signal: AbortSignal): ApplyContext {
  const { cluster, installation, live } = ports;
  return { cluster, installation, writes: live.writes, app, signal };
}
