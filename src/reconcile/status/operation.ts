import { isDeepStrictEqual } from 'node:util';
import type {
  Application,
  HistoryEntry,
  KnownApplication,
  OperationPhase,
  OperationState,
  SyncRequest,
} from '../../model/application.ts';
import type { OperatorError } from '../../model/errors.ts';
import { showSources } from '../../model/history-source.ts';
import type { Settled } from '../../model/outcome.ts';
import { revisionFields } from '../../model/revision.ts';
import { describeRequest } from '../../model/sync-request.ts';
import { endedRun, isFailing } from '../hooks/hook-outcome.ts';
import { syncResults } from './resource-rows.ts';
import { retryLimit } from '../schedule.ts';
import { awaitsConfirmation, isUnderWay } from '../settle.ts';
import type { StatusInput } from './status-input.ts';
import { waitingBecause } from './waiting.ts';

/** An Application of which the spec may not be readable. */
type MaybeValid = KnownApplication & Partial<Application>;

/** undefined: this run is no part of an operation. */
export function operationPhase(
  { app, triesLeft }: StatusInput<Application>,
  settled: Settled,
): OperationPhase | undefined {
  if (!isPartOfOperation(app, settled)) return undefined;
  if (settled.failure === undefined) return goesOn(settled) ? 'Running' : 'Succeeded';
  return triesLeftOf({ app, triesLeft }, settled) > 0 ? 'Running' : 'Failed';
}

function goesOn(settled: Settled): boolean {
  return isFailing(settled) || awaitsConfirmation(settled.applied) || isUnderWay(settled.applied);
}

/**
 * The operation that runs, or the one that begins now: another request, and a newer commit, is another operation.
 * An empty revision is not known, and begins none.
 */
export function runningOperation(app: MaybeValid, revision: string, now: string): OperationState {
  const before = app.status.operationState;
  const operation = operationOf(app, revision);
  const goesOn = isDeepStrictEqual(before?.operation, operation) || (app.request === undefined && revision === '');
  return before?.phase === 'Running' && goesOn
    ? before
    : { operation, phase: 'Running', message: 'applying', startedAt: now, ...hookRunOf(before) };
}

function isPartOfOperation(app: Application, { applied, hookRun, wrote, failure }: Settled): boolean {
  if (isOperating(app) || hookRun !== undefined) return true;
  return wrote || failure !== undefined || awaitsConfirmation(applied);
}

function isOperating({ status, request }: Application): boolean {
  return status.operationState?.phase === 'Running' || request !== undefined;
}

/** Those of a sync with hooks are counted in its status: its hooks take many runs that do not fail. */
function triesLeftOf(
  { app, triesLeft }: Pick<StatusInput<Application>, 'app' | 'triesLeft'>,
  { hookRun }: Settled,
): number {
  return hookRun === undefined ? triesLeft : retryLimit(app) - hookRun.attempt + 1;
}

/** What has become of hooks is known as long as the same is wanted, whichever operations come between. */
function hookRunOf(state: OperationState | undefined): Pick<OperationState, 'hookRun'> {
  return state?.hookRun === undefined ? {} : { hookRun: state.hookRun };
}

/** When the operation that brings this revision began; undefined when none runs. */
export function operationStart(app: Application, revision: string): string | undefined {
  const { operationState } = app.status;
  const isThis = isDeepStrictEqual(operationState?.operation, operationOf(app, revision));
  return operationState?.phase === 'Running' && isThis ? operationState.startedAt : undefined;
}

/** A request in its own words; what it came to is in `syncResult`. */
function operationOf({ request, spec }: MaybeValid, newest: string): OperationState['operation'] {
  if (request !== undefined) return describeRequest(request, spec);
  return {
    initiatedBy: { username: '', automated: true },
    sync: { ...revisionFields(spec, newest), prune: spec?.automated?.prune ?? false, dryRun: false },
  };
}

function latest(...times: readonly string[]): string {
  return times.reduce((one, other) => (one > other ? one : other));
}

export function operationAfter(
  input: StatusInput<Application>,
  settled: Settled,
  phase: OperationPhase | undefined,
): { operationState?: OperationState } {
  if (phase === undefined) return {};
  const started = runningOperation(input.app, settled.revision, input.now);
  const hookRun = endedRun(settled, phase, input.now);
  const resources = syncResults(settled.applied);
  return {
    operationState: {
      ...started,
      phase,
      message: settled.failure?.message.slice(0, 1024) ?? messageOfPhase(phase, input.app, settled),
      syncResult: { ...revisionFields(input.app.spec, settled.revision), resources },
      // Of two runs within a second the second one begins a moment from now.
      ...(phase === 'Running' ? {} : { finishedAt: latest(input.now, started.startedAt) }),
      ...(input.attempt > 1 ? { retryCount: input.attempt - 1 } : {}),
      ...(hookRun === undefined
        ? {}
        : { hookRun, ...(hookRun.attempt > 1 ? { retryCount: hookRun.attempt - 1 } : {}) }),
    },
  };
}

function messageOfPhase(phase: OperationPhase, { request }: Application, { applied }: Settled): string {
  if (phase === 'Running' && awaitsConfirmation(applied)) return 'deletions wait for the annotation deletion-approved';
  if (phase === 'Running') return waitingBecause(applied)?.slice(0, 1024) ?? 'waiting for objects to go';
  if (request?.dryRun === true) return 'dry run: nothing was written';
  const { guard } = applied.plan;
  if (guard === undefined) return 'successfully synced';
  return `synced; deletions are held back by prune.guard: ${guard.message}`.slice(0, 1024);
}

/**
 * An operation that an error ended before anything was applied. `revision` is empty when none could be compared: then
 * no automatic sync began.
 */
export function failedOperation(
  { app, now, attempt, triesLeft }: StatusInput<MaybeValid>,
  error: OperatorError,
  revision: string,
): { operationState?: OperationState } {
  const message = error.message.slice(0, 1024);
  if (!isOperation(app, revision) || (triesLeft <= 0 && isSaid(app, message))) return {};
  const retried = attempt > 1 ? { retryCount: attempt - 1 } : {};
  const state = { ...runningOperation(app, revision, now), ...retried, message };
  if (triesLeft > 0 && error.retry !== 'never') return { operationState: { ...state, phase: 'Running' } };
  return { operationState: { ...state, phase: 'Error', finishedAt: now } };
}

function isOperation({ request, spec, status }: MaybeValid, revision: string): boolean {
  const begins = request !== undefined || (spec?.automated !== undefined && revision !== '');
  return begins || status.operationState?.phase === 'Running';
}

/** A slow retry that fails as the one before is no news. */
function isSaid({ request, status: { operationState } }: MaybeValid, message: string): boolean {
  return request === undefined && operationState?.finishedAt !== undefined && operationState.message === message;
}

/** One entry per sync that succeeded as a whole; a dry run, and a sync of some objects, is none. */
export function historyAfter({ app, now }: StatusInput<Application>, settled: Settled): readonly HistoryEntry[] {
  const { history: before = [] } = app.status;
  if (!isRemembered(app.request)) return before;
  const started = runningOperation(app, settled.revision, now).startedAt;
  const entry: HistoryEntry = {
    id: (before.at(-1)?.id ?? -1) + 1,
    ...revisionFields(app.spec, settled.revision),
    digest: settled.digest,
    deployStartedAt: started,
    deployedAt: now,
    initiatedBy: app.request?.initiatedBy ?? { automated: true },
    ...showSources(app.spec),
    ...originShown(settled),
  };
  // slice(-0) would keep everything.
  return app.spec.revisionHistoryLimit === 0 ? [] : [...before, entry].slice(-app.spec.revisionHistoryLimit);
}

function isRemembered(request: SyncRequest | undefined): boolean {
  return request === undefined || (!request.dryRun && request.resources === undefined);
}

/** The newest sync, once everything is as it wants and works for the first time. */
export function withHealthyAt(
  history: readonly HistoryEntry[] | undefined,
  { sync, health, digest }: Settled,
  now: string,
): { history?: readonly HistoryEntry[] } {
  const newest = history?.at(-1);
  if (history === undefined || newest === undefined) return history === undefined ? {} : { history };
  const isFirst = newest.healthyAt === undefined && newest.digest === digest;
  if (!isFirst || sync !== 'Synced' || health.status !== 'Healthy') return { history };
  return { history: [...history.slice(0, -1), { ...newest, healthyAt: now }] };
}

function originShown({ about, chartVersions }: Settled): Partial<HistoryEntry> {
  return {
    ...(about === undefined ? {} : { author: about.author, committedAt: about.date, subject: about.subject }),
    ...(chartVersions.length === 0 ? {} : { chartVersions }),
  };
}
