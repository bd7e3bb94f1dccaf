import type { Application } from '../model/application.ts';
import { describeDuration } from '../model/duration.ts';
import { OperatorError } from '../model/errors.ts';
import type { Health } from '../model/health.ts';
import type { Desired, DesiredHook } from '../model/desired.ts';
import type { HookPhase } from '../model/hook.ts';
import type { HookChange, HookPlan, HookTask } from '../model/hook-plan.ts';
import type { HookRow, HookRun } from '../model/hook-run.ts';
import { generatedName, isGeneratedName, rowOf, runMark } from '../model/hook-run.ts';
import type { Installation } from '../model/installation.ts';
import { stringAt } from '../model/json.ts';
import type { LiveAnswer } from '../model/live.ts';
import type { GroupKind, KubeObject, Ref, RefKey } from '../model/object.ts';
import { annotationsOf, describeRef, refKey } from '../model/object.ts';
import type { RecordEntry } from '../model/record.ts';
import type { Owner } from './mark.ts';
import { mark, tracksItself } from './mark.ts';
import type { Claims } from './ownership.ts';
import { adoptionRefusal, proofOf } from './ownership.ts';

/** Everything that the plan of the hooks depends on. */
export interface HookInput {
  readonly app: Application;
  readonly installation: Installation;
  readonly claims: Claims;
  readonly hooks: readonly DesiredHook[];
  /** Absent: no sync runs that has hooks. */
  readonly run?: HookRun;
  /** What is known of the tasks, and of the hooks on record. */
  readonly live: ReadonlyMap<RefKey, LiveAnswer>;
  readonly assess: (object: KubeObject) => Health;
  /** Whether the health of a kind is in its status: such a hook runs, and ends. */
  readonly runsToAnEnd: (kind: GroupKind) => boolean;
  /** The last verdict that the watch had on a hook that is gone. */
  readonly lastHealth: (ref: Ref) => Health | undefined;
  /** Milliseconds since 1970. */
  readonly now: number;
}

/** The tasks of a run: of a deletion its own, else those of a sync. */
function hookTasks(hooks: readonly DesiredHook[], run: HookRun, deleting: boolean): readonly HookTask[] {
  return hooks.flatMap((hook) =>
    hook.hook.times
      .filter(({ phase, only }) => isOfDeletion(phase) === deleting && (only ?? run.release) === run.release)
      .map(({ phase }) => ({ phase, wave: hook.wave ?? 0, hook, ref: refInRun(hook, run, phase) })),
  );
}

/** All objects that a run may have to do with, whichever of Helm's times it is. */
export function hookRefs(hooks: readonly DesiredHook[], run: HookRun, deleting: boolean): readonly Ref[] {
  const refs = (['install', 'upgrade'] as const).flatMap((release) =>
    hookTasks(hooks, { ...run, release }, deleting).map(({ ref }) => ref),
  );
  return [...new Map(refs.map((ref) => [refKey(ref), ref])).values()];
}

export function isOfDeletion(phase: HookPhase): boolean {
  return phase === 'PreDelete' || phase === 'PostDelete';
}

function refInRun({ ref, hook }: DesiredHook, run: HookRun, phase: HookPhase): Ref {
  return hook.generated ? { ...ref, name: generatedName(ref.name, run, phase) } : ref;
}

/** The record without hooks that Git still wants: those are neither objects nor leftovers. */
export function withoutHooks(
  record: readonly RecordEntry[],
  { hooks }: Pick<Desired, 'hooks'>,
): readonly RecordEntry[] {
  if (hooks.length === 0) return record;
  const wanted = new Set(hooks.map(({ ref }) => refKey(ref)));
  return record.filter(({ ref }) => !wanted.has(refKey(ref)) && !isHookOf(ref, hooks));
}

/** Whether an object was, or may have been, created for one of these hooks, by whichever run. */
function isHookOf(ref: Ref, hooks: readonly DesiredHook[]): boolean {
  return hooks.some((hook) => isMadeFrom(ref, hook));
}

function isMadeFrom(ref: Ref, { ref: of, hook }: DesiredHook): boolean {
  if (!hook.generated) return refKey(ref) === refKey(of);
  return refKey({ ...ref, name: '' }) === refKey({ ...of, name: '' }) && isGeneratedName(ref.name, of.name);
}

/**
 * What the cluster, and the status, tell about every hook of a sync, and what is to be done about it. Pure.
 *
 * Guarantees: a hook is begun once in a run; what another run has left is deleted only when the record, or the mark of
 * a hook that Argo CD or Helm has left, says that it may be.
 */
export function planHooks(input: HookInput): HookPlan {
  const { run, hooks, app, live } = input;
  const tasks = run === undefined ? [] : hookTasks(hooks, run, app.deleting);
  const current = new Set(tasks.map(({ ref }) => refKey(ref)));
  const former = app.record.filter(({ ref }) => isHookOf(ref, hooks) && !current.has(refKey(ref)));
  const forgotten = former.filter(({ ref }) => live.get(refKey(ref))?.state === 'absent').map(({ ref }) => ref);
  if (run === undefined) return { changes: [], forgotten };
  return { run, changes: tasks.map((task) => planTask(task, run, input)), forgotten };
}

function planTask(task: HookTask, run: HookRun, input: HookInput): HookChange {
  const row = rowOf(run, task.ref, task.phase);
  const answer = input.live.get(refKey(task.ref)) ?? notLookedAt;
  const live = ofRun(answer, task, run, input);
  if (row !== undefined && row.state !== 'Running') return ended(task, row, live);
  if (live !== undefined) return judged(task, live, input);
  if (row !== undefined && isNotThere(answer)) return vanished(task, input.lastHealth(task.ref));
  return answer.state === 'body' ? planLeft(task, answer.object, input) : planUnseen(task, answer, input);
}

/** Proved, or something else is in its place. */
function isNotThere({ state }: LiveAnswer): boolean {
  return state === 'absent' || state === 'notServed' || state === 'body';
}

/** Of this run nothing is there, and nothing of another one. */
function planUnseen(task: HookTask, answer: Exclude<LiveAnswer, { state: 'body' }>, input: HookInput): HookChange {
  switch (answer.state) {
    case 'inSync':
      return { ...task, kind: 'waits', message: 'it was not read' };
    case 'unknown':
      return { ...task, kind: 'waits', message: answer.why };
    case 'forbidden':
      return { ...task, kind: 'refuse', error: hookError(task, 'Forbidden', answer.why) };
    case 'absent':
    case 'notServed':
      return { ...task, kind: 'begin', clears: formerRuns(task, input) };
  }
}

function ended(task: HookTask, { state, message }: HookRow, live: KubeObject | undefined): HookChange {
  const verdict = state === 'Succeeded' ? 'Succeeded' : 'Failed';
  return { ...task, kind: 'ended', state: verdict, message, ...(live === undefined ? {} : { live }) };
}

/** A Job that its TTL takes away right after it has ended has done what it was for. */
function vanished(task: HookTask, last: Health | undefined): HookChange {
  if (last?.status === 'Healthy') return { ...task, kind: 'ended', state: 'Succeeded', message: last.message };
  const message = last?.status === 'Degraded' ? last.message : 'it was deleted while it ran';
  return { ...task, kind: 'ended', state: 'Failed', message };
}

const notLookedAt: LiveAnswer = { state: 'unknown', why: 'it was not looked at' };

/** The hook's object, when this run has created it. */
function ofRun(
  answer: LiveAnswer,
  { phase }: HookTask,
  run: HookRun,
  { app, installation }: HookInput,
): KubeObject | undefined {
  if (answer.state !== 'body') return undefined;
  const owner = { key: app.key, installation };
  return isCreatedBy(answer.object, { run, phase, owner }) ? answer.object : undefined;
}

/** Whether a run has created the object as a hook of this phase. */
export function isCreatedBy(
  live: KubeObject,
  { run, phase, owner }: { readonly run: HookRun; readonly phase: HookPhase; readonly owner: Owner },
): boolean {
  const annotation = stringAt(annotationsOf(live), runAnnotation(owner.installation));
  return annotation === runMark(run, phase) && tracksItself(live, owner);
}

function runAnnotation({ prefix }: Installation): string {
  return `${prefix}hook-run`;
}

/** The verdict on a hook by the health of its object; what is being deleted is judged as if it were not. */
function judged(task: HookTask, live: KubeObject, { assess, app, now }: HookInput): HookChange {
  const { status, message } = assess(undeleted(live));
  if (status === 'Healthy') return { ...task, kind: 'ended', state: 'Succeeded', message, live };
  if (status === 'Degraded' || status === 'Unknown') return { ...task, kind: 'ended', state: 'Failed', message, live };
  const { hookMs } = app.spec.timeouts;
  const created = Date.parse(stringAt(live.metadata, 'creationTimestamp') ?? '');
  if (hookMs === 0 || !Number.isFinite(created)) return { ...task, kind: 'running', message, live };
  const dueInMs = created + hookMs - now;
  if (dueInMs > 0) return { ...task, kind: 'running', message, live, dueInMs };
  const late = `it did not finish within ${describeDuration(hookMs)}: ${message}`;
  return { ...task, kind: 'ended', state: 'Failed', message: late, live };
}

function undeleted(live: KubeObject): KubeObject {
  const metadata = Object.entries(live.metadata).filter(([key]) => key !== 'deletionTimestamp');
  return { ...live, metadata: { ...Object.fromEntries(metadata), name: live.metadata.name } };
}

/** An object of the hook's name that this run has not created. */
function planLeft(task: HookTask, live: KubeObject, input: HookInput): HookChange {
  const error = refusalOf(task, live, input);
  if (error !== undefined) return { ...task, kind: 'refuse', error };
  if (isBeingDeleted(live)) return { ...task, kind: 'waits', message: `${describeRef(task.ref)} is being deleted` };
  const replaces = task.hook.hook.deletes.includes('BeforeHookCreation');
  if (!replaces && !input.runsToAnEnd(task.ref)) return { ...task, kind: 'begin', clears: [], live };
  if (!replaces && isUnderWay(live, input))
    return { ...task, kind: 'waits', message: `${describeRef(task.ref)} of another run has not ended` };
  return { ...task, kind: 'begin', clears: [live], awaits: live };
}

function isBeingDeleted(live: KubeObject): boolean {
  return stringAt(live.metadata, 'deletionTimestamp') !== undefined;
}

function isUnderWay(live: KubeObject, { assess }: HookInput): boolean {
  const { status } = assess(undeleted(live));
  return status === 'Progressing' || status === 'Suspended';
}

/** What former runs of a hook with a generated name have left; one that still runs is left to end. */
function formerRuns({ ref, hook }: HookTask, input: HookInput): readonly KubeObject[] {
  if (!hook.hook.generated || !hook.hook.deletes.includes('BeforeHookCreation')) return [];
  const entries = input.app.record.filter((entry) => isMadeFrom(entry.ref, hook) && entry.ref.name !== ref.name);
  return entries.flatMap((entry) => {
    const answer = input.live.get(refKey(entry.ref));
    if (answer?.state !== 'body' || !isRecorded(entry, answer.object, input)) return [];
    return isBeingDeleted(answer.object) || isUnderWay(answer.object, input) ? [] : [answer.object];
  });
}

/** Why an object in a hook's place is neither deleted nor written over; undefined when it may be. */
function refusalOf({ ref }: HookTask, live: KubeObject, input: HookInput): OperatorError | undefined {
  const { app, installation, claims } = input;
  const entry = app.record.find((one) => refKey(one.ref) === refKey(ref));
  if (entry !== undefined && isRecorded(entry, live, input)) return undefined;
  const refusal = adoptionRefusal(live, { key: app.key, installation }, claims, app.spec.ownership);
  if (refusal !== undefined || wasHook(live)) return refusal;
  const why = `${describeRef(ref)} exists, and is no hook of this Application: delete it, or rename the hook`;
  return hookError({ ref }, 'Conflicted', why);
}

/** A run that was cut off before its result went on record has left an object that only its marks prove ours. */
function isRecorded(entry: RecordEntry, live: KubeObject, { app, installation }: HookInput): boolean {
  const owner = { key: app.key, installation };
  return proofOf(entry, live, owner) !== 'theirs' || proofOf({ ...entry, uid: '' }, live, owner) === 'claimed';
}

function wasHook(live: KubeObject): boolean {
  const annotations = annotationsOf(live);
  return ['argocd.argoproj.io/hook', 'helm.sh/hook'].some((name) => annotations[name] !== undefined);
}

function hookError({ ref }: Pick<HookTask, 'ref'>, reason: 'Conflicted' | 'Forbidden', message: string): OperatorError {
  return new OperatorError(message, { step: 'plan', reason, retry: 'interval', object: ref });
}

/** A hook as it is sent: with its name in the run, our marks, and the name of the run. */
export function hookBody({ phase, ref, hook }: HookTask, run: HookRun, owner: Owner): KubeObject {
  const body = hook.body();
  const annotations = { ...annotationsOf(body), [runAnnotation(owner.installation)]: runMark(run, phase) };
  return mark({ ...body, metadata: { ...body.metadata, name: ref.name, annotations } }, owner);
}

/** What of the hooks has to be told when Git is not asked any more. */
export function deleteHooksIn(hooks: readonly DesiredHook[]): { deleteHooks?: number } {
  const count = hooks.filter(({ hook }) => hook.times.some(({ phase }) => isOfDeletion(phase))).length;
  return count === 0 ? {} : { deleteHooks: count };
}
