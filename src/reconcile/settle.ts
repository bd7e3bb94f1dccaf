import { deleteHooksIn } from '../diff/diff.ts';
import type { Application } from '../model/application.ts';
import type { Desired } from '../model/desired.ts';
import type { OperatorError } from '../model/errors.ts';
import { OperatorErrors } from '../model/errors.ts';
import type { Health, ObjectHealth } from '../model/health.ts';
import type { HooksDone } from '../model/hook-plan.ts';
import type { KubeObject, Ref, RefKey } from '../model/object.ts';
import { refKey } from '../model/object.ts';
import type { Applied, ChangeResult, Outcome } from '../model/outcome.ts';
import type { HealthRules } from '../model/ports.ts';
import type { Change, ChangeOf, KeepReason, Plan } from '../model/plan.ts';
import type { RecordEntry } from '../model/record.ts';
import { sortEntries } from '../model/record.ts';
import type { HealthView } from './health/health-now.ts';
import { healthNow, worstOfObjects } from './health/health-now.ts';
import { endOfRun, openHooks } from './hooks/hook-outcome.ts';
import { brokenBefore } from './status/waiting.ts';

/** What the watches know, and how to judge what only an answer has shown. */
interface Judged {
  readonly live: HealthView;
  readonly health: Pick<HealthRules, 'assess'>;
}

/** How things stand after a run: sync and health. */
export function settle(app: Application, desired: Desired, done: Applied, judged: readonly ObjectHealth[]): Outcome {
  const results = new Map(done.results.map((result) => [refKey(result.change.ref), result]));
  // By ref, not as they came in: an unchanged state has to give an equal status.
  const inOrder = [...results].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, result]) => result);
  const applied = { ...done, results: inOrder };
  const worst = worstOfObjects(judged);
  const ended = endOfRun(app, applied, failureOf(applied, judged));
  const { revision, digest, sourceTypes, repeated, chartVersions, about, ahead } = desired;
  const settled = {
    ...{ revision, digest, sourceTypes, repeated, chartVersions },
    ...(about === undefined ? {} : { about }),
    ...(ahead === undefined ? {} : { ahead }),
    sync: syncStatus(applied),
    health: worst,
    objects: judged,
    applied,
    ...ended,
    ...deleteHooksIn(desired.hooks),
    wrote: applied.results.some(isWritten),
    progressing: isUnderWay(applied) || worst.status === 'Progressing',
  };
  return { kind: 'settled', app, settled };
}

/** What the objects say of themselves after a run, by its answers and by the watches. */
export function healthsAfter(desired: Desired, { results }: Applied, judged: Judged): readonly ObjectHealth[] {
  const byRef = new Map(results.map((result) => [refKey(result.change.ref), result]));
  return desired.objects.map(({ ref }) => ({ ref, ...healthAfter(ref, byRef.get(refKey(ref)), judged) }));
}

function healthAfter(ref: Ref, result: ChangeResult | undefined, { live, health }: Judged): Health {
  if (result?.kind === 'applied') return health.assess(result.object);
  if (result?.kind === 'kept' && isSeen(result.change)) return health.assess(result.change.live);
  if (result !== undefined && isMissing(result)) return { status: 'Missing', message: 'not in the cluster' };
  return healthNow(ref, live);
}

/** Somebody else's: no watch of ours has it, and it was looked at just now. */
function isSeen(change: ChangeOf<'keep'>): change is ChangeOf<'keep'> & { readonly live: KubeObject } {
  return change.reason === 'leftAlone' && change.live !== undefined;
}

/** Desired and, as far as this run knows, not there. */
function isMissing({ kind, change }: ChangeResult): boolean {
  if (change.kind === 'create' || (change.kind === 'undecided' && change.question === 'exists'))
    return kind !== 'applied';
  return change.kind === 'keep' && change.missing === true && (change.reason === 'leftAlone' || waitsForSync(change));
}

const unwritten: ReadonlySet<KeepReason> = new Set(['waitsForSync', 'dryRun', 'dependency', 'kindMissing']);

/** Differs from Git, and this run was not to write it. */
export function waitsForSync(change: Change): boolean {
  return change.kind === 'keep' && unwritten.has(change.reason);
}

function isWritten({ kind, change }: ChangeResult): boolean {
  return kind === 'applied' || kind === 'terminating' || (kind === 'removed' && change.kind !== 'forget');
}

/** Whether something is not done, and to be gone on with when the watch says so, or after a while. */
export function isUnderWay(applied: Applied): boolean {
  const { results, plan } = applied;
  return openHooks(applied).length > 0 || results.some((result) => isOpen(result) && !isBlocked(result, plan));
}

function isOpen({ kind, change }: ChangeResult): boolean {
  if (kind === 'parked' || kind === 'terminating' || kind === 'skipped') return true;
  return isUnknown(change) || (change.kind === 'keep' && comingLater.has(change.reason));
}

/** Only a person can go on with the deletion of some object. */
export function awaitsConfirmation({ results }: Applied): boolean {
  return results.some(({ change }) => change.kind === 'keep' && change.reason === 'awaitsConfirmation');
}

/** Written, or gone, by itself some time. */
const comingLater: ReadonlySet<KeepReason> = new Set(['terminating', 'dependency', 'kindMissing']);

/** The guard holds the deletion back: only a person can go on with it. */
export function isBlocked({ kind, change }: ChangeResult, { guard }: Plan): boolean {
  return kind === 'skipped' && change.kind === 'prune' && guard !== undefined;
}

/** Nobody can say at present how the object stands. */
export function isUnknown(change: Change): boolean {
  return change.kind === 'keep' && change.reason === 'unknown';
}

function syncStatus(applied: Applied): 'Synced' | 'OutOfSync' | 'Unknown' {
  if (applied.results.some(({ change }) => isUnknown(change))) return 'Unknown';
  return applied.results.every(isSynced) ? 'Synced' : 'OutOfSync';
}

/** What is being corrected counts as in place: `Drifted` and `drift[]` speak of it, and it is over in milliseconds. */
const inPlace: ReadonlySet<KeepReason> = new Set([
  'inSync',
  'protected',
  'correcting',
  'leftAlone',
  'extraneous',
  'hook',
]);

/** Whether the object is now as Git wants it; an object that is kept although Git dropped it is not. */
export function isSynced(result: ChangeResult): boolean {
  switch (result.kind) {
    case 'applied':
    case 'removed':
      return true;
    case 'kept':
      return inPlace.has(result.change.reason) || isForeign(result);
    case 'terminating':
    case 'parked':
    case 'failed':
    case 'skipped':
      return false;
  }
}

/** Dropped from Git and not ours to delete: nothing that a sync could do about it. */
function isForeign({ change }: Extract<ChangeResult, { kind: 'kept' }>): boolean {
  return change.desired === undefined && (change.reason === 'notOurs' || change.reason === 'claimedElsewhere');
}

/**
 * The record after a run that began with another one: results replace entries, confirmed removals leave it, everything
 * else stays. What the run has found in place, or gone, says nothing of an object that came in its place since.
 */
export function recordAfter(
  record: readonly RecordEntry[],
  begun: readonly RecordEntry[],
  { results, hooks }: Pick<Applied, 'results' | 'hooks'>,
): readonly RecordEntry[] {
  const entries = new Map<RefKey, RecordEntry>(record.map((entry) => [refKey(entry.ref), entry]));
  const uids = new Map(begun.map(({ ref, uid }) => [refKey(ref), uid]));
  for (const result of results) {
    const key = refKey(result.change.ref);
    const entry = entryAfter(result, entries.get(key)?.uid !== uids.get(key));
    if (entry === 'none') entries.delete(key);
    else if (entry !== undefined) entries.set(key, entry);
  }
  if (hooks !== undefined) recordHooks(entries, hooks);
  return sortEntries(entries.values());
}

/** undefined: what is on record stands. */
function entryAfter(result: ChangeResult, isOutdated: boolean): RecordEntry | 'none' | undefined {
  if (isOutdated && saysWhatWas(result)) return undefined;
  switch (result.kind) {
    case 'applied':
    case 'failed':
      return result.entry;
    case 'removed':
      return 'none';
    case 'kept':
      return foundInPlace(result);
    case 'terminating':
    case 'parked':
    case 'skipped':
      return undefined;
  }
}

function saysWhatWas({ kind, change }: ChangeResult): boolean {
  return kind === 'kept' || change.kind === 'forget';
}

/** Without a body it is the entry of the run's begin, which may have been replaced since. */
function foundInPlace({ change, entry }: Extract<ChangeResult, { kind: 'kept' }>): RecordEntry | undefined {
  return change.reason === 'inSync' && change.live !== undefined ? entry : undefined;
}

function recordHooks(entries: Map<RefKey, RecordEntry>, { gone, results }: HooksDone): void {
  for (const ref of gone) entries.delete(refKey(ref));
  for (const { ref, entry } of results) if (entry !== undefined) entries.set(refKey(ref), entry);
}

function failureOf(applied: Applied, judged: readonly ObjectHealth[]): OperatorError | undefined {
  const broken = brokenBefore(applied, judged);
  const failed = applied.results.flatMap((result) => (result.kind === 'failed' ? [result.error] : []));
  const [first, ...others] = broken === undefined ? failed : [...failed, broken];
  if (first === undefined) return undefined;
  return others.length === 0 ? first : new OperatorErrors([first, ...others]);
}
