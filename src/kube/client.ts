import type { Credentials } from './credentials.ts';
import { errorOfAnswer, errorOfFailure, neverSent } from './errors.ts';
import { Gate } from './gate.ts';
import type { GatePriority } from './gate.ts';
import type { KubeTelemetry } from './kube-telemetry.ts';
import { Transport } from './transport.ts';
import type { HttpAnswer, HttpRequest, HttpStream, Timeouts } from './transport.ts';
import { wait } from '../model/wait.ts';
import { ApiError } from '../model/api-error.ts';
import type { JsonValue } from '../model/json.ts';
import { decodeJson } from '../model/json.ts';
import type { Clock, Random } from '../model/ports.ts';
import type { ApiVerb } from '../model/telemetry.ts';

export interface ClientOptions {
  readonly credentials: Credentials;
  readonly clock: Clock;
  readonly random: Random;
  readonly telemetry: KubeTelemetry;
  readonly userAgent: string;
  readonly connections: number;
  readonly timeouts: Timeouts;
  /** Asked right before sending; false = nothing is sent. The Lease's own requests are exempt. */
  readonly mayWrite: () => boolean;
}

export interface Call extends HttpRequest {
  readonly verb: ApiVerb;
  readonly priority?: GatePriority | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds for one attempt, instead of the client's. */
  readonly timeoutMs?: number;
  /** Not tried again, whatever the failure. */
  readonly once?: boolean;
  /** The answer is no JSON: `body` is its text. */
  readonly plain?: boolean;
}

export interface Answer {
  readonly status: number;
  readonly etag: string | undefined;
  readonly body: JsonValue;
}

const attempts = 3;
const backOffMs = 500;
/** For a 429 that does not say how long. */
const pauseMs = 1_000;

/**
 * Requests to one server.
 *
 * Guarantees: nothing is sent while `mayWrite` is false; a write is sent again only when the server cannot have
 * executed it (429, 401, no connection); reads are tried three times; a Retry-After is never undercut.
 */
export class ApiClient implements AsyncDisposable {
  readonly #options: ClientOptions;
  readonly #transport: Transport;
  readonly #gate: Gate;
  readonly #inFlight = new Set<AbortController>();
  readonly #idle: (() => void)[] = [];
  /** Requests without an answer since the last answer. */
  #failures = 0;
  #reachable = false;

  constructor(options: ClientOptions) {
    const { clock, connections } = options;
    this.#options = options;
    this.#gate = new Gate({ clock, connections });
    // One more than the gate's limit for urgent requests: the Lease's own.
    this.#transport = new Transport({ ...options, connections: connections + 1 });
  }

  /** True from an answer until a request that got none. */
  get reachable(): boolean {
    return this.#reachable;
  }

  /** Throws ApiError only; an aborted signal is `unavailable`, because the request may have been executed. */
  async call(call: Call): Promise<Answer> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.#attempt(call);
      } catch (thrown) {
        const error = errorOfFailure(thrown, 'no answer from the API server');
        const pause = await this.#pauseBeforeRetry(call, error, attempt);
        if (pause === undefined) throw error;
        await wait(this.#options.clock, pause, call.signal);
      }
    }
  }

  /** Opens a stream. Not retried: who follows it has a back-off of its own. */
  async open(call: Call, signal: AbortSignal): Promise<HttpStream> {
    const pausedMs = this.#gate.pausedForMs;
    if (pausedMs > 0) {
      throw new ApiError('the API server asked for a pause', {
        kind: 'throttled',
        status: 429,
        retryAfterMs: pausedMs,
      });
    }
    this.#checkLeader(call);
    const startedAt = this.#options.clock.monotonic();
    try {
      const answer = await this.#transport.open(call, signal);
      this.#report(call, 'chunks' in answer ? 200 : answer.status, startedAt);
      if ('chunks' in answer) {
        this.#answered(call);
        return answer;
      }
      throw this.#failure(call, answer);
    } catch (error) {
      if (error instanceof ApiError && error.status === 0) this.#report(call, 0, startedAt);
      if (error instanceof ApiError && error.kind === 'unauthorized') await this.#options.credentials.renew();
      throw error;
    }
  }

  /** Aborts what is being sent: its outcome is unknown then. Waiting requests are left to `mayWrite`. */
  abortInFlight(why: string): void {
    const error = new ApiError(why, { kind: 'unavailable', status: 0 });
    for (const controller of this.#inFlight) controller.abort(error);
  }

  /** Resolves when no request is in flight, the Lease's apart. */
  async drained(): Promise<void> {
    if (this.#inFlight.size > 0) await new Promise<void>((resolve) => this.#idle.push(resolve));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#transport[Symbol.asyncDispose]();
  }

  async #attempt(call: Call): Promise<Answer> {
    const { priority = 'normal' } = call;
    const deadline = new AbortController();
    const abort = () => deadline.abort(new ApiError('given up by the caller', { kind: 'unavailable', status: 0 }));
    if (call.signal?.aborted === true) abort();
    call.signal?.addEventListener('abort', abort);
    try {
      await this.#gate.enter(priority, deadline.signal);
      try {
        this.#checkLeader(call);
        return await this.#send(call, deadline);
      } finally {
        this.#gate.leave(priority);
      }
    } finally {
      call.signal?.removeEventListener('abort', abort);
    }
  }

  async #send(call: Call, controller: AbortController): Promise<Answer> {
    const { clock, timeouts } = this.#options;
    const startedAt = clock.monotonic();
    const ms = call.timeoutMs ?? timeouts.requestMs;
    let timedOut = false;
    const cancel = clock.after(ms, () => {
      timedOut = true;
      controller.abort(timeoutAfter(ms));
    });
    if (call.priority !== 'lease') this.#inFlight.add(controller);
    try {
      const answer = await this.#transport.send(call, controller.signal);
      this.#report(call, answer.status, startedAt);
      if (answer.status >= 300 && answer.status !== 304) throw this.#failure(call, answer);
      this.#answered(call);
      const { status, text } = answer;
      return { status, etag: headerOf(answer, 'etag'), body: call.plain === true ? text : bodyOf(answer) };
    } catch (error) {
      if (error instanceof ApiError && error.status === 0) this.#noteFailure(call, error, { startedAt, timedOut });
      throw error;
    } finally {
      cancel();
      this.#leaveFlight(controller);
    }
  }

  #leaveFlight(controller: AbortController): void {
    this.#inFlight.delete(controller);
    if (this.#inFlight.size === 0) for (const resolve of this.#idle.splice(0)) resolve();
  }

  #checkLeader(call: Call): void {
    if (call.priority === 'lease' || this.#options.mayWrite()) return;
    throw new ApiError('not sent: another process may hold the Lease', { kind: 'notLeader', status: 0 });
  }

  #failure(call: Call, answer: HttpAnswer): ApiError {
    const { status, text } = answer;
    const error = errorOfAnswer(
      { status, text, retryAfter: headerOf(answer, 'retry-after') },
      this.#options.clock.now(),
    );
    if (error.kind === 'throttled') this.#gate.pauseFor(error.retryAfterMs ?? pauseMs);
    if (error.kind === 'unavailable') this.#faulted(call, error);
    else this.#answered(call);
    return error;
  }

  /** A request that was given up says nothing about the server; one that only took too long closes the gate with others. */
  #noteFailure(call: Call, error: ApiError, { startedAt, timedOut }: { startedAt: number; timedOut: boolean }): void {
    this.#report(call, 0, startedAt);
    if (error.kind !== 'unavailable' || (isOurs(error) && !timedOut)) return;
    this.#failures += 1;
    this.#reachable = false;
    const { kind: reason, message } = error;
    if (call.priority === 'lease') return;
    if (timedOut) this.#gate.faulted(message);
    else this.#gate.failed(message);
    this.#options.telemetry.connectionFailure({ target: 'request', reason, message, attempt: this.#failures });
  }

  #report(call: Call, code: number, startedAt: number): void {
    const { clock, telemetry } = this.#options;
    telemetry.apiRequest({ verb: call.verb, code, durationMs: clock.monotonic() - startedAt });
    if (code !== 0) this.#reachable = true;
  }

  #answered({ priority = 'normal' }: Call): void {
    this.#failures = 0;
    this.#gate.answered(priority);
    this.#options.telemetry.connectionRestored({ target: 'request' });
  }

  /** The server is there and cannot do what it is asked; a webhook that cannot be called is no fault of the server. */
  #faulted(call: Call, error: ApiError): void {
    if (call.priority === 'lease' || /\bwebhook\b/.test(error.message)) return;
    this.#failures += 1;
    this.#gate.faulted(error.message);
    const { kind: reason, message } = error;
    this.#options.telemetry.connectionFailure({ target: 'request', reason, message, attempt: this.#failures });
  }

  /** Milliseconds, or undefined when the error is final. The gate keeps a Retry-After and spreads an outage's tries. */
  async #pauseBeforeRetry(call: Call, error: ApiError, attempt: number): Promise<number | undefined> {
    if (attempt >= attempts || isFinal(call)) return undefined;
    if (error.kind === 'unauthorized') return (await this.#options.credentials.renew()) ? 0 : undefined;
    if (error.kind === 'throttled' || neverSent(error)) return 0;
    return isReadable(call, error) ? this.#jittered(error.retryAfterMs, attempt) : undefined;
  }

  #jittered(retryAfterMs = 0, attempt: number): number {
    return Math.max(retryAfterMs, backOffMs * 2 ** (attempt - 1)) * (1 + this.#options.random() / 2);
  }
}

function isFinal({ once, signal, priority }: Call): boolean {
  return once === true || signal?.aborted === true || priority === 'lease';
}

/** A read whose answer failed, and not by our own doing, may be read again. */
function isReadable(call: Call, error: ApiError): boolean {
  return error.kind === 'unavailable' && call.method === 'GET' && !isOurs(error);
}

function timeoutAfter(ms: number): ApiError {
  return new ApiError(`no answer within ${ms / 1000} s`, { kind: 'unavailable', status: 0 });
}

/** Time-outs, aborts and refusals of the gate have no cause: trying again would only double the wait. */
function isOurs(error: ApiError): boolean {
  return error.status === 0 && error.cause === undefined;
}

function headerOf(answer: HttpAnswer, name: string): string | undefined {
  const value = answer.headers[name];
  return Array.isArray(value) ? value[0] : value;
}

function bodyOf(answer: HttpAnswer): JsonValue {
  if (answer.text === '') return null;
  try {
    return decodeJson(answer.text);
  } catch (cause) {
    throw new ApiError('the answer is no JSON', { kind: 'unavailable', status: answer.status, cause });
  }
}
