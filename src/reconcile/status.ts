import type {
  Application,
  ApplicationStatus,
  DriftEntry,
  HistoryEntry,
  KnownApplication,
  OperationPhase,
  OperationState,
  ResourceStatus,
  SyncResultEntry,
} from '../model/application.ts';
import { isException, refInStatus } from '../model/application.ts';
import type { OperatorError } from '../model/errors.ts';
import type { Health } from '../model/health.ts';
import type { JsonObject } from '../model/json.ts';
import { jsonEqual } from '../model/json.ts';
import { describeRef, refKey } from '../model/object.ts';
import type { ChangeResult, Settled } from '../model/outcome.ts';
import type { Plan } from '../model/plan.ts';
import type { Verdict } from './conditions.ts';
import { mergeConditions } from './conditions.ts';
import { isSynced, isUnderWay } from './settle.ts';
import { countObjects, imagesAndLinks } from './summary.ts';
import { driftedVerdict, verdictsOfFailure, verdictsOfSettled, verdictsOfSuspended } from './verdicts.ts';

/** What all of a status is made from, besides the run's own result. */
export interface StatusInput<A extends KnownApplication = KnownApplication> {
  readonly app: A;
  readonly drift: readonly DriftEntry[];
  /** RFC 3339. */
  readonly now: string;
  /** Failures in a row, this one included. */
  readonly attempt: number;
  /** Tries that the retry policy still grants; an operation goes on while it is not 0. */
  readonly triesLeft: number;
  /** Objects with our marks that nobody recorded. */
  readonly unexplained: number;
}

const limits = { resources: 50, drift: 20, results: 50, destructive: 50 };

export function statusOfSettled(input: StatusInput<Application>, settled: Settled): ApplicationStatus {
  const { app, drift, now } = input;
  const rows = resourceRows(settled);
  const phase = operationPhase(input, settled);
  return finish(input, verdictsOfSettled(app, settled, drift), {
    ...withoutPlan(app.status),
    sync: { status: settled.sync, revision: reportedRevision(app, settled) },
    health: healthSince(app.status.health, settled.health, now),
    sourceType: 'Directory',
    counts: countObjects(settled, input.unexplained),
    ...imagesAndLinks(app.status, settled),
    resources: rows.slice(0, limits.resources),
    resourcesOmitted: Math.max(0, rows.length - limits.resources),
    ...operationAfter(input, settled, phase),
    ...(phase === 'Succeeded' ? historyAfter(input, settled) : {}),
    ...appliedAfter(app, settled),
    ...planShown(settled.applied.plan),
  });
}

/** `health` as the watches tell it at the time of the failure. */
export function statusOfFailure(
  input: StatusInput<KnownApplication & Partial<Application>>,
  error: OperatorError,
  known: { revision: string; health: Health | undefined },
): ApplicationStatus {
  const { app, drift, now } = input;
  const compared = error.step !== 'spec' && error.step !== 'source' && error.step !== 'render' && error.step !== 'live';
  const health = known.health ?? app.status.health ?? { status: 'Unknown', message: '' };
  return finish(input, verdictsOfFailure(app, error, drift), {
    ...app.status,
    sync: {
      status: compared ? 'OutOfSync' : 'Unknown',
      revision: compared ? known.revision : (app.status.sync?.revision ?? ''),
    },
    health: healthSince(app.status.health, health, now),
    ...failedOperation(input, error),
  });
}

export function statusOfSuspended(input: StatusInput<Application>): ApplicationStatus {
  return finish(input, verdictsOfSuspended(input.app, input.drift), input.app.status);
}

/** The status as it is, with what drifted since. */
export function statusWithDrift({ app, drift, now }: StatusInput): ApplicationStatus {
  const others = (app.status.conditions ?? []).filter(({ type }) => type !== 'Drifted');
  const conditions = mergeConditions(app.status.conditions ?? [], [...others, ...driftedVerdict(drift)], {
    generation: app.status.observedGeneration ?? app.generation,
    now,
  });
  return { ...app.status, conditions, drift: drift.slice(0, limits.drift), reconciledAt: now };
}

/** Between the claim and the result: an operation runs. */
export function statusOfRunning(app: Application, revision: string, now: string): ApplicationStatus {
  return { ...app.status, operationState: runningOperation(app, revision, now) };
}

/** `reconciledAt` moves with a transition only, so an unchanged status is equal to the one before and not written. */
function finish(
  input: StatusInput<KnownApplication & Partial<Application>>,
  verdicts: readonly Verdict[],
  status: ApplicationStatus,
): ApplicationStatus {
  const { app, now, drift } = input;
  const next: ApplicationStatus = {
    ...status,
    observedGeneration: app.generation,
    conditions: mergeConditions(app.status.conditions ?? [], verdicts, { generation: app.generation, now }),
    drift: drift.slice(0, limits.drift),
    ...(app.request?.from === 'annotation' && isFinished(status) ? { lastSyncRequest: app.request.token } : {}),
  };
  return sameStatus(next, app.status) ? app.status : { ...next, reconciledAt: now };
}

function isFinished({ operationState }: ApplicationStatus): boolean {
  return operationState !== undefined && operationState.phase !== 'Running';
}

export function sameStatus(a: ApplicationStatus, b: ApplicationStatus): boolean {
  return jsonEqual(a as unknown as JsonObject, b as unknown as JsonObject);
}

/** A commit that changes nothing of this Application's render is no reason to write: the older, equal revision stays. */
function reportedRevision(app: Application, settled: Settled): string {
  const before = app.status.sync;
  const equal =
    app.status.applied?.digest === settled.digest &&
    before?.status === settled.sync &&
    !settled.wrote &&
    app.request === undefined;
  return equal ? before.revision : settled.revision;
}

function healthSince(
  before: ApplicationStatus['health'],
  { status, message }: Health,
  now: string,
): NonNullable<ApplicationStatus['health']> {
  return { status, message, lastTransitionTime: before?.status === status ? before.lastTransitionTime : now };
}

function resourceRows(settled: Settled): ResourceStatus[] {
  const health = new Map(settled.objects.map(({ ref, status, message }) => [refKey(ref), { status, message }]));
  const rows = settled.applied.results.map((result) => resourceRow(result, health.get(refKey(result.change.ref))));
  return rows.filter((row) => row !== undefined).filter(isException);
}

function resourceRow(result: ChangeResult, health: Health | undefined): ResourceStatus | undefined {
  const { change } = result;
  if (result.kind === 'removed') return undefined;
  const desired = 'desired' in change ? change.desired : undefined;
  return {
    ...refInStatus(change.ref),
    version: (desired?.apiVersion ?? '').replace(/^.*\//, ''),
    status:
      change.kind === 'keep' && change.reason === 'unknown' ? 'Unknown' : isSynced(result) ? 'Synced' : 'OutOfSync',
    ...(health === undefined || desired === undefined ? {} : { health }),
    ...(desired === undefined ? { requiresPruning: true } : {}),
    ...messageOf(result),
  };
}

function messageOf(result: ChangeResult): { message: string } | undefined {
  if (result.kind === 'failed') return { message: result.error.message.slice(0, 500) };
  if (result.kind === 'parked') return { message: result.message };
  if (result.kind === 'kept' && result.change.message !== '') return { message: result.change.message };
  return undefined;
}

/** undefined: this run is no part of an operation. */
function operationPhase({ app, triesLeft }: StatusInput<Application>, settled: Settled): OperationPhase | undefined {
  const running = app.status.operationState?.phase === 'Running';
  if (!running && !settled.wrote && app.request === undefined && settled.failure === undefined) return undefined;
  if (settled.failure !== undefined) return triesLeft > 0 ? 'Running' : 'Failed';
  return settled.applied.results.some(isUnderWay) ? 'Running' : 'Succeeded';
}

function runningOperation(app: KnownApplication & Partial<Application>, revision: string, now: string): OperationState {
  const before = app.status.operationState;
  if (before?.phase === 'Running') return before;
  const initiatedBy = app.request?.initiatedBy ?? { username: '', automated: true };
  const { prune = app.spec?.automated?.prune ?? false, dryRun = false } = app.request ?? {};
  return {
    operation: { initiatedBy, sync: { revision, prune, dryRun } },
    phase: 'Running',
    message: 'applying',
    startedAt: now,
  };
}

function operationAfter(
  input: StatusInput<Application>,
  settled: Settled,
  phase: OperationPhase | undefined,
): { operationState?: OperationState } {
  if (phase === undefined) return {};
  const started = runningOperation(input.app, settled.revision, input.now);
  const resources = settled.applied.results.flatMap(syncResultRow).sort(failuresFirst).slice(0, limits.results);
  return {
    operationState: {
      ...started,
      phase,
      message:
        settled.failure?.message.slice(0, 1024) ??
        (phase === 'Running' ? 'waiting for kinds to be served or objects to go' : 'successfully synced'),
      syncResult: { revision: settled.revision, resources },
      ...(phase === 'Running' ? {} : { finishedAt: input.now }),
      ...(input.attempt > 1 ? { retryCount: input.attempt - 1 } : {}),
    },
  };
}

/** An operation that an error ended before anything was applied. */
function failedOperation(
  { app, now, attempt, triesLeft }: StatusInput<KnownApplication & Partial<Application>>,
  error: OperatorError,
): { operationState?: OperationState } {
  const before = app.status.operationState;
  if (app.request === undefined && before?.phase !== 'Running') return {};
  const state = { ...runningOperation(app, app.request?.revision ?? '', now), message: error.message.slice(0, 1024) };
  const retried = attempt > 1 ? { retryCount: attempt - 1 } : {};
  if (triesLeft > 0 && error.retry !== 'never') return { operationState: { ...state, ...retried, phase: 'Running' } };
  return { operationState: { ...state, ...retried, phase: 'Error', finishedAt: now } };
}

function syncResultRow(result: ChangeResult): SyncResultEntry[] {
  const { change } = result;
  const desired = 'desired' in change ? change.desired : undefined;
  const row = { ...refInStatus(change.ref), version: (desired?.apiVersion ?? '').replace(/^.*\//, '') };
  switch (result.kind) {
    case 'applied':
      return [{ ...row, status: 'Synced', message: change.kind === 'create' ? 'created' : 'configured' }];
    case 'removed':
    case 'terminating':
      return change.kind === 'forget'
        ? []
        : [{ ...row, status: 'Pruned', message: result.kind === 'removed' ? 'pruned' : 'terminating' }];
    case 'failed':
      return [{ ...row, status: 'SyncFailed', message: result.error.message.slice(0, 500) }];
    case 'kept':
      return desired === undefined
        ? [{ ...row, status: 'PruneSkipped', message: change.kind === 'keep' ? change.message : '' }]
        : [];
    case 'parked':
    case 'skipped':
      return [];
  }
}

function failuresFirst(a: SyncResultEntry, b: SyncResultEntry): number {
  return Number(b.status === 'SyncFailed') - Number(a.status === 'SyncFailed');
}

function historyAfter({ app, now }: StatusInput<Application>, settled: Settled): { history: readonly HistoryEntry[] } {
  const before = app.status.history ?? [];
  if (app.request?.dryRun === true) return { history: before };
  const { repoURL, path, targetRevision } = app.spec.source;
  const entry: HistoryEntry = {
    id: (before.at(-1)?.id ?? -1) + 1,
    revision: settled.revision,
    digest: settled.digest,
    deployStartedAt: app.status.operationState?.phase === 'Running' ? app.status.operationState.startedAt : now,
    deployedAt: now,
    initiatedBy: app.request?.initiatedBy ?? { automated: true },
    source: { repoURL, path, targetRevision },
  };
  // slice(-0) would keep everything.
  return {
    history: app.spec.revisionHistoryLimit === 0 ? [] : [...before, entry].slice(-app.spec.revisionHistoryLimit),
  };
}

/** What drift is measured against from now on. A run that left something unwritten does not move it. */
function appliedAfter(app: Application, settled: Settled): Pick<ApplicationStatus, 'applied'> {
  if (app.deleting || app.request?.dryRun === true) return {};
  if (settled.failure !== undefined || settled.applied.results.some(isHeldBack)) return {};
  const before = app.status.applied;
  return before?.digest === settled.digest
    ? { applied: before }
    : { applied: { revision: settled.revision, digest: settled.digest } };
}

function isHeldBack({ kind, change }: ChangeResult): boolean {
  return kind === 'parked' || kind === 'skipped' || (change.kind === 'keep' && change.reason === 'waitsForSync');
}

/** A plan is shown while it waits for approval, no longer. */
function withoutPlan(status: ApplicationStatus): ApplicationStatus {
  return Object.fromEntries(Object.entries(status).filter(([field]) => field !== 'plan'));
}

function planShown(plan: Plan): { plan?: NonNullable<ApplicationStatus['plan']> } {
  if (plan.guard === undefined) return {};
  const destructive = plan.changes.filter((change) => change.kind === 'prune').map(({ ref }) => describeRef(ref));
  return {
    plan: { hash: plan.hash, summary: plan.guard.message, destructive: destructive.slice(0, limits.destructive) },
  };
}
