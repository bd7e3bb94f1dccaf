import { OperatorError } from '../model/errors.ts';
import type { Reason } from '../model/reasons.ts';

/** The remote is at fault: tried again soon and ever later. */
export function gitUnavailable(message: string, cause?: unknown, retryAfterMs?: number): OperatorError {
  return new OperatorError(message, {
    step: 'source',
    reason: 'GitUnavailable',
    retry: 'backoff',
    cause,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  });
}

/** A repository of charts is at fault: tried again soon and ever later. */
export function chartUnavailable(message: string, cause?: unknown, retryAfterMs?: number): OperatorError {
  return new OperatorError(message, {
    step: 'source',
    reason: 'ChartUnavailable',
    retry: 'backoff',
    cause,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  });
}

/** Only another commit, ref, Secret or spec helps. */
export function sourceError(reason: Reason, message: string, cause?: unknown): OperatorError {
  return new OperatorError(message, { step: 'source', reason, retry: 'interval', cause });
}

/** What is written in the repository cannot be rendered. */
export function renderError(reason: Reason, message: string, cause?: unknown): OperatorError {
  return new OperatorError(message, { step: 'render', reason, retry: 'interval', cause });
}

/** Something that this version does not build, in the Application or in its repository. */
export function notYetSupported(message: string): OperatorError {
  return renderError('NotYetSupported', message);
}

/** What only the other Git engine can do. */
export function unsupportedByEngine(message: string): OperatorError {
  return sourceError('UnsupportedByEngine', `${message}; install git beside the operator`);
}

/** The text of anything that was thrown. */
export function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  // undici wraps what the system said.
  return error.cause instanceof Error && error.message === 'fetch failed' ? error.cause.message : error.message;
}
