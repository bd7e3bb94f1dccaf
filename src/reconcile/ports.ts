import type { Cluster, Events } from '../kube/cluster.ts';
import type { HealthJudge } from '../health/health.ts';
import type { DeclaredKind, Live } from '../live/live.ts';
import type { ApplicationStatus } from '../model/application.ts';
import type { ApplicationKey, Installation } from '../model/installation.ts';
import type { Clock, Jq, Random } from '../model/ports.ts';
import type { Telemetry } from '../model/telemetry.ts';
import type { Source } from '../source/source.ts';
import type { Approvals } from './requests/approvals.ts';
import type { Applications } from './applications/applications.ts';
import type { Asks } from './requests/asks.ts';
import type { Claims } from './claims.ts';
import type { Dependencies } from './applications/dependencies.ts';
import type { OutsideObjects } from './applications/outside-objects.ts';
import type { DriftLog } from './drift/drift-log.ts';
import type { Fights } from './drift/fights.ts';
import type { HookVerdicts } from './hooks/hook-verdicts.ts';
import type { PendingWrites } from './drift/pending.ts';
import type { Progress } from './health/progress.ts';
import type { RootCauses } from './health/root-cause.ts';
import type { TriedOut } from './tried-out.ts';
import type { Overrides } from './status/overrides.ts';
import type { StatusWriter } from './status/status-writer.ts';

/** Everything that a run needs of the world. */
export interface Ports {
  readonly applications: Applications;
  readonly source: Source;
  readonly live: Live;
  readonly health: HealthJudge;
  readonly jq: Jq;
  readonly cluster: Cluster;
  readonly claims: Claims;
  readonly approvals: Approvals;
  readonly asks: Asks;
  /** Whose run goes on or is due now, in the order of their turns. */
  readonly inTurn: () => readonly ApplicationKey[];
  readonly pending: PendingWrites;
  readonly dependencies: Dependencies;
  readonly outside: OutsideObjects;
  readonly triedOut: TriedOut;
  /** Digest of the newest render of each Application. */
  readonly newestDigests: Map<ApplicationKey, string>;
  /** Kinds that the newest render of each Application has, parked ones included. */
  readonly wantedKinds: Map<ApplicationKey, readonly DeclaredKind[]>;
  readonly status: StatusWriter;
  /** Statuses that were told of and could not be written yet: each transition is told once. */
  readonly told: Map<ApplicationKey, ApplicationStatus>;
  readonly hookVerdicts: HookVerdicts;
  readonly progress: Progress;
  readonly rootCauses: RootCauses;
  /** Milliseconds after the last run of each Application until time alone may change a verdict; infinite: never. */
  readonly judgeAgain: Map<ApplicationKey, number>;
  readonly drift: DriftLog;
  readonly fights: Fights;
  readonly overrides: Overrides;
  readonly events: Events;
  readonly installation: Installation;
  readonly clock: Clock;
  readonly random: Random;
  readonly telemetry: Telemetry;
}
