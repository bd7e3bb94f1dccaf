import type { ApplicationKey } from '../model/installation.ts';
import { applicationKey, parseApplicationKey } from '../model/installation.ts';
import type { ApplicationVerdict, ObjectCounts, Reconciled, Telemetry, Transition } from '../model/telemetry.ts';
import type { LogLevel } from './logger.ts';
import type { Parts } from './parts.ts';
import { quietly, seconds } from './parts.ts';

type ApplicationEvents = Pick<
  Telemetry,
  'reconciled' | 'transition' | 'objects' | 'applicationStatus' | 'healthyAfter' | 'applicationGone'
>;

/** Gauges have a series per Application and value: what was set last is kept here, so that it can be removed. */
interface Standing {
  readonly verdict: ApplicationVerdict;
  /** Unix milliseconds; undefined while Synced. */
  readonly outOfSyncSince: number | undefined;
}

export function applicationEvents(parts: Parts): ApplicationEvents {
  const standings = new Map<ApplicationKey, Standing>();
  const failures = new Map<ApplicationKey, string>();
  return {
    reconciled: quietly(parts, (event: Reconciled) => reconciled(parts, failures, event)),
    transition: quietly(parts, (event: Transition) => transition(parts, event)),
    objects: quietly(parts, (key: ApplicationKey, counts: ObjectCounts) => objects(parts, key, counts)),
    applicationStatus: quietly(parts, (verdict: ApplicationVerdict) => stand(parts, standings, verdict)),
    healthyAfter: quietly(parts, (key: ApplicationKey, durationMs: number) => {
      parts.metrics.timeToHealthy.observe(seconds(durationMs));
      parts.log('info', { application: key, durationMs }, 'healthy after its sync');
    }),
    applicationGone: quietly(parts, (key: ApplicationKey) => {
      failures.delete(key);
      forget(parts, standings, key);
    }),
  };
}

function reconciled({ metrics, log }: Parts, failures: Map<ApplicationKey, string>, event: Reconciled): void {
  metrics.reconcileDuration.observe({ outcome: event.outcome }, seconds(event.durationMs));
  metrics.objectWrites.inc(event.writes ?? 0);
  if (event.outcome === 'failed') metrics.reconcileFailures.inc({ reason: event.reason ?? 'OperatorBug' });
  const { key, message, ...fields } = event;
  if (event.outcome !== 'gone') metrics.applicationFailures.set(parseApplicationKey(key), event.failures ?? 0);
  log(levelOf(failures, event), { application: key, ...fields }, message ?? `reconciled: ${event.outcome}`);
}

/** Louder than debug: runs that wrote, and failures that the last run of the Application did not have. */
function levelOf(failures: Map<ApplicationKey, string>, event: Reconciled): LogLevel {
  if (event.outcome !== 'failed') {
    const recovered = failures.delete(event.key);
    return recovered || (event.writes ?? 0) > 0 ? 'info' : 'debug';
  }
  const failure = `${event.reason ?? ''} ${event.message ?? ''}`;
  const known = failures.get(event.key) === failure;
  failures.set(event.key, failure);
  return known ? 'debug' : 'warn';
}

const badNews: ReadonlySet<string> = new Set(['Degraded', 'Missing', 'Unknown', 'False']);

/** Every value that a transition can lead to; the label has no other. */
export const transitionTargets: Readonly<Record<Transition['what'], readonly string[]>> = {
  sync: ['Synced', 'OutOfSync', 'Unknown'],
  health: ['Healthy', 'Suspended', 'Progressing', 'Missing', 'Degraded', 'Unknown'],
  ready: ['True', 'False', 'Unknown'],
};

function transition({ metrics, log }: Parts, { key, what, from, to, message }: Transition): void {
  metrics.transitions.inc({ what, to: transitionTargets[what].includes(to) ? to : 'other' });
  const text = `${what} ${from === '' ? '' : `${from} → `}${to}${message === '' ? '' : `: ${message}`}`;
  log(badNews.has(to) ? 'warn' : 'info', { application: key, what, from, to }, text);
}

function objects({ metrics }: Parts, key: ApplicationKey, counts: ObjectCounts): void {
  const { namespace, name } = parseApplicationKey(key);
  for (const [state, count] of Object.entries(counts))
    metrics.applicationObjects.set({ namespace, name, state }, count);
}

function stand(parts: Parts, standings: Map<ApplicationKey, Standing>, verdict: ApplicationVerdict): void {
  const { metrics, clock } = parts;
  const key = applicationKey(verdict.namespace, verdict.name);
  const before = standings.get(key);
  if (before !== undefined) removeVerdict(parts, before.verdict);
  const outOfSyncSince = verdict.sync === 'Synced' ? undefined : (before?.outOfSyncSince ?? clock.now());
  standings.set(key, { verdict, outOfSyncSince });

  const { namespace, name } = verdict;
  metrics.applicationInfo.set(infoLabels(verdict), 1);
  metrics.applicationSync.set({ namespace, name, status: verdict.sync }, 1);
  metrics.applicationHealth.set({ namespace, name, status: verdict.health }, 1);
  metrics.applicationSuspended.set({ namespace, name }, verdict.suspended ? 1 : 0);
  metrics.applicationHeld.set({ namespace, name }, verdict.held ? 1 : 0);
  if (outOfSyncSince === undefined) metrics.outOfSyncSince.remove({ namespace, name });
  else metrics.outOfSyncSince.set({ namespace, name }, outOfSyncSince / 1000);
}

function infoLabels({ namespace, name, project, repo, sync, health }: ApplicationVerdict) {
  return { namespace, name, project, repo: withoutCredentials(repo), sync_status: sync, health_status: health };
}

function withoutCredentials(repo: string): string {
  return repo.replace(/:\/\/[^\s/?#]*@/, '://');
}

function removeVerdict({ metrics }: Parts, verdict: ApplicationVerdict): void {
  const { namespace, name } = verdict;
  metrics.applicationInfo.remove(infoLabels(verdict));
  metrics.applicationSync.remove({ namespace, name, status: verdict.sync });
  metrics.applicationHealth.remove({ namespace, name, status: verdict.health });
}

function forget(parts: Parts, standings: Map<ApplicationKey, Standing>, key: ApplicationKey): void {
  const { metrics } = parts;
  const before = standings.get(key);
  if (before !== undefined) removeVerdict(parts, before.verdict);
  standings.delete(key);
  const { namespace, name } = parseApplicationKey(key);
  metrics.outOfSyncSince.remove({ namespace, name });
  metrics.applicationSuspended.remove({ namespace, name });
  metrics.applicationHeld.remove({ namespace, name });
  metrics.applicationFailures.remove({ namespace, name });
  for (const state of objectStates) metrics.applicationObjects.remove({ namespace, name, state });
}

const objectStates: readonly (keyof ObjectCounts)[] = [
  'objects',
  'synced',
  'outOfSync',
  'healthy',
  'progressing',
  'degraded',
  'unexplained',
];
