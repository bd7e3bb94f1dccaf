import type { ApplicationStatus, ResourceStatus } from '../../model/application.ts';

/** The record, which stands beside it, takes up to 48 KB of the 100 KB that a status may have. */
const mostBytes = 50_000;

type Cut = (status: ApplicationStatus) => ApplicationStatus;

/** What is given up one after the other, the least needed first: every list has the worst in front. */
const cuts: readonly Cut[] = [
  (status) => withSyncResults(status, 10),
  (status) => withResources(status, 10),
  ({ drift = [], ...status }) => ({ ...status, drift: drift.map((one) => ({ ...one, fields: few(one.fields) })) }),
  ({ history = [], ...status }) => ({ ...status, history: history.slice(-10) }),
  ({ summary, ...status }) => ({
    ...status,
    summary: { images: few(summary?.images), externalURLs: few(summary?.externalURLs) },
  }),
  ({ plan, ...status }) =>
    plan === undefined ? status : { ...status, plan: { ...plan, destructive: few(plan.destructive) } },
  (status) => withSyncResults(status, 0),
  (status) => withResources(status, 3),
  ({ history = [], ...status }) => ({ ...status, history: history.slice(-1) }),
];

/** The same status, shortened as far as it has to be: it stays under 100 KB at any size of Application. */
export function fitted(status: ApplicationStatus): ApplicationStatus {
  let fit = status;
  for (const cut of cuts) {
    if (bytesOf(fit) <= mostBytes) return fit;
    fit = cut(fit);
  }
  return fit;
}

function bytesOf(status: ApplicationStatus): number {
  return Buffer.byteLength(JSON.stringify(status));
}

function withSyncResults(status: ApplicationStatus, atMost: number): ApplicationStatus {
  const { operationState } = status;
  if (operationState?.syncResult === undefined) return status;
  const { resources, ...revisions } = operationState.syncResult;
  return {
    ...status,
    operationState: { ...operationState, syncResult: { ...revisions, resources: resources.slice(0, atMost) } },
  };
}

function withResources(status: ApplicationStatus, atMost: number): ApplicationStatus {
  const { resources = [], resourcesOmitted = 0 } = status;
  const rows = resources.slice(0, atMost).map(shortened);
  return { ...status, resources: rows, resourcesOmitted: resourcesOmitted + resources.length - rows.length };
}

function shortened(row: ResourceStatus): ResourceStatus {
  const { message, health } = row;
  return {
    ...row,
    ...(message === undefined ? {} : { message: clip(message) }),
    ...(health === undefined ? {} : { health: { ...health, message: clip(health.message) } }),
  };
}

function few(texts: readonly string[] = []): string[] {
  return texts.slice(0, 5).map(clip);
}

function clip(text: string): string {
  return text.length <= 200 ? text : `${text.slice(0, 197)}...`;
}
