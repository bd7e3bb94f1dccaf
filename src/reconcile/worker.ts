import { OperatorError } from '../model/errors.ts';
import type { ApplicationKey } from '../model/installation.ts';
import type { Outcome } from '../model/outcome.ts';
import type { Attempts } from './attempts.ts';
import type { Ports } from './ports.ts';
import type { KeyedQueue } from './queue.ts';
import { report } from './report.ts';
import { nextRun } from './schedule.ts';
import type { Turns } from './turns.ts';

export interface WorkerOptions {
  readonly queue: KeyedQueue;
  readonly ports: Ports;
  readonly attempts: Attempts;
  readonly turns: Turns;
  readonly reconcile: (key: ApplicationKey, ports: Ports, signal: AbortSignal) => Promise<Outcome>;
  /** Aborted when this process may not, or need not, work any more. */
  readonly signal: AbortSignal;
}

/** A run that takes longer is given up: what it waits for will not come. */
const deadlineMs = 300_000;

/** Takes one key after the other until the queue is closed. */
export async function work(options: WorkerOptions): Promise<void> {
  const { queue, ports, turns, signal } = options;
  for (let key = await queue.take(); key !== undefined; key = await queue.take()) {
    ports.telemetry.queueDepth(queue.depth);
    await turns.next();
    if (!signal.aborted) await workOn(key, options);
    // Not before the status is written: what waits for the run goes by the record that it leaves.
    if (ports.applications.known(key) === undefined) forget(key, ports);
    else ports.pending.done(key);
    queue.done(key);
    ports.telemetry.queueDepth(queue.depth);
  }
}

function forget(key: ApplicationKey, { pending, outside, triedOut }: Ports): void {
  pending.forget(key);
  outside.forget(key);
  triedOut.forget(key);
}

async function workOn(key: ApplicationKey, options: WorkerOptions): Promise<void> {
  const { queue, ports, attempts, signal } = options;
  const started = ports.clock.monotonic();
  const outcome = await guarded(key, options, () => run(key, options));
  // What a run that was cut off came to is no news: the record has its claims, and the next process goes on.
  if (signal.aborted) return;
  const attempt = attempts.after(outcome, ports.source.newestRevision(key));
  const told = await guarded(key, options, () => report(outcome, attempt, ports).then(() => outcome));
  ports.telemetry.reconciled({
    key,
    outcome: outcome.kind,
    durationMs: ports.clock.monotonic() - started,
    failures: attempt,
    ...described(outcome),
  });
  const next = nextRun(told, told === outcome ? attempt : attempt + 1, ports.random);
  if (next !== undefined) queue.addAfter(key, next.delayMs);
  attempts.waits(key, next?.delayMs ?? 0);
  const waits = [untilAudit(outcome, ports), untilJudged(key, ports)];
  if (next?.isFailure !== true) for (const ms of waits) if (ms !== undefined) queue.addAfter(key, ms);
}

/** The only catch: an expected error becomes an outcome, any other one is a bug, counted apart and tried again. */
async function guarded(
  key: ApplicationKey,
  { ports, signal }: WorkerOptions,
  step: () => Promise<Outcome>,
): Promise<Outcome> {
  const parsed = ports.applications.known(key);
  try {
    return await step();
  } catch (error) {
    const expected = error instanceof OperatorError ? error : unexpected(error);
    if (expected !== error && !signal.aborted) ports.telemetry.bug(error, { application: key });
    return { kind: 'failed', key, error: expected, ...(parsed?.kind === 'valid' ? { app: parsed.app } : {}) };
  }
}

async function run(key: ApplicationKey, { ports, reconcile, signal }: WorkerOptions): Promise<Outcome> {
  const deadline = new AbortController();
  const cancel = ports.clock.after(deadlineMs, () => deadline.abort(overdue()));
  try {
    return await reconcile(key, ports, AbortSignal.any([signal, deadline.signal]));
  } finally {
    cancel();
  }
}

function overdue(): OperatorError {
  return new OperatorError('the run did not end within five minutes', {
    step: 'live',
    reason: 'ApiServerError',
    retry: 'backoff',
  });
}

function unexpected(cause: unknown): OperatorError {
  const text = cause instanceof Error ? cause.message : String(cause);
  return new OperatorError(`unexpected: ${text}`, { step: 'plan', reason: 'OperatorBug', retry: 'backoff', cause });
}

function untilAudit(outcome: Outcome, ports: Ports): number | undefined {
  if (outcome.kind !== 'settled' || outcome.app.deleting) return undefined;
  ports.asks.compared(outcome.app);
  return ports.asks.msToAudit(outcome.app);
}

/** What was said of time holds for the run that said it only. */
function untilJudged(key: ApplicationKey, { judgeAgain }: Ports): number | undefined {
  const ms = judgeAgain.get(key);
  judgeAgain.delete(key);
  return ms !== undefined && Number.isFinite(ms) ? ms : undefined;
}

function described(outcome: Outcome): {
  revision?: string;
  writes?: number;
  reason?: OperatorError['reason'];
  message?: string;
} {
  if (outcome.kind === 'failed') return { reason: outcome.error.reason, message: outcome.error.message };
  if (outcome.kind !== 'settled') return {};
  const { revision, applied, failure } = outcome.settled;
  const writes = applied.results.filter(
    ({ kind }) => kind === 'applied' || kind === 'removed' || kind === 'terminating',
  ).length;
  return { revision, writes, ...(failure === undefined ? {} : { reason: failure.reason, message: failure.message }) };
}
