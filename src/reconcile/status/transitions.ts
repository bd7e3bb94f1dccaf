import { isDeepStrictEqual } from 'node:util';
import type { ObjectEvent } from '../../kube/cluster.ts';
import type { Application, ApplicationStatus, KnownApplication } from '../../model/application.ts';
import { isSuspended } from '../../model/application.ts';
import type { Condition } from '../../model/condition.ts';
import type { OperatorError } from '../../model/errors.ts';
import { describeRef } from '../../model/object.ts';
import type { Applied } from '../../model/outcome.ts';
import { revisionIn } from '../../model/revision.ts';
import type { ApplicationVerdict, ObjectCounts } from '../../model/telemetry.ts';
import { conditionOf } from './conditions.ts';
import type { Ports } from '../ports.ts';

export interface StatusChange {
  /** `spec` is absent when it cannot be read. */
  readonly app: KnownApplication & Partial<Application>;
  readonly before: ApplicationStatus;
  readonly status: ApplicationStatus;
}

/** One log line and one event per verdict that changed, and the metrics that follow the status. */
export function tellTransitions({ app, before, status }: StatusChange, ports: Ports): void {
  const [was, is] = [verdictsIn(before), verdictsIn(status, before)];
  for (const what of ['sync', 'health', 'ready'] as const) {
    const [from, to] = [was[what].state, is[what].state];
    if (from !== to) ports.telemetry.transition({ key: app.key, what, from, to, message: is[what].message });
  }
  for (const event of eventsBetween(app, before, status)) ports.events.emit({ regarding: regarding(app), ...event });
  const took = msToHealthy(before, status);
  if (took !== undefined) ports.telemetry.healthyAfter(app.key, took);
  ports.telemetry.applicationStatus({
    ...standing(app, ports.clock.now()),
    sync: syncIn(status),
    health: healthIn(status),
    held: status.hold !== undefined,
  });
  ports.telemetry.objects(app.key, status.counts ?? noObjects);
}

/** From the start of the newest sync, when it became healthy with this status. */
function msToHealthy(before: ApplicationStatus, { history }: ApplicationStatus): number | undefined {
  const newest = history?.at(-1);
  const known = before.history?.find(({ id }) => id === newest?.id);
  if (newest?.healthyAt === undefined || known?.healthyAt !== undefined) return undefined;
  return Date.parse(newest.healthyAt) - Date.parse(newest.deployStartedAt);
}

const noObjects: ObjectCounts = {
  objects: 0,
  synced: 0,
  outOfSync: 0,
  healthy: 0,
  progressing: 0,
  degraded: 0,
  unexplained: 0,
};

interface Spoken {
  readonly state: string;
  readonly message: string;
}

/** Only an operation that went on since `before` says why the sync status is what it is. */
function verdictsIn(
  { sync, health, operationState, conditions }: ApplicationStatus,
  before?: ApplicationStatus,
): Record<'sync' | 'health' | 'ready', Spoken> {
  const ready = conditionOf(conditions, 'Ready');
  const isOld = isDeepStrictEqual(operationState, before?.operationState);
  return {
    sync: spoken(sync?.status, isOld ? ready?.message : operationState?.message),
    health: spoken(health?.status, health?.message),
    ready: spoken(stateOf(ready), ready?.message),
  };
}

function spoken(state = '', message = ''): Spoken {
  return { state, message };
}

function stateOf(condition: Condition | undefined): string {
  return condition === undefined ? '' : `${condition.status}:${condition.reason}`;
}

function syncIn({ sync }: ApplicationStatus): ApplicationVerdict['sync'] {
  return sync?.status ?? 'Unknown';
}

function healthIn({ health }: ApplicationStatus): ApplicationVerdict['health'] {
  return health?.status ?? 'Unknown';
}

function standing(
  { namespace, name, spec }: StatusChange['app'],
  now: number,
): Omit<ApplicationVerdict, 'sync' | 'health' | 'held'> {
  if (spec === undefined) return { namespace, name, project: '', repo: '', suspended: false };
  return {
    namespace,
    name,
    project: spec.project,
    repo: spec.sources[0].repoURL,
    suspended: isSuspended({ spec }, now),
  };
}

type Told = Omit<ObjectEvent, 'regarding'>;

function eventsBetween({ name }: KnownApplication, before: ApplicationStatus, status: ApplicationStatus): Told[] {
  return [readyEvent(name, before, status), pruneEvent(before, status), syncEvent(before, status)].filter(
    (event) => event !== undefined,
  );
}

function readyEvent(name: string, before: ApplicationStatus, status: ApplicationStatus): Told | undefined {
  const ready = conditionOf(status.conditions, 'Ready');
  if (ready === undefined || stateOf(ready) === stateOf(conditionOf(before.conditions, 'Ready'))) return undefined;
  const type = ready.status === 'True' || ready.reason === 'Progressing' ? 'Normal' : 'Warning';
  return {
    type,
    reason: ready.reason,
    action: 'Reconcile',
    note: ready.message === '' ? `${name} is ${ready.reason}` : ready.message,
  };
}

function pruneEvent(before: ApplicationStatus, status: ApplicationStatus): Told | undefined {
  const blocked = conditionOf(status.conditions, 'PruneBlocked');
  if (blocked === undefined || blocked.message === conditionOf(before.conditions, 'PruneBlocked')?.message)
    return undefined;
  return { type: 'Warning', reason: blocked.reason, action: 'Prune', note: blocked.message };
}

function syncEvent(before: ApplicationStatus, { operationState }: ApplicationStatus): Told | undefined {
  if (operationState?.finishedAt === undefined || operationState.finishedAt === before.operationState?.finishedAt)
    return undefined;
  const note = `${revisionIn(operationState.syncResult ?? { revision: '' })} ${operationState.message}`.trim();
  if (operationState.phase === 'Succeeded') return { type: 'Normal', reason: 'Synced', action: 'Sync', note };
  return { type: 'Warning', reason: 'SyncFailed', action: 'Sync', note };
}

/** An Event about the Application itself. */
export function tell(app: KnownApplication, event: Told, { events }: Pick<Ports, 'events'>): void {
  events.emit({ regarding: regarding(app), ...event });
}

/** One event that names what a deletion has let go: nothing else will ever speak of these objects again. */
export function tellReleased(app: KnownApplication, { results }: Applied, ports: Ports): void {
  const names = results.flatMap(({ kind, change }) =>
    kind === 'removed' && change.kind === 'release' ? [`${describeRef(change.ref)} (${change.why})`] : [],
  );
  if (names.length === 0) return;
  const note = `not deleted, now nobody's: ${names.join('; ')}`;
  ports.events.emit({ regarding: regarding(app), type: 'Normal', reason: 'Released', action: 'Delete', note });
}

/** Hooks that nobody can run any more: nothing else will ever speak of them. */
export function tellWithoutHooks(app: KnownApplication, error: OperatorError, ports: Ports): void {
  const note = `deleted without its delete hooks, which are lost: ${error.message}`;
  ports.events.emit({ regarding: regarding(app), type: 'Warning', reason: error.reason, action: 'Delete', note });
}

/** What Events about an Application are about. */
function regarding({ namespace, name, uid }: KnownApplication): ObjectEvent['regarding'] {
  return { apiVersion: 'evenkeel.dev/v1alpha1', group: 'evenkeel.dev', kind: 'Application', namespace, name, uid };
}
