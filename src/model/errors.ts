import type { Ref } from './object.ts';
import type { Reason } from './reasons.ts';

/** Where in the story an error arose. */
export type Step =
  'spec' | 'source' | 'render' | 'live' | 'plan' | 'preflight' | 'claim' | 'apply' | 'prune' | 'status';

/**
 * When trying again can help: `backoff` soon and ever later (the outside is at fault), `interval` when something may
 * have changed, `never` not before somebody edits the Application.
 */
export type Retry = 'backoff' | 'interval' | 'never';

export interface OperatorErrorDetails {
  readonly step: Step;
  readonly reason: Reason;
  readonly retry: Retry;
  /** The object that it is about. */
  readonly object?: Ref;
  /** Not before this many milliseconds, as the other side asked (Retry-After). */
  readonly retryAfterMs?: number;
  readonly cause?: unknown;
}

/** An error that the operator expected: it knows its step, its object, and whether to try again. */
export class OperatorError extends Error {
  readonly step: Step;
  readonly reason: Reason;
  readonly retry: Retry;
  readonly object: Ref | undefined;
  readonly retryAfterMs: number | undefined;

  constructor(message: string, details: OperatorErrorDetails) {
    super(message, { cause: details.cause });
    this.name = 'OperatorError';
    this.step = details.step;
    this.reason = details.reason;
    this.retry = details.retry;
    this.object = details.object;
    this.retryAfterMs = details.retryAfterMs;
  }
}

/** Several errors of one step, all reported: the first gives reason and retry, the longest wait counts. */
export class OperatorErrors extends OperatorError {
  readonly errors: readonly OperatorError[];

  constructor(errors: readonly [OperatorError, ...OperatorError[]]) {
    const [first] = errors;
    const waits = errors.flatMap(({ retryAfterMs = [] }) => retryAfterMs);
    super(errors.map((error) => error.message).join('; '), {
      step: first.step,
      reason: first.reason,
      retry: errors.some((error) => error.retry === 'backoff') ? 'backoff' : first.retry,
      ...(first.object === undefined ? {} : { object: first.object }),
      ...(waits.length === 0 ? {} : { retryAfterMs: Math.max(...waits) }),
      cause: first.cause,
    });
    this.name = 'OperatorErrors';
    this.errors = errors;
  }
}
