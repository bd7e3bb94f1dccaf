import { findCauses, logsWorthReading } from '../health/health.ts';
import { hasSurroundings, readSurroundings } from '../live/live.ts';
import type { SurroundingsCluster } from '../live/live.ts';
import { ApiError } from '../model/api-error.ts';
import type { KnownApplication, ResourceStatus } from '../model/application.ts';
import type { Health } from '../model/health.ts';
import type { Ref } from '../model/object.ts';
import { describeRef } from '../model/object.ts';
import type { CauseTree, Surroundings } from '../model/root-cause.ts';
import { maskLogLine } from '../telemetry/telemetry.ts';

/** An object that is not well, and why. */
export interface Ailing {
  readonly ref: Ref;
  readonly health: Health;
  /** Absent when nothing is known of what such an object owns, or it is gone. */
  readonly causes?: CauseTree;
  /** Why causes could not be looked for. */
  readonly failure?: string;
}

export interface StatusReport {
  readonly app: Pick<KnownApplication, 'namespace' | 'name' | 'status'>;
  /** Present when it was asked for. */
  readonly ailing?: readonly Ailing[];
}

/** With a cluster, root causes are looked for. */
export async function reportOn(
  app: StatusReport['app'],
  cluster: SurroundingsCluster | undefined,
  signal: AbortSignal,
): Promise<StatusReport> {
  if (cluster === undefined) return { app };
  const ailing: Ailing[] = [];
  for (const row of (app.status.resources ?? []).filter(isAiling)) ailing.push(await examine(row, cluster, signal));
  return { app, ailing };
}

type AilingRow = ResourceStatus & { readonly health: Health };

function isAiling(row: ResourceStatus): row is AilingRow {
  return row.health !== undefined && row.health.status !== 'Healthy' && row.health.status !== 'Suspended';
}

async function examine(row: AilingRow, cluster: SurroundingsCluster, signal: AbortSignal): Promise<Ailing> {
  const { group, kind, namespace, name, health } = row;
  const ref = { group, kind, namespace, name };
  if (!hasSurroundings(ref)) return { ref, health };
  try {
    const around = await readSurroundings(ref, { cluster, signal, logsOf: logsWorthReading });
    return around === undefined ? { ref, health } : { ref, health, causes: findCauses(masked(around)) };
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    return { ref, health, failure: `${describeRef(ref)} cannot be looked at: ${error.message}` };
  }
}

function masked(around: Surroundings): Surroundings {
  const lines = [...around.lastLines].map(([key, line]) => [key, maskLogLine(line)] as const);
  return { ...around, lastLines: new Map(lines) };
}
