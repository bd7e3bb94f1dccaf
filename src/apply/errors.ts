import { ApiError } from '../model/api-error.ts';
import type { ApiErrorKind } from '../model/api-error.ts';
import type { Origin } from '../model/desired.ts';
import { describeOrigin } from '../model/desired.ts';
import { OperatorError, OperatorErrors } from '../model/errors.ts';
import type { Retry, Step } from '../model/errors.ts';
import type { Ref } from '../model/object.ts';
import { describeRef } from '../model/object.ts';
import type { Reason } from '../model/reasons.ts';
import { serverWords } from './server-words.ts';

/** What was being done to which object when an error arose. */
export interface Doing {
  readonly step: Extract<Step, 'preflight' | 'apply' | 'prune'>;
  readonly ref: Ref;
  /** Where Git describes the object; absent for deletions. */
  readonly origin?: Origin;
}

interface Meaning {
  readonly reason: Reason;
  readonly retry: Retry;
  /** What to do about it; empty when the server's words say enough. */
  readonly remedy: string;
}

/** What an answer of the API server means for a managed object: the only place that decides. */
const meanings: Readonly<Record<ApiErrorKind, Meaning>> = {
  conflict: {
    reason: 'SyncFailed',
    retry: 'backoff',
    remedy: 'somebody else keeps writing the object; the operator tries again',
  },
  exists: { reason: 'SyncFailed', retry: 'backoff', remedy: 'the operator looks again' },
  notFound: {
    reason: 'SyncFailed',
    retry: 'backoff',
    remedy: 'the object went away meanwhile; the operator looks again',
  },
  namespaceMissing: {
    reason: 'MissingNamespace',
    retry: 'interval',
    remedy: 'create the namespace, add a Namespace to the source, or set syncOptions: [CreateNamespace=true]',
  },
  notServed: {
    reason: 'KindNotServed',
    retry: 'interval',
    remedy: 'install the CustomResourceDefinition of the kind, or correct apiVersion and kind',
  },
  terminating: {
    reason: 'Terminating',
    retry: 'backoff',
    remedy: 'the namespace is being deleted; the object is applied when that has ended',
  },
  forbidden: {
    reason: 'Forbidden',
    retry: 'interval',
    remedy: 'grant the permission to whom it names, or change what the policy refuses',
  },
  unauthorized: {
    reason: 'ApiServerError',
    retry: 'backoff',
    remedy: "the API server does not accept the operator's credentials",
  },
  invalid: { reason: 'InvalidObject', retry: 'interval', remedy: 'correct the manifest' },
  tooLarge: { reason: 'InvalidObject', retry: 'interval', remedy: 'make the object smaller' },
  gone: { reason: 'ApiServerError', retry: 'backoff', remedy: 'the operator tries again' },
  throttled: { reason: 'ApiServerError', retry: 'backoff', remedy: 'the operator tries again' },
  unavailable: { reason: 'ApiServerError', retry: 'backoff', remedy: 'the operator tries again' },
  notLeader: { reason: 'ApiServerError', retry: 'backoff', remedy: 'the leader goes on' },
};

/**
 * Turns what a request threw into an error that knows its step, object and retry. An OperatorError passes through.
 * Anything else is a bug (or an aborted signal) and is thrown on, for the worker to count apart.
 */
export function operatorErrorOf(error: unknown, doing: Doing): OperatorError {
  if (error instanceof OperatorError) return error;
  if (!(error instanceof ApiError)) throw error;
  const { reason, retry, remedy } = meanings[error.kind];
  return objectError(doing, { message: `${serverWords(error, doing.ref)}: ${remedy}`, reason, retry, cause: error });
}

export interface Complaint {
  readonly message: string;
  readonly reason: Reason;
  readonly retry: Retry;
  readonly cause?: unknown;
}

/** An error about one object: the message starts with its name and with where Git describes it. */
export function objectError({ step, ref, origin }: Doing, { message, reason, retry, cause }: Complaint): OperatorError {
  const where = origin === undefined ? '' : ` (${describeOrigin(origin)})`;
  const retryAfterMs = cause instanceof ApiError ? cause.retryAfterMs : undefined;
  return new OperatorError(`${describeRef(ref)}${where}: ${message}`, {
    step,
    reason,
    retry,
    object: ref,
    cause,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  });
}

/** Throws all of them as one error; returns when there is none. */
export function throwAll(errors: readonly OperatorError[]): void {
  const [first, ...rest] = errors;
  if (first === undefined) return;
  throw rest.length === 0 ? first : new OperatorErrors([first, ...rest]);
}
