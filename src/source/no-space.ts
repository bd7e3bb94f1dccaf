import { OperatorError } from '../model/errors.ts';

/** A full disk said so that somebody can act on it; every other error as it is. `where` says whose disk. */
export function noSpace(error: unknown, where: string): unknown {
  return isNoSpace(error) ? noSpaceIn(where, error) : error;
}

/** What the system says when there is no room, for the disk or for the quota. */
export function isNoSpace(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return code === 'ENOSPC' || code === 'EDQUOT';
}

export function noSpaceIn(where: string, cause: unknown): OperatorError {
  return new OperatorError(`no space is left in ${where}: make its volume larger, or the source smaller`, {
    step: 'source',
    reason: 'LimitExceeded',
    // Space may come back without an edit.
    retry: 'backoff',
    cause,
  });
}
