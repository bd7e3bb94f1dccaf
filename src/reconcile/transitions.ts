import type { ObjectEvent } from '../kube/cluster.ts';
import type { Application, ApplicationStatus, KnownApplication } from '../model/application.ts';
import type { ObjectCounts } from '../model/telemetry.ts';
import { conditionOf } from './conditions.ts';
import type { Ports } from './ports.ts';

export interface StatusChange {
  /** `spec` is absent when it cannot be read. */
  readonly app: KnownApplication & Partial<Application>;
  readonly before: ApplicationStatus;
  readonly status: ApplicationStatus;
}

/** One log line and one event per verdict that changed, and the metrics that follow the status. */
export function tellTransitions(change: StatusChange, ports: Ports): void {
  const { app, before, status } = change;
  tell('sync', before.sync?.status, status.sync?.status, status.operationState?.message ?? '');
  tell('health', before.health?.status, status.health?.status, status.health?.message ?? '');
  const ready = conditionOf(status.conditions, 'Ready');
  const was = conditionOf(before.conditions, 'Ready');
  tell('ready', label(was), label(ready), ready?.message ?? '');
  tellEvents(change, ports);
  ports.telemetry.applicationStatus({
    namespace: app.namespace,
    name: app.name,
    project: app.spec?.project ?? '',
    repo: app.spec?.source.repoURL ?? '',
    sync: status.sync?.status ?? 'Unknown',
    health: status.health?.status ?? 'Unknown',
    suspended: app.spec?.suspend !== undefined,
  });
  ports.telemetry.objects(app.key, status.counts ?? noObjects);

  function tell(
    what: 'sync' | 'health' | 'ready',
    from: string | undefined,
    to: string | undefined,
    message: string,
  ): void {
    if (from === to || to === undefined) return;
    ports.telemetry.transition({ key: app.key, what, from: from ?? '', to, message });
  }
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

function label(condition: { readonly status: string; readonly reason: string } | undefined): string | undefined {
  return condition === undefined ? undefined : `${condition.status}:${condition.reason}`;
}

function tellEvents({ app, before, status }: StatusChange, ports: Ports): void {
  const ready = conditionOf(status.conditions, 'Ready');
  if (ready !== undefined && label(ready) !== label(conditionOf(before.conditions, 'Ready'))) {
    const type = ready.status === 'True' || ready.reason === 'Progressing' ? 'Normal' : 'Warning';
    emit({
      type,
      reason: ready.reason,
      action: 'Reconcile',
      note: ready.message === '' ? `${app.name} is ${ready.reason}` : ready.message,
    });
  }
  const blocked = conditionOf(status.conditions, 'PruneBlocked');
  if (blocked !== undefined && blocked.message !== conditionOf(before.conditions, 'PruneBlocked')?.message) {
    emit({ type: 'Warning', reason: blocked.reason, action: 'Prune', note: blocked.message });
  }
  const operation = status.operationState;
  if (operation?.finishedAt !== undefined && operation.finishedAt !== before.operationState?.finishedAt) {
    const revision = operation.syncResult?.revision ?? status.sync?.revision ?? '';
    const [type, reason] =
      operation.phase === 'Succeeded' ? (['Normal', 'Synced'] as const) : (['Warning', 'SyncFailed'] as const);
    emit({ type, reason, action: 'Sync', note: `${revision}: ${operation.message}` });
  }

  function emit(event: Omit<ObjectEvent, 'regarding'>): void {
    ports.events.emit({ regarding: regarding(app), ...event });
  }
}

/** What Events about an Application are about. */
export function regarding({ namespace, name, uid }: KnownApplication): ObjectEvent['regarding'] {
  return { apiVersion: 'evenkeel.dev/v1alpha1', group: 'evenkeel.dev', kind: 'Application', namespace, name, uid };
}
