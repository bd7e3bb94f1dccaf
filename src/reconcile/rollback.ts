import type { Application, HistoryEntry } from '../model/application.ts';
import type { ApplicationKey, Installation } from '../model/installation.ts';
import { rolledBack } from '../model/hold.ts';
import { revisionIn } from '../model/revision.ts';
import { setHold } from './hold.ts';
import type { Ports } from './ports.ts';
import { tell } from './transitions.ts';

/**
 * Where to go back to, because the newest revision turned Degraded soon after it was applied; undefined: stay.
 *
 * Guarantees: what is not known for certain (Progressing, Unknown, Missing) goes nowhere; nor does what was Degraded
 * before the sync, what is held, and what was rolled back before. Only a revision that was once healthy is gone back to.
 */
function rollbackTarget(app: Application, now: number, installation: Installation): HistoryEntry | undefined {
  const { history = [], applied } = app.status;
  const newest = history.at(-1);
  if (newest === undefined || newest.digest !== applied?.digest || !isFollowing(app)) return undefined;
  const isOnceMore = rolledBack(app.annotations, installation)?.digest === newest.digest;
  if (isOnceMore || !turnedDegraded(app, newest, now)) return undefined;
  return history.findLast((entry) => entry.healthyAt !== undefined && entry.digest !== newest.digest);
}

function isFollowing({ spec, hold, request, deleting }: Application): boolean {
  return spec.automated !== undefined && hold === undefined && request === undefined && !deleting;
}

function turnedDegraded({ spec, status }: Application, newest: HistoryEntry, now: number): boolean {
  const { health } = status;
  if (spec.rollback === undefined || health?.status !== 'Degraded') return false;
  // Times are whole seconds: what turned in the second of the begin may have turned before.
  const turned = Date.parse(health.lastTransitionTime) > Date.parse(newest.deployStartedAt);
  return turned && now <= Date.parse(newest.deployedAt) + spec.rollback.withinMs;
}

/** Goes back when the newest revision does not work; the next run applies what is held then. Throws OperatorError. */
export async function rollBackWhenDegraded(key: ApplicationKey, ports: Ports): Promise<void> {
  const parsed = ports.applications.known(key);
  if (parsed?.kind !== 'valid') return;
  const { app } = parsed;
  const target = rollbackTarget(app, ports.clock.now(), ports.installation);
  if (target === undefined) return;
  const asked = revisionIn(target);
  const digest = app.status.history?.at(-1)?.digest ?? '';
  await setHold(app, { asked, from: { digest, to: asked } }, ports);
  const note = `back to ${asked}, the last healthy revision: ${app.status.health?.message ?? ''}`;
  tell(app, { type: 'Warning', reason: 'RolledBack', action: 'Rollback', note }, ports);
}
