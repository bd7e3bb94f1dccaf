import type { Application, ApplicationStatus, KnownApplication } from '../../model/application.ts';
import type { OperatorError } from '../../model/errors.ts';
import type { HookRun } from '../../model/hook-run.ts';
import type { Health } from '../../model/health.ts';
import type { JsonObject } from '../../model/json.ts';
import { jsonEqual } from '../../model/json.ts';
import type { ChangeResult, Settled } from '../../model/outcome.ts';
import type { Plan } from '../../model/plan.ts';
import { revisionFields, revisionIn } from '../../model/revision.ts';
import type { Verdict } from './conditions.ts';
import { mergeConditions } from './conditions.ts';
import {
  failedOperation,
  historyAfter,
  operationAfter,
  operationPhase,
  runningOperation,
  withHealthyAt,
} from './operation.ts';
import { heldPlan } from './held-plan.ts';
import { holdShown } from './hold-shown.ts';
import { exceptionsOf } from './resource-rows.ts';
import { isBlocked, isUnknown, waitsForSync } from '../settle.ts';
import type { StatusInput } from './status-input.ts';
import { fitted } from './status-size.ts';
import { countObjects, imagesAndLinks } from './summary.ts';
import { isTerminated } from '../requests/terminated.ts';
import { seenVerdicts, verdictsOfFailure, verdictsOfSettled, verdictsOfSuspended } from './verdicts.ts';

const mostDrifted = 20;

export function statusOfSettled(input: StatusInput<Application>, settled: Settled): ApplicationStatus {
  const { app, now } = input;
  const phase = operationPhase(input, settled);
  return finish(input, verdictsOfSettled(app, settled, input), {
    ...withoutPlan(app.status),
    sync: syncOf(app, settled),
    health: healthSince(app.status.health, settled.health, now),
    ...sourceTypesOf(app, settled),
    counts: countObjects(settled, input.unexplained),
    ...imagesAndLinks(app.status, settled),
    ...exceptionsOf(settled),
    ...operationAfter(input, settled, phase),
    ...withHealthyAt(phase === 'Succeeded' ? historyAfter(input, settled) : app.status.history, settled, now),
    ...(settled.hookRun === undefined || phase === 'Succeeded' ? appliedAfter(app, settled) : {}),
    ...planShown(app, settled.applied.plan),
    ...terminatedAfter(app, settled),
    ...holdShown(app, settled, now),
  });
}

/** `health` as the watches tell it at the time of the failure. */
export function statusOfFailure(
  input: StatusInput<KnownApplication & Partial<Application>>,
  error: OperatorError,
  known: { revision: string; health: Health | undefined },
): ApplicationStatus {
  const { app, now } = input;
  const compared = isCompared(error);
  const health = known.health ?? app.status.health ?? { status: 'Unknown', message: '' };
  return finish(input, verdictsOfFailure(app, error, input), {
    ...withoutHold(app.status),
    ...holdShown(app, undefined, now),
    sync: {
      status: compared ? 'OutOfSync' : 'Unknown',
      ...revisionFields(app.spec, compared ? known.revision : revisionIn(app.status.sync ?? { revision: '' })),
    },
    health: healthSince(app.status.health, health, now),
    ...failedOperation(input, error, compared ? known.revision : ''),
  });
}

function withoutHold(status: ApplicationStatus): ApplicationStatus {
  return Object.fromEntries(Object.entries(status).filter(([field]) => field !== 'hold'));
}

/** Against the newest revision, also while another one is held. */
function syncOf(app: Application, settled: Settled): NonNullable<ApplicationStatus['sync']> {
  const { sync, ahead } = settled;
  if (ahead === undefined) return { status: sync, ...revisionFields(app.spec, reportedRevision(app, settled)) };
  return { status: sync === 'Unknown' ? sync : 'OutOfSync', ...revisionFields(app.written ?? app.spec, ahead) };
}

function isCompared({ step }: OperatorError): boolean {
  return step !== 'spec' && step !== 'source' && step !== 'render' && step !== 'live';
}

export function statusOfSuspended(input: StatusInput<Application>): ApplicationStatus {
  return finish(input, verdictsOfSuspended(input.app, input), input.app.status);
}

/** The status as it is, with what drifted since. */
export function statusWithDrift(input: StatusInput): ApplicationStatus {
  const { app, drift, now } = input;
  const others = (app.status.conditions ?? []).filter(({ type }) => type !== 'Drifted' && type !== 'AdmissionOverride');
  const conditions = mergeConditions(app.status.conditions ?? [], [...others, ...seenVerdicts(app, input)], {
    generation: app.status.observedGeneration ?? app.generation,
    now,
  });
  const next = fitted({ ...app.status, conditions, drift: drift.slice(0, mostDrifted) });
  return sameStatus(next, app.status) ? app.status : { ...next, reconciledAt: now };
}

/** Between the claim and the result: an operation runs. */
export function statusOfRunning(
  app: Application,
  { revision, run }: { readonly revision: string; readonly run: HookRun | undefined },
  now: string,
): ApplicationStatus {
  const state = runningOperation(app, revision, now);
  return { ...app.status, operationState: run === undefined ? state : { ...state, hookRun: run } };
}

/** `reconciledAt` moves with a transition only, so an unchanged status is equal to the one before and not written. */
function finish(
  input: StatusInput<KnownApplication & Partial<Application>>,
  verdicts: readonly Verdict[],
  status: ApplicationStatus,
): ApplicationStatus {
  const { app, now, drift } = input;
  const next = fitted({
    ...status,
    observedGeneration: app.generation,
    conditions: mergeConditions(app.status.conditions ?? [], verdicts, { generation: app.generation, now }),
    drift: drift.slice(0, mostDrifted),
    ...(app.request?.from === 'annotation' && hasEnded(app, status) ? { lastSyncRequest: app.request.token } : {}),
  });
  return sameStatus(next, app.status) ? app.status : { ...next, reconciledAt: now };
}

/** Whether this run ended an operation; one that had ended before served another request. */
function hasEnded({ status: before }: KnownApplication, { operationState }: ApplicationStatus): boolean {
  return operationState !== before.operationState && operationState?.phase !== 'Running';
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
  return equal ? revisionIn(before) : settled.revision;
}

function sourceTypesOf(
  { spec }: Application,
  { sourceTypes }: Settled,
): Pick<ApplicationStatus, 'sourceType' | 'sourceTypes'> {
  const [first] = sourceTypes;
  if (spec.hasSourceList) return { sourceTypes };
  return first === undefined ? {} : { sourceType: first };
}

function healthSince(
  before: ApplicationStatus['health'],
  { status, message }: Health,
  now: string,
): NonNullable<ApplicationStatus['health']> {
  return {
    status,
    message: message.slice(0, 1024),
    lastTransitionTime: before?.status === status ? before.lastTransitionTime : now,
  };
}

/** What drift is measured against from now on. A run that left something unwritten does not move it. */
function appliedAfter(app: Application, settled: Settled): Pick<ApplicationStatus, 'applied'> {
  if (app.deleting) return {};
  if (
    settled.failure !== undefined ||
    settled.applied.results.some((result) => isHeldBack(result, settled.applied.plan))
  )
    return {};
  const deleteHooks = settled.deleteHooks === undefined ? {} : { deleteHooks: settled.deleteHooks };
  const before = app.status.applied;
  return before?.digest === settled.digest
    ? { applied: before }
    : { applied: { ...revisionFields(app.spec, settled.revision), digest: settled.digest, ...deleteHooks } };
}

function isHeldBack(result: ChangeResult, plan: Plan): boolean {
  const { kind, change } = result;
  if (isBlocked(result, plan)) return false;
  const isKept = change.kind === 'keep' && change.reason === 'guarded';
  return kind === 'parked' || kind === 'skipped' || isKept || waitsForSync(change) || isUnknown(change);
}

/** Another revision, another spec and another request begin anew. */
function terminatedAfter(app: Application, { revision }: Settled): Pick<ApplicationStatus, 'terminated'> {
  const { terminated } = app.status;
  if (terminated === undefined || app.request !== undefined || !isTerminated(app, revision)) return {};
  return { terminated };
}

const remade: ReadonlySet<string> = new Set(['plan', 'sourceType', 'sourceTypes', 'terminated', 'hold']);

/** A plan is shown while it waits for approval, no longer. */
function withoutPlan(status: ApplicationStatus): ApplicationStatus {
  return Object.fromEntries(Object.entries(status).filter(([field]) => !remade.has(field)));
}

function planShown(app: Application, plan: Plan): Pick<ApplicationStatus, 'plan'> {
  const held = heldPlan(app, plan);
  return held === undefined ? {} : { plan: held };
}
