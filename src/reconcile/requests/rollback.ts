import type { Application, ApplicationStatus, HistoryEntry } from '../../model/application.ts';
import type { ApplicationKey } from '../../model/installation.ts';
import { rolledBack } from '../../model/hold.ts';
import type { Settled } from '../../model/outcome.ts';
import { revisionIn } from '../../model/revision.ts';
import { setHold } from './hold.ts';
import type { Ports } from '../ports.ts';
import { tell } from '../status/transitions.ts';

/** What a sync has brought, or was bringing when an object that the next wave waits for turned Degraded. */
interface Tried {
  readonly digest: string;
  /** What was Degraded by then is no fault of it. */
  readonly begunAt: string;
  /** Until when it may be taken back, in milliseconds since 1970. */
  readonly until: number;
}

/**
 * Where to go back to, because the newest revision turned Degraded while, or soon after, it was applied; undefined: stay.
 *
 * Guarantees: what is not known for certain (Progressing, Unknown, Missing) goes nowhere; nor does what was Degraded
 * before the sync, what is held, and what was rolled back before. Only a revision that was once healthy is gone back to.
 */
function rollbackTarget(app: Application, tried: Tried, now: number): HistoryEntry | undefined {
  const { history = [], health } = app.status;
  if (health?.status !== 'Degraded' || now > tried.until) return undefined;
  // Times are whole seconds: what turned in the second of the begin may have turned before.
  if (Date.parse(health.lastTransitionTime) <= Date.parse(tried.begunAt)) return undefined;
  return history.findLast((entry) => entry.healthyAt !== undefined && entry.digest !== tried.digest);
}

function triedBy(app: Application, settled: Settled): Tried | undefined {
  const { spec, status } = app;
  if (spec.rollback === undefined) return undefined;
  const { withinMs } = spec.rollback;
  return settled.digest === status.applied?.digest
    ? appliedLast(status, settled, withinMs)
    : endedByHealth(status, settled, withinMs);
}

function appliedLast({ history }: ApplicationStatus, { digest }: Settled, withinMs: number): Tried | undefined {
  const newest = history?.at(-1);
  if (newest?.digest !== digest) return undefined;
  return { digest, begunAt: newest.deployStartedAt, until: Date.parse(newest.deployedAt) + withinMs };
}

/** A sync that has not ended well has no entry in the history. */
function endedByHealth(
  { operationState, health }: ApplicationStatus,
  { digest, failure }: Settled,
  withinMs: number,
): Tried | undefined {
  if (failure?.reason !== 'HealthDegraded' || operationState === undefined || health === undefined) return undefined;
  return { digest, begunAt: operationState.startedAt, until: Date.parse(health.lastTransitionTime) + withinMs };
}

function isFollowing({ spec, hold, request, deleting }: Application): boolean {
  return spec.automated !== undefined && hold === undefined && request === undefined && !deleting;
}

/** Goes back when the newest revision does not work; the next run applies what is held then. Throws OperatorError. */
export async function rollBackWhenDegraded(key: ApplicationKey, settled: Settled, ports: Ports): Promise<void> {
  const parsed = ports.applications.known(key);
  if (parsed?.kind !== 'valid' || !isFollowing(parsed.app)) return;
  const { app } = parsed;
  const tried = triedBy(app, settled);
  if (tried === undefined || rolledBack(app.annotations, ports.installation)?.digest === tried.digest) return;
  const target = rollbackTarget(app, tried, ports.clock.now());
  if (target === undefined) return;
  const asked = revisionIn(target);
  await setHold(app, { asked, from: { digest: tried.digest, to: asked } }, ports);
  const note = `back to ${asked}, the last healthy revision: ${app.status.health?.message ?? ''}`;
  tell(app, { type: 'Warning', reason: 'RolledBack', action: 'Rollback', note }, ports);
}
