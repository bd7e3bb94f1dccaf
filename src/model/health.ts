import type { Ref } from './object.ts';

/** Argo CD's vocabulary. */
export type HealthStatus = 'Healthy' | 'Suspended' | 'Progressing' | 'Missing' | 'Degraded' | 'Unknown';

export interface Health {
  readonly status: HealthStatus;
  /** Names counts, conditions and reasons; empty when there is nothing to say. */
  readonly message: string;
}

export interface ObjectHealth extends Health {
  readonly ref: Ref;
  /** Of one that progresses or is degraded: since when nothing of it has changed, RFC 3339. */
  readonly since?: string;
}
