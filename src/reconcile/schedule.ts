import type { Application } from '../model/application.ts';
import type { OperatorError } from '../model/errors.ts';
import type { Outcome } from '../model/outcome.ts';
import type { Random } from '../model/ports.ts';

/** When to look at an Application again by itself; undefined = only when something happens to it. */
export interface NextRun {
  readonly delayMs: number;
  /** The wait after a failure: nothing periodic may cut it short. */
  readonly isFailure?: boolean;
}

/** First and longest wait after a failure of the outside: 50 Applications together stay under 0.2 attempts a second each. */
const outsideMs = { first: 5_000, longest: 10_000 };
/** Whatever the policy says, an Application is not tried more often. */
const shortestRetryMs = 1_000;
/** After the retries of the policy are used up: failure is never sticky, but it is not urgent any more. */
const slowRetryMs = 180_000;
/** Safety net for what waits on watch events (parked objects, finalizers, rollouts). */
const progressMs = 30_000;

/** `attempt` counts failures in a row, from 1; 0 after a success. */
export function nextRun(outcome: Outcome, attempt: number, random: Random): NextRun | undefined {
  switch (outcome.kind) {
    case 'gone':
    case 'abandoned':
    case 'suspended':
      return undefined;
    case 'settled': {
      const { failure, progressing, again } = outcome.settled;
      if (again === true) return { delayMs: 0 };
      if (failure !== undefined) return afterFailure(failure, outcome.app, attempt, random);
      return progressing ? { delayMs: jittered(progressMs, random) } : undefined;
    }
    case 'failed':
      return afterFailure(outcome.error, outcome.app, attempt, random);
  }
}

function afterFailure(
  error: OperatorError,
  app: Application | undefined,
  attempt: number,
  random: Random,
): NextRun | undefined {
  if (error.retry === 'never') return undefined;
  const delayMs = error.retry === 'backoff' ? outsideDelay(attempt) : policyDelay(app, attempt);
  return { delayMs: Math.max(error.retryAfterMs ?? 0, jittered(delayMs, random)), isFailure: true };
}

function outsideDelay(attempt: number): number {
  return Math.min(outsideMs.longest, outsideMs.first * Math.max(1, attempt));
}

function policyDelay(app: Application | undefined, attempt: number): number {
  // A deletion is tried until it is done: nobody can ask for it once more.
  const isSlow = app === undefined || (!app.deleting && attempt > retryLimit(app));
  return isSlow ? slowRetryMs : retryDelayMs(app, attempt);
}

/** How long the policy has the next try wait after so many. */
export function retryDelayMs(app: Pick<Application, 'spec'>, attempt: number): number {
  const { durationMs, factor, maxDurationMs } = app.spec.retry;
  return Math.max(shortestRetryMs, Math.min(maxDurationMs, Math.max(1, durationMs) * factor ** (attempt - 1)));
}

/** Retries that the policy grants: 5 when automated and 0 when manual, unless it says otherwise; negative = unlimited. */
export function retryLimit({ spec }: Pick<Application, 'spec'>): number {
  const limit = spec.retry.limit ?? (spec.automated === undefined ? 0 : 5);
  return limit < 0 ? Number.POSITIVE_INFINITY : limit;
}

/** Up to a fifth longer, never shorter: a wait that was asked for is not undercut. */
function jittered(ms: number, random: Random): number {
  return Math.round(ms * (1 + 0.2 * random()));
}
