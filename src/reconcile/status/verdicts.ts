import type { Application, DriftEntry, KnownApplication, Suspension } from '../../model/application.ts';
import type { OperatorError } from '../../model/errors.ts';
import { describeRef } from '../../model/object.ts';
import type { Applied, Settled } from '../../model/outcome.ts';
import type { Change } from '../../model/plan.ts';
import type { Reason } from '../../model/reasons.ts';
import { describeFight } from '../drift/fight-words.ts';
import type { StatusInput } from './status-input.ts';
import type { Verdict } from './conditions.ts';
import { heldPlan } from './held-plan.ts';
import { hookWaitedFor } from '../hooks/hook-outcome.ts';
import { isUnknown } from '../settle.ts';
import { dependencyAwaited, waitingBecause } from './waiting.ts';

/** The conditions of a run that compared or applied. */
export function verdictsOfSettled(app: Application, settled: Settled, seen: Seen): Verdict[] {
  const { failure } = settled;
  return [
    readyOf(settled),
    ...progressOf(app, settled),
    ...blocked(app, settled),
    ...repeated(settled),
    ...conflicted(failure),
    ...(failure?.reason === 'SharedResource' ? [] : shared(settled.applied)),
    ...standing(app, seen),
  ];
}

/** The conditions of a run that an expected error ended. */
export function verdictsOfFailure(app: KnownApplication, error: OperatorError, seen: Seen): Verdict[] {
  const ready: Verdict = { type: 'Ready', status: 'False', reason: error.reason, message: clip(error.message) };
  return [ready, ...progressOfFailure(error), ...stillBlocked(app), ...conflicted(error), ...standing(app, seen)];
}

export function verdictsOfSuspended(app: Application, seen: Seen): Verdict[] {
  const message = describeSuspension(app.spec.suspend);
  return [
    { type: 'Ready', status: 'Unknown', reason: 'Suspended', message },
    { type: 'Reconciling', status: 'False', reason: 'Suspended', message: '' },
    { type: 'Stalled', status: 'False', reason: 'Suspended', message: '' },
    ...stillBlocked(app),
    ...standing(app, seen),
  ];
}

function describeSuspension({ reason, by, untilMs }: Suspension = { reason: '', by: '' }): string {
  const until = untilMs === undefined ? '' : ` until ${new Date(untilMs).toISOString()}`;
  return ['suspended', by === '' ? '' : ` by ${by}`, until, reason === '' ? '' : `: ${reason}`].join('');
}

function readyOf(settled: Settled): Verdict {
  const { failure, sync, applied } = settled;
  if (failure !== undefined) return ready('False', failure.reason, failure.message);
  if (sync === 'Unknown') return ready('Unknown', 'KindUnknown', unknownIn(applied));
  const awaited = dependencyAwaited(applied);
  if (awaited !== undefined) return ready('False', 'DependencyNotReady', awaited);
  const left = sharedIn(applied);
  if (left !== '') return ready('False', 'SharedResource', left);
  if (sync === 'OutOfSync') return ready('False', 'OutOfSync', 'the cluster differs from Git');
  return readyInSync(settled);
}

function ready(status: Verdict['status'], reason: Reason | 'OutOfSync' | 'Unknown', message: string): Verdict {
  return { type: 'Ready', status, reason, message: clip(message) };
}

/** Everything is as it is to be; it may not work yet, or not be what Git wants by now, and hooks may run still. */
function readyInSync(settled: Settled): Verdict {
  const { health, applied, ahead } = settled;
  const hook = hookWaitedFor(applied);
  if (hook !== undefined) return ready('False', 'Progressing', hook);
  if (ahead !== undefined) return ready('False', 'Held', heldBehind(settled, ahead));
  if (health.status === 'Healthy' || health.status === 'Suspended') return ready('True', 'Healthy', health.message);
  return ready('False', health.status === 'Progressing' ? 'Progressing' : 'HealthDegraded', health.message);
}

/** A hold says what would be applied without it, and whether what is held works. */
function heldBehind({ revision, health }: Settled, ahead: string): string {
  const works = health.status === 'Healthy' ? '' : `; ${health.status}: ${health.message}`;
  return `held at ${revision}; ${ahead} is not applied${works}`;
}

/** Which objects cannot be compared at present, each with the reason; they are kept. */
function unknownIn({ results }: Applied): string {
  const rows = results.flatMap(({ change }) =>
    change.kind === 'keep' && isUnknown(change) ? [`${describeRef(change.ref)} is kept: ${change.message}`] : [],
  );
  const more = rows.length > mostNamed ? `; and ${rows.length - mostNamed} more` : '';
  return `${rows.slice(0, mostNamed).join('; ')}${more}`;
}

const mostNamed = 10;

function progressOf(app: Application, settled: Settled): Verdict[] {
  const { failure, progressing, sync, health, applied } = settled;
  const refused = failure !== undefined && failure.retry !== 'backoff' ? failure.message : '';
  if (app.deleting && refused !== '') return deletionBlocked(refused);
  if (app.deleting && sync === 'Unknown') return deletionBlocked(unknownIn(applied));
  if (failure !== undefined) return progressOfFailure(failure);
  const verdict = progressing
    ? { status: 'True' as const, reason: 'Progressing', message: clip(waitingBecause(applied) ?? health.message) }
    : idle;
  return [
    { type: 'Reconciling', ...verdict },
    { type: 'Stalled', ...idle },
  ];
}

/** The finalizer stays until it is known what becomes of every object. */
function deletionBlocked(message: string): Verdict[] {
  const reason = 'DeletionBlocked';
  return [
    { type: 'Reconciling', status: 'False', reason, message: '' },
    { type: 'Stalled', status: 'True', reason, message: clip(message) },
  ];
}

const idle = { status: 'False', reason: 'Healthy', message: '' } as const;

/** An error that time can heal is being worked on; one that somebody has to correct is stalled. */
function progressOfFailure({ retry, reason, message }: OperatorError): Verdict[] {
  const stalled = retry !== 'backoff';
  const text = clip(message);
  return [
    {
      type: 'Reconciling',
      status: stalled ? 'False' : 'True',
      reason,
      message: stalled ? '' : `trying again: ${text}`,
    },
    { type: 'Stalled', status: stalled ? 'True' : 'False', reason, message: stalled ? text : '' },
  ];
}

function blocked(app: Application, { applied: { plan } }: Settled): Verdict[] {
  if (plan.guard !== undefined) return pruneBlocked(`${plan.guard.message} (plan ${plan.hash})`);
  const waiting = plan.changes.filter((change) => change.kind === 'keep' && change.reason === 'awaitsConfirmation');
  if (waiting.length > 0) return awaitedIn(waiting);
  const empty = plan.changes.find((change) => change.kind === 'keep' && change.reason === 'emptyRender');
  if (empty?.kind === 'keep') return pruneBlocked(empty.message);
  return heldPlan(app, plan) === undefined ? [] : stillBlocked(app);
}

function pruneBlocked(message: string): Verdict[] {
  return [{ type: 'PruneBlocked', status: 'True', reason: 'PruneBlocked', message: clip(message) }];
}

function awaitedIn(waiting: readonly Change[]): Verdict[] {
  const [first] = waiting;
  const names = waiting.slice(0, mostNamed).map(({ ref }) => describeRef(ref));
  const more = waiting.length > mostNamed ? ` and ${waiting.length - mostNamed} more` : '';
  const how = first?.kind === 'keep' ? first.message : '';
  return pruneBlocked(`the deletion of ${names.join(', ')}${more} waits for a person: ${how}`);
}

/** A run that made no plan, or left it open, says nothing about the one that waits for an approval. */
function stillBlocked({ status }: KnownApplication): Verdict[] {
  return (status.conditions ?? []).filter(({ type }) => type === 'PruneBlocked');
}

function repeated({ repeated: rows }: Settled): Verdict[] {
  if (rows.length === 0) return [];
  const reason = 'RepeatedResource';
  return [{ type: reason, status: 'True', reason, message: clip(rows.join('; ')) }];
}

function conflicted(error: OperatorError | undefined): Verdict[] {
  if (error?.reason !== 'Conflicted' && error?.reason !== 'SharedResource') return [];
  return [{ type: error.reason, status: 'True', reason: error.reason, message: clip(error.message) }];
}

function shared(applied: Applied): Verdict[] {
  const message = sharedIn(applied);
  const reason = 'SharedResource';
  return message === '' ? [] : [{ type: reason, status: 'True', reason, message: clip(message) }];
}

/** What is left to other Applications; empty when nothing is. */
function sharedIn({ results }: Applied): string {
  const rows = results.flatMap(({ change }) =>
    change.kind === 'keep' && change.reason === 'shared' ? [change.message] : [],
  );
  return rows.slice(0, mostNamed).join('; ');
}

/** What holds whatever the run came to. */
function standing(app: KnownApplication, seen: Seen): Verdict[] {
  const verdicts = seenVerdicts(app, seen);
  if (app.fieldsIgnored.length === 0) return verdicts;
  const message = app.fieldsIgnored.map(({ path, why }) => `${path}: ${why}`).join('; ');
  return [...verdicts, { type: 'FieldsIgnored', status: 'True', reason: 'FieldsIgnored', message: clip(message) }];
}

/** What is seen of the objects between two runs, too. */
type Seen = Pick<StatusInput, 'drift' | 'overrides'>;

export function seenVerdicts(app: KnownApplication, { drift, overrides }: Seen): Verdict[] {
  return [...driftedVerdict(drift), ...overridden(app, overrides)];
}

function overridden({ status }: KnownApplication, overrides: Seen['overrides']): Verdict[] {
  const type = 'AdmissionOverride';
  if (overrides === undefined) return (status.conditions ?? []).filter((condition) => condition.type === type);
  const rows = overrides.map(
    ({ ref, path, sent, got }) => `${ref.kind} ${ref.namespace}/${ref.name} ${path}: sent ${sent}, got ${got}`,
  );
  return rows.length === 0 ? [] : [{ type, status: 'True', reason: type, message: clip(rows.join('; ')) }];
}

/** Present while something differs by a foreign write, and while a fight goes on, whoever has the fields at present. */
function driftedVerdict(drift: readonly DriftEntry[]): Verdict[] {
  const fights = drift.filter(({ fight }) => fight !== undefined);
  if (fights.length > 0)
    return [{ type: 'Drifted', status: 'True', reason: 'Fight', message: clip(fights.map(describeFight).join('; ')) }];
  const open = drift.filter((entry) => entry.healed === undefined && entry.yielded === undefined);
  if (open.length === 0) return [];
  const names = open.map(
    ({ kind, namespace, name, manager }) => `${kind} ${namespace}/${name} by ${manager === '' ? 'unknown' : manager}`,
  );
  return [{ type: 'Drifted', status: 'True', reason: 'Drifted', message: clip(names.join('; ')) }];
}

/** Messages stay readable, and status small. */
function clip(text: string): string {
  return text.length <= 1024 ? text : `${text.slice(0, 1021)}...`;
}
