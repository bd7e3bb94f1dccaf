import { hookBody } from '../diff/diff.ts';
import { OperatorError } from '../model/errors.ts';
import type { HookChange, HookPlan, HooksDone, HookResult, HookTask } from '../model/hook-plan.ts';
import type { HookDeletePolicy, HookPhase } from '../model/hook.ts';
import type { HookRow, HookRun } from '../model/hook-run.ts';
import type { KubeObject, Ref } from '../model/object.ts';
import { describeRef, refKey, refOf } from '../model/object.ts';
import type { StepKey, SyncPhase } from '../model/plan.ts';
import { clearHook } from './clear-hook.ts';
import type { ApplyContext } from './context.ts';
import { operatorErrorOf } from './errors.ts';
import { inParallel } from './in-parallel.ts';
import { writeObject } from './write.ts';

/** Where in the order of a sync, or of a deletion, hooks of a phase have their steps; SyncFail hooks have none. */
const steps: Readonly<Record<HookPhase, SyncPhase | undefined>> = {
  PreSync: 'PreSync',
  Sync: 'Sync',
  PostSync: 'PostSync',
  SyncFail: undefined,
  PreDelete: 'PreSync',
  PostDelete: 'PostSync',
};

/**
 * The hooks of one carrying out of a plan: what is to be done about them, and what has come of it so far.
 *
 * Guarantees: each is begun once in a run, when its step is reached; nothing is waited for here: what another run has
 * left is deleted, and the hook is created by the run that finds it gone.
 */
export class Hooks {
  readonly #plan: HookPlan;
  readonly #context: ApplyContext;
  readonly #results = new Map<HookChange, HookResult>();

  constructor(plan: HookPlan, context: ApplyContext) {
    this.#plan = plan;
    this.#context = context;
    for (const change of plan.changes) this.#results.set(change, standing(change));
  }

  /** True while only the SyncFail hooks of a sync that has failed run. */
  get isFailing(): boolean {
    const { run } = this.#plan;
    return run?.failure !== undefined && run.endedAt === undefined;
  }

  /** Where they are in the order of the plan, whatever has become of them. */
  get places(): readonly (StepKey & { readonly ref: Ref })[] {
    return this.#plan.changes.flatMap((change) => stepOf(change).map((step) => ({ ...step, ref: change.ref })));
  }

  /** The steps in which there are hooks that have not ended well. */
  get steps(): readonly StepKey[] {
    return [...this.#results.values()].filter(({ state }) => state !== 'Succeeded').flatMap(stepOf);
  }

  /** Begins what is due in a step. */
  async carryOut(step: StepKey): Promise<void> {
    await this.#begin(this.#in(step));
  }

  async carryOutSyncFail(): Promise<void> {
    await this.#begin(this.#plan.changes.filter(({ phase }) => phase === 'SyncFail'));
  }

  /** Says what those of a step wait for that are not begun. */
  hold(step: StepKey, message: string): void {
    for (const change of this.#in(step)) {
      const result = this.#results.get(change);
      if (result?.state === 'Pending') this.#results.set(change, { ...result, message });
    }
  }

  isOpen(step: StepKey): boolean {
    return this.waitFor(step) !== undefined;
  }

  /** What the steps behind a step wait for; undefined: its hooks have ended well. */
  waitFor(step: StepKey): string | undefined {
    const results = this.#in(step).flatMap((change) => this.#results.get(change) ?? []);
    const open = results.find(({ state }) => state !== 'Succeeded');
    return open === undefined ? undefined : describe(open);
  }

  /** What has come of it; `isDone`: everything else of the plan is done, so that hooks may be taken away. */
  async conclude(isDone: boolean): Promise<HooksDone> {
    const { run, forgotten } = this.#plan;
    const results = [...this.#results.values()];
    if (run === undefined) return { results, gone: forgotten };
    const failure = this.isFailing ? undefined : failureOf(results);
    const ending = this.#ending(results, isDone);
    const cleared = ending === undefined ? [] : await this.#clear(ending);
    const gone = [...forgotten, ...cleared, ...(ending === undefined ? [] : this.#neverBegun(results))];
    const after = { ...run, hooks: rowsAfter(run, results) };
    return { run: after, results, gone, ...(failure === undefined ? {} : { failure }) };
  }

  #in(step: StepKey): readonly HookChange[] {
    return this.#plan.changes.filter((change) =>
      stepOf(change).some(({ phase, wave }) => phase === step.phase && wave === step.wave),
    );
  }

  async #begin(changes: readonly HookChange[]): Promise<void> {
    const { run } = this.#plan;
    if (run === undefined) return;
    await inParallel(changes, async (change) => {
      if (change.kind !== 'begin' || this.#context.signal.aborted) return;
      this.#results.set(change, await begin(change, run, this.#context));
    });
  }

  /** How the run ends now; undefined: it goes on. */
  #ending(results: readonly HookResult[], isDone: boolean): HookDeletePolicy | undefined {
    const ofSync = results.filter(({ phase }) => phase !== 'SyncFail');
    if (this.isFailing) {
      const ofFailure = results.filter(({ phase }) => phase === 'SyncFail');
      return ofFailure.every(({ state }) => state === 'Succeeded' || state === 'Failed') ? 'HookFailed' : undefined;
    }
    return isDone && ofSync.every(({ state }) => state === 'Succeeded') ? 'HookSucceeded' : undefined;
  }

  /** Never throws for what the server says: what could not be deleted stays on record, and is in the next run's way. */
  async #clear(ending: HookDeletePolicy): Promise<Ref[]> {
    const done = [...this.#results.values()].flatMap(({ hook, object }) =>
      object !== undefined && hook.hook.deletes.includes(ending) ? [object] : [],
    );
    const gone = await inParallel(done, (object) => clearHook(object, this.#context).catch(expected));
    return done.filter((_, index) => gone[index] === true).map(refOf);
  }

  /** Announced, and not reached by a run that is over. */
  #neverBegun(results: readonly HookResult[]): Ref[] {
    const recorded = new Map(this.#context.app.record.map(({ ref, uid }) => [refKey(ref), uid]));
    return results
      .filter(({ state, ref }) => state === 'Pending' && (recorded.get(refKey(ref)) ?? '') === '')
      .map(({ ref }) => ref);
  }
}

function expected(error: unknown): false {
  if (error instanceof OperatorError) return false;
  throw error;
}

function stepOf({ phase, wave }: HookTask): StepKey[] {
  const of = steps[phase];
  return of === undefined ? [] : [{ phase: of, wave }];
}

/** How a hook stands before anything is done about it. */
function standing(change: HookChange): HookResult {
  const { phase, wave, ref, hook } = change;
  const task = { phase, wave, ref, hook };
  switch (change.kind) {
    case 'ended':
      return { ...task, state: change.state, message: change.message, ...seen(change.live) };
    case 'running': {
      const due = change.dueInMs === undefined ? {} : { dueInMs: change.dueInMs };
      return { ...task, state: 'Running', message: change.message, ...seen(change.live), ...due };
    }
    case 'waits':
      return { ...task, state: 'Waiting', message: change.message };
    case 'refuse':
      return { ...task, state: 'Failed', message: change.error.message, error: change.error };
    case 'begin':
      return { ...task, state: 'Pending', message: 'its turn has not come' };
  }
}

function seen(object: KubeObject | undefined): { object?: KubeObject } {
  return object === undefined ? {} : { object };
}

type Begin = Extract<HookChange, { kind: 'begin' }>;

async function begin(change: Begin, run: HookRun, context: ApplyContext): Promise<HookResult> {
  const { phase, wave, ref, hook } = change;
  const task = { phase, wave, ref, hook };
  try {
    for (const former of change.clears) {
      const isGone = await clearHook(former, context);
      if (!isGone && former === change.awaits)
        return { ...task, state: 'Waiting', message: `${describeRef(ref)} of another run is being deleted` };
    }
    return await create(task, change.live, { run, context });
  } catch (error) {
    const failed = operatorErrorOf(error, { step: 'apply', ref, origin: hook.origin });
    // What the outside has kept from being created is no failure of the hook.
    const state = isPassing(failed) ? 'Waiting' : 'Failed';
    return { ...task, state, message: failed.message, error: failed };
  }
}

function isPassing({ retry, reason }: OperatorError): boolean {
  return retry === 'backoff' || reason === 'KindNotServed' || reason === 'MissingNamespace';
}

async function create(
  task: HookTask,
  live: KubeObject | undefined,
  { run, context }: { readonly run: HookRun; readonly context: ApplyContext },
): Promise<HookResult> {
  const { app, installation, health } = context;
  const body = hookBody(task, run, { key: app.key, installation });
  // No hash of a body: nothing of a hook is ever corrected.
  const { object, entry } = await writeObject({ ref: task.ref, body, desired: '', live, force: true }, context);
  const { status, message } = health.assess(object);
  const { hookMs } = app.spec.timeouts;
  const due = hookMs === 0 ? {} : { dueInMs: hookMs };
  const state = status === 'Healthy' ? 'Succeeded' : status === 'Degraded' ? 'Failed' : 'Running';
  return { ...task, state, message, object, entry, ...due };
}

/** What has failed, once nothing runs any more that was begun together with it. */
function failureOf(results: readonly HookResult[]): OperatorError | undefined {
  const blocked = results.find(({ state, error }) => state === 'Waiting' && error !== undefined);
  const failed = results.find(({ state }) => state === 'Failed');
  if (failed === undefined) return blocked?.error;
  return results.some(({ state }) => state === 'Running') ? undefined : errorOf(failed);
}

function errorOf({ phase, ref, hook, message, error }: HookResult): OperatorError {
  if (error !== undefined) return error;
  const { file, document, line } = hook.origin;
  const text = `${phase} hook ${describeRef(ref)} (${file}:document ${document}:line ${line}) failed: ${message}`;
  return new OperatorError(text, { step: 'apply', reason: 'HookFailed', retry: 'interval', object: ref });
}

function describe({ phase, ref, state, message }: HookResult): string {
  const hook = `${phase} hook ${describeRef(ref)}`;
  if (state === 'Failed') return `${hook} failed`;
  return message === '' ? `waits for ${hook}` : `waits for ${hook}: ${message}`;
}

/** Those that were begun; a hook that was not stays as the run knew it. */
function rowsAfter(run: HookRun, results: readonly HookResult[]): readonly HookRow[] {
  const rows = results.flatMap(({ phase, ref, state, message }) =>
    state === 'Waiting' || state === 'Pending' ? [] : [{ ...ref, phase, state, message: message.slice(0, 200) }],
  );
  const named = new Set(rows.map((row) => `${row.phase} ${refKey(row)}`));
  return [...run.hooks.filter((row) => !named.has(`${row.phase} ${refKey(row)}`)), ...rows];
}
