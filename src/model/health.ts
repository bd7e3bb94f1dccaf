import type { Ref } from './object.ts';

/** Argo CD's vocabulary. */
export type HealthStatus = 'Healthy' | 'Suspended' | 'Progressing' | 'Missing' | 'Degraded' | 'Unknown';

export interface Health {
  readonly status: HealthStatus;
  /** Names counts, conditions and reasons; empty when there is nothing to say. */
  readonly message: string;
}

export function isSameHealth(a: Health | undefined, b: Health | undefined): boolean {
  return a?.status === b?.status && a?.message === b?.message;
}

export interface ObjectHealth extends Health {
  readonly ref: Ref;
  /** Of one that progresses or is degraded: since when nothing of it has changed, RFC 3339. */
  readonly since?: string;
}

/** The expressions of a rule in the order in which they are asked, with what each of them says when it is true. */
export const verdictFields = {
  failed: 'Degraded',
  inProgress: 'Progressing',
  suspended: 'Suspended',
  missing: 'Missing',
  unknown: 'Unknown',
  current: 'Healthy',
} as const satisfies Readonly<Record<string, HealthStatus>>;

export type VerdictField = keyof typeof verdictFields;

/** How the health of some kind is judged: CEL over `object`. The first expression that is true decides. */
export interface HealthCheck extends Readonly<Partial<Record<VerdictField, string>>> {
  /** `group/version`; the version does not matter. In group and kind `*` stands for any text. */
  readonly apiVersion: string;
  readonly kind: string;
  /** Only the object of this name. */
  readonly name?: string;
  /** Yields text. */
  readonly message?: string;
}
