import type { Application, ApplicationStatus } from '../model/application.ts';
import type { ObjectCounts } from '../model/telemetry.ts';
import { conditionOf } from './conditions.ts';
import type { Ports } from './ports.ts';

/** One log line and one event per verdict that changed, and the metrics that follow the status. */
export function tellTransitions(app: Application, status: ApplicationStatus, ports: Ports): void {
  const before = app.status;
  tell('sync', before.sync?.status, status.sync?.status, status.operationState?.message ?? '');
  tell('health', before.health?.status, status.health?.status, status.health?.message ?? '');
  const ready = conditionOf(status.conditions, 'Ready');
  const was = conditionOf(before.conditions, 'Ready');
  tell('ready', label(was), label(ready), ready?.message ?? '');
  tellEvents(app, status, ports);
  ports.telemetry.applicationStatus({
    namespace: app.namespace,
    name: app.name,
    project: app.spec.project,
    repo: app.spec.source.repoURL,
    sync: status.sync?.status ?? 'Unknown',
    health: status.health?.status ?? 'Unknown',
    suspended: app.spec.suspend !== undefined,
  });
  ports.telemetry.objects(app.key, status.counts ?? noObjects);

  function tell(what: 'sync' | 'health' | 'ready', from: string | undefined, to: string | undefined, message: string): void {
    if (from === to || to === undefined) return;
    ports.telemetry.transition({ key: app.key, what, from: from ?? '', to, message });
  }
}

const noObjects: ObjectCounts = { objects: 0, synced: 0, outOfSync: 0, healthy: 0, progressing: 0, degraded: 0, unexplained: 0 };

function label(condition: { readonly status: string; readonly reason: string } | undefined): string | undefined {
  return condition === undefined ? undefined : `${condition.status}:${condition.reason}`;
}

function tellEvents(app: Application, status: ApplicationStatus, ports: Ports): void {
  const ready = conditionOf(status.conditions, 'Ready');
  const was = conditionOf(app.status.conditions, 'Ready');
  if (ready !== undefined && label(ready) !== label(was)) {
    const type = ready.status === 'True' || ready.reason === 'Progressing' ? 'Normal' : 'Warning';
    ports.events.emit(app, { type, reason: ready.reason, message: ready.message === '' ? `${app.name} is ${ready.reason}` : ready.message });
  }
  const blocked = conditionOf(status.conditions, 'PruneBlocked');
  if (blocked !== undefined && blocked.message !== conditionOf(app.status.conditions, 'PruneBlocked')?.message) {
    ports.events.emit(app, { type: 'Warning', reason: blocked.reason, message: blocked.message });
  }
  const operation = status.operationState;
  if (operation?.finishedAt !== undefined && operation.finishedAt !== app.status.operationState?.finishedAt) {
    const failed = operation.phase !== 'Succeeded';
    const revision = operation.syncResult?.revision ?? status.sync?.revision ?? '';
    ports.events.emit(app, { type: failed ? 'Warning' : 'Normal', reason: failed ? 'SyncFailed' : 'Synced', message: `${revision}: ${operation.message}` });
  }
}
