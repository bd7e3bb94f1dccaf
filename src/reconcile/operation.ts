import type {
  Application,
  HistoryEntry,
  KnownApplication,
  OperationPhase,
  OperationState,
} from '../model/application.ts';
import type { OperatorError } from '../model/errors.ts';
import type { Settled } from '../model/outcome.ts';
import { syncResults } from './resource-rows.ts';
import { isUnderWay } from './settle.ts';
import type { StatusInput } from './status-input.ts';

/** An Application of which the spec may not be readable. */
type MaybeValid = KnownApplication & Partial<Application>;

/** undefined: this run is no part of an operation. */
export function operationPhase(
  { app, triesLeft }: StatusInput<Application>,
  settled: Settled,
): OperationPhase | undefined {
  const running = app.status.operationState?.phase === 'Running';
  if (!running && !settled.wrote && app.request === undefined && settled.failure === undefined) return undefined;
  if (settled.failure !== undefined) return triesLeft > 0 ? 'Running' : 'Failed';
  return isUnderWay(settled.applied) ? 'Running' : 'Succeeded';
}

/** The operation that runs, or the one that begins now. */
export function runningOperation(app: MaybeValid, revision: string, now: string): OperationState {
  const before = app.status.operationState;
  return before?.phase === 'Running'
    ? before
    : { operation: operationOf(app, revision), phase: 'Running', message: 'applying', startedAt: now };
}

function operationOf({ request, spec }: MaybeValid, revision: string): OperationState['operation'] {
  if (request !== undefined) {
    const { initiatedBy, prune, dryRun } = request;
    return { initiatedBy, sync: { revision, prune, dryRun } };
  }
  return {
    initiatedBy: { username: '', automated: true },
    sync: { revision, prune: spec?.automated?.prune ?? false, dryRun: false },
  };
}

export function operationAfter(
  input: StatusInput<Application>,
  settled: Settled,
  phase: OperationPhase | undefined,
): { operationState?: OperationState } {
  if (phase === undefined) return {};
  const started = runningOperation(input.app, settled.revision, input.now);
  const resources = syncResults(settled.applied.results);
  return {
    operationState: {
      ...started,
      phase,
      message: settled.failure?.message.slice(0, 1024) ?? messageOfPhase(phase, input.app, settled),
      syncResult: { revision: settled.revision, resources },
      ...(phase === 'Running' ? {} : { finishedAt: input.now }),
      ...(input.attempt > 1 ? { retryCount: input.attempt - 1 } : {}),
    },
  };
}

function messageOfPhase(phase: OperationPhase, { request }: Application, { applied }: Settled): string {
  if (phase === 'Running') return 'waiting for kinds to be served or objects to go';
  if (request?.dryRun === true) return 'dry run: nothing was written';
  return applied.plan.guard === undefined ? 'successfully synced' : 'synced; deletions are held back by prune.guard';
}

/** An operation that an error ended before anything was applied. */
export function failedOperation(
  { app, now, attempt, triesLeft }: StatusInput<MaybeValid>,
  error: OperatorError,
): { operationState?: OperationState } {
  const before = app.status.operationState;
  if (app.request === undefined && before?.phase !== 'Running') return {};
  const state = { ...runningOperation(app, app.request?.revision ?? '', now), message: error.message.slice(0, 1024) };
  const retried = attempt > 1 ? { retryCount: attempt - 1 } : {};
  if (triesLeft > 0 && error.retry !== 'never') return { operationState: { ...state, ...retried, phase: 'Running' } };
  return { operationState: { ...state, ...retried, phase: 'Error', finishedAt: now } };
}

/** One entry per sync that succeeded; a dry run is none. */
export function historyAfter({ app, now }: StatusInput<Application>, settled: Settled): readonly HistoryEntry[] {
  const { history: before = [] } = app.status;
  if (app.request?.dryRun === true) return before;
  const { repoURL, path, targetRevision } = app.spec.source;
  const started = runningOperation(app, settled.revision, now).startedAt;
  const entry: HistoryEntry = {
    id: (before.at(-1)?.id ?? -1) + 1,
    revision: settled.revision,
    digest: settled.digest,
    deployStartedAt: started,
    deployedAt: now,
    initiatedBy: app.request?.initiatedBy ?? { automated: true },
    source: { repoURL, path, targetRevision },
  };
  // slice(-0) would keep everything.
  return app.spec.revisionHistoryLimit === 0 ? [] : [...before, entry].slice(-app.spec.revisionHistoryLimit);
}
