import type { Application } from '../../model/application.ts';
import { OperatorError } from '../../model/errors.ts';
import type { HookResult } from '../../model/hook-plan.ts';
import type { HookRun } from '../../model/hook-run.ts';
import { describeRef } from '../../model/object.ts';
import type { Applied, Settled } from '../../model/outcome.ts';

type End = Pick<Settled, 'hookRun' | 'failure' | 'again'>;

/** What a sync with hooks has come to: whether it goes on, runs its SyncFail hooks, or has failed. */
export function endOfRun(
  app: Pick<Application, 'deleting'>,
  applied: Applied,
  ofObjects: OperatorError | undefined,
): End {
  const { run, results, failure = ofObjects } = applied.hooks ?? { run: undefined, results: [], failure: undefined };
  if (run === undefined) return failure === undefined ? {} : { failure };
  if (run.failure !== undefined && run.endedAt === undefined) return endOfFailing(run, run.failure, results);
  if (failure !== undefined) return failed(run, failure, results);
  // What the hooks of a deletion leave is deleted by the next run.
  return { hookRun: withoutFailure(run), ...(app.deleting && isOver(applied) ? { again: true } : {}) };
}

function failed(run: HookRun, failure: OperatorError, results: readonly HookResult[]): End {
  const { reason, retry, message } = failure;
  // What heals by itself does not end the try, and of one that stands the SyncFail hooks have run.
  if (retry === 'backoff' || isPassing(failure) || run.endedAt !== undefined) return { hookRun: run, failure };
  // What was begun together is left to end.
  if (results.some(({ state }) => state === 'Running')) return { hookRun: run };
  return { hookRun: { ...run, failure: { reason, retry, message: message.slice(0, 2000) } }, again: true };
}

function isPassing({ reason }: OperatorError): boolean {
  return reason === 'KindNotServed' || reason === 'MissingNamespace';
}

/** Every object is as it is to be, and every hook has ended. */
function isOver(applied: Applied): boolean {
  return openHooks(applied).length === 0 && applied.results.every(({ kind }) => kind === 'removed' || kind === 'kept');
}

function endOfFailing(
  run: HookRun,
  { reason, retry, message }: NonNullable<HookRun['failure']>,
  results: readonly HookResult[],
): End {
  const left = results.filter(
    ({ phase, state }) => phase === 'SyncFail' && state !== 'Succeeded' && state !== 'Failed',
  );
  const blocked = left.find(({ error }) => error !== undefined)?.error;
  if (blocked !== undefined) return { hookRun: run, failure: blocked };
  if (left.length > 0) return { hookRun: run };
  return { hookRun: run, failure: new OperatorError(message, { step: 'apply', reason, retry }) };
}

function withoutFailure({ startedAt, attempt, revision, digest, release, hooks }: HookRun): HookRun {
  return { startedAt, attempt, revision, digest, release, hooks };
}

/** The try has failed, and its SyncFail hooks are next. */
export function isFailing({ hookRun }: Settled): boolean {
  return hookRun?.failure !== undefined && hookRun.endedAt === undefined;
}

/** The run as its status keeps it when it is over at `now`. */
export function endedRun({ hookRun, failure }: Settled, phase: string, now: string): HookRun | undefined {
  if (hookRun === undefined) return undefined;
  if (phase === 'Succeeded') return { ...withoutFailure(hookRun), hooks: [], endedAt: now };
  return failure === undefined || hookRun.failure === undefined || hookRun.endedAt !== undefined
    ? hookRun
    : { ...hookRun, endedAt: now };
}

/** Hooks that have not ended, those apart whose time has not come as long as nothing fails. */
export function openHooks({ hooks }: Applied): readonly HookResult[] {
  const isFailing = hooks?.run?.failure !== undefined && hooks.run.endedAt === undefined;
  return (hooks?.results ?? []).filter(
    ({ phase, state }) => state !== 'Succeeded' && state !== 'Failed' && (phase === 'SyncFail') === isFailing,
  );
}

/** Which hook is waited for, for people. */
export function hookWaitedFor(applied: Applied): string | undefined {
  const open = openHooks(applied);
  const first = open.find(({ state }) => state !== 'Pending') ?? open[0];
  if (first === undefined) return undefined;
  if (first.state === 'Pending') return first.message;
  const more = open.length > 1 ? ` (and ${open.length - 1} more)` : '';
  const said = first.message === '' ? '' : `: ${first.message}`;
  return `waits for ${first.phase} hook ${describeRef(first.ref)}${more}${said}`;
}
