import type { ApiErrorCause, ApiErrorKind } from '../model/api-error.ts';
import { ApiError } from '../model/api-error.ts';
import type { JsonObject, JsonValue } from '../model/json.ts';
import { arrayAt, decodeJson, isJsonObject, numberAt, objectAt, stringAt } from '../model/json.ts';

/** What came back instead of a success. */
export interface FailedAnswer {
  readonly status: number;
  /** The header, seconds or an HTTP date. */
  readonly retryAfter?: string | undefined;
  readonly text: string;
}

/** Longer texts are pages of a proxy; their beginning says enough. */
const longestMessage = 2_000;

/** A Retry-After beyond this is taken for a mistake of whoever sent it. */
const longestPauseMs = 3_600_000;

/** The one place where an HTTP answer becomes an error. `now` is wall time, for a Retry-After that is a date. */
export function errorOfAnswer(answer: FailedAnswer, now: number): ApiError {
  const status = readStatus(answer.text);
  if (status === undefined) return plainError(answer, now);
  return errorOfStatus(status, answer, now);
}

/** A Status that came as an event of a watch: its `code` stands for the HTTP status. */
export function errorOfEvent(status: JsonValue | undefined): ApiError {
  if (!isJsonObject(status)) return new ApiError('the watch sent an error without a Status', unavailable(0));
  return errorOfStatus(status, { status: numberAt(status, 'code') ?? 0, text: '' }, 0);
}

function errorOfStatus(status: JsonObject, answer: FailedAnswer, now: number): ApiError {
  const details = objectAt(status, 'details');
  const causes = arrayAt(details, 'causes').filter(isJsonObject).map(readCause);
  const message = stringAt(status, 'message') ?? `HTTP ${answer.status}`;
  const reason = stringAt(status, 'reason') ?? '';
  const kind = kindOf(answer.status, { reason, message, causes, about: stringAt(details, 'kind') ?? '' });
  const seconds = numberAt(details, 'retryAfterSeconds');
  const retryAfterMs = parseRetryAfter(answer.retryAfter, now) ?? (seconds === undefined ? undefined : seconds * 1000);
  return new ApiError(message.slice(0, longestMessage), {
    kind,
    status: answer.status,
    causes,
    ...(retryAfterMs === undefined || retryAfterMs <= 0 ? {} : { retryAfterMs }),
  });
}

/** No Status: a route that does not exist, or something between us and the server. */
function plainError(answer: FailedAnswer, now: number): ApiError {
  const kind = answer.status === 404 ? 'notServed' : kindOf(answer.status, noFacts);
  const retryAfterMs = parseRetryAfter(answer.retryAfter, now);
  const text = answer.text.trim().slice(0, longestMessage);
  return new ApiError(text === '' ? `HTTP ${answer.status}` : text, {
    kind,
    status: answer.status,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  });
}

interface Facts {
  readonly reason: string;
  readonly message: string;
  readonly causes: readonly ApiErrorCause[];
  /** `details.kind`: what the Status is about. */
  readonly about: string;
}

const noFacts: Facts = { reason: '', message: '', causes: [], about: '' };

const byStatus: Readonly<Record<number, (facts: Facts) => ApiErrorKind>> = {
  400: () => 'invalid',
  401: () => 'unauthorized',
  403: ({ causes }) => (causes.some(({ reason }) => reason === 'NamespaceTerminating') ? 'terminating' : 'forbidden'),
  404: ({ about }) => (about === 'namespaces' ? 'namespaceMissing' : 'notFound'),
  405: () => 'invalid',
  409: ({ reason }) => (reason === 'AlreadyExists' ? 'exists' : 'conflict'),
  410: () => 'gone',
  413: () => 'tooLarge',
  415: () => 'invalid',
  // Another uid than the one that was sent as a precondition: the object was deleted and made again meanwhile.
  422: ({ causes }) => (causes.some(({ field }) => field === 'metadata.uid') ? 'conflict' : 'invalid'),
  429: () => 'throttled',
  500: ({ message }) => (permanentFaults.some((fault) => fault.test(message)) ? 'invalid' : 'unavailable'),
};

/** Server-Side Apply answers 500 to these, and always will: the object is at fault (kube-apiserver 1.36). */
const permanentFaults: readonly RegExp[] = [
  /^failed to create typed patch object/,
  /^failed to convert new object/,
  /illegal base64 data/,
  /field not declared in schema/,
];

function kindOf(status: number, facts: Facts): ApiErrorKind {
  const decide = byStatus[status];
  if (decide !== undefined) return decide(facts);
  return status >= 400 && status < 500 ? 'invalid' : 'unavailable';
}

function readStatus(text: string): JsonObject | undefined {
  if (!text.startsWith('{')) return undefined;
  try {
    const value = decodeJson(text);
    return isJsonObject(value) && value['kind'] === 'Status' ? value : undefined;
  } catch {
    return undefined;
  }
}

function readCause(cause: JsonObject): ApiErrorCause {
  return {
    reason: stringAt(cause, 'reason') ?? '',
    field: stringAt(cause, 'field') ?? '',
    message: stringAt(cause, 'message') ?? '',
  };
}

/** Milliseconds of a Retry-After header (RFC 9110 10.2.3); undefined when there is none or it is no such thing. */
export function parseRetryAfter(text: string | undefined, now: number): number | undefined {
  if (text === undefined) return undefined;
  const ms = /^\s*[0-9]+\s*$/.test(text) ? Number(text) * 1000 : Date.parse(text) - now;
  return Number.isFinite(ms) ? Math.min(Math.max(ms, 0), longestPauseMs) : undefined;
}

/** No answer, or none that could be read to its end: what the server did is unknown. */
export function errorOfFailure(cause: unknown, what: string): ApiError {
  if (cause instanceof ApiError) return cause;
  const kind = codeOf(cause) === 'UND_ERR_RES_EXCEEDED_MAX_SIZE' ? 'tooLarge' : 'unavailable';
  return new ApiError(`${what}: ${wordsOf(cause)}`, { kind, status: 0, cause });
}

function unavailable(status: number): { kind: ApiErrorKind; status: number } {
  return { kind: 'unavailable', status };
}

const unsentCodes = new Set([
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  'UND_ERR_CONNECT_TIMEOUT',
]);

/** True when the request cannot have reached the server: no connection could be made. */
export function neverSent(error: ApiError): boolean {
  return error.status === 0 && unsentCodes.has(codeOf(error.cause) ?? '');
}

function codeOf(cause: unknown): string | undefined {
  if (!(cause instanceof Error)) return undefined;
  if ('code' in cause && typeof cause.code === 'string') return cause.code;
  return cause instanceof AggregateError ? codeOf(cause.errors[0]) : codeOf(cause.cause);
}

function wordsOf(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  if (cause.message !== '') return cause.message;
  return codeOf(cause) ?? cause.name;
}
