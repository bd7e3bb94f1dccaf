/**
 * What the API server's answer means, decided once, in the client:
 * - `conflict` 409: somebody else wrote (stale resourceVersion, other uid) or owns fields (`causes` name them);
 * - `exists` 409 AlreadyExists; `notFound` 404 with a Status about the object itself;
 * - `namespaceMissing` 404 with `details.kind: namespaces`; `notServed` 404 in plain text: the kind has no route (yet);
 * - `terminating` 403 with cause NamespaceTerminating; `forbidden` 403; `unauthorized` 401;
 * - `invalid` 400, 422 and the permanent 500s of typed patches; `tooLarge` 413;
 * - `gone` 410; `throttled` 429; `unavailable` 5xx, connection refused or cut, time-outs: the answer is unknown;
 * - `notLeader`: nothing was sent, because the Lease may be held by another.
 */
export type ApiErrorKind =
  | 'conflict'
  | 'exists'
  | 'notFound'
  | 'namespaceMissing'
  | 'notServed'
  | 'terminating'
  | 'forbidden'
  | 'unauthorized'
  | 'invalid'
  | 'tooLarge'
  | 'gone'
  | 'throttled'
  | 'unavailable'
  | 'notLeader';

/** One entry of `details.causes` of a Status. */
export interface ApiErrorCause {
  /** FieldManagerConflict, FieldValueInvalid, … */
  readonly reason: string;
  readonly field: string;
  readonly message: string;
}

export interface ApiErrorDetails {
  readonly kind: ApiErrorKind;
  /** HTTP status, 0 when there was no answer. */
  readonly status: number;
  readonly causes?: readonly ApiErrorCause[];
  /** Milliseconds, from Retry-After. */
  readonly retryAfterMs?: number;
  readonly cause?: unknown;
}

/** A request to the API server that did not succeed; `message` is what the server said. */
export class ApiError extends Error {
  readonly kind: ApiErrorKind;
  readonly status: number;
  readonly causes: readonly ApiErrorCause[];
  readonly retryAfterMs: number | undefined;

  constructor(message: string, details: ApiErrorDetails) {
    super(message, { cause: details.cause });
    this.name = 'ApiError';
    this.kind = details.kind;
    this.status = details.status;
    this.causes = details.causes ?? [];
    this.retryAfterMs = details.retryAfterMs;
  }
}

/** True when trying the same request again may succeed: the server, not the request, was at fault. */
export function isTransient(error: ApiError): boolean {
  return error.kind === 'throttled' || error.kind === 'unavailable' || error.kind === 'notLeader';
}
