import { OperatorError } from '../model/errors.ts';

/** A full disk said so that somebody can act on it; every other error as it is. `where` says whose disk. */
export function noSpace(error: unknown, where: string): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code !== 'ENOSPC' && code !== 'EDQUOT') return error;
  return new OperatorError(`no space is left in ${where}: make its volume larger, or the source smaller`, {
    step: 'source',
    reason: 'LimitExceeded',
    // Space may come back without an edit.
    retry: 'backoff',
    cause: error,
  });
}
