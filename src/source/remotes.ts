import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { OperatorError } from '../model/errors.ts';
import type { Clock } from '../model/ports.ts';
import type { Telemetry } from '../model/telemetry.ts';
import { gitUnavailable, messageOf, sourceError } from './failures.ts';
import type { Access, GitEngine } from './git/engine.ts';
import { readCredentials, type Remote } from './git/remote.ts';
import { Repository } from './git/repository.ts';

/** `data` of a Secret; undefined when there is none of that name. */
export type ReadSecret = (namespace: string, name: string) => Promise<Record<string, Buffer> | undefined>;

/** What `source/` tells. */
export type SourceTelemetry = Pick<
  Telemetry,
  'gitPoll' | 'gitFetch' | 'connectionFailure' | 'connectionRestored' | 'connectionEnded'
>;

export interface RemotesOptions {
  readonly engine: GitEngine;
  /** Removed and filled anew by every process: local copies are cheap, stale ones are not. */
  readonly folder: string;
  readonly clock: Clock;
  readonly telemetry: SourceTelemetry;
  readonly credentials: ReadSecret;
  /** Whether a commit is the newest of a ref that somebody follows. */
  readonly wanted: (remote: Remote, commit: string) => boolean;
}

/** Between two requests for a remote that fails. */
const failingPaceMs = 500;

interface State {
  readonly url: string;
  readonly repository: Repository;
  failures: number;
  lastError: OperatorError | undefined;
  /** Monotonic: no request of ours before. */
  notBefore: number;
  /** Monotonic: Retry-After, which asks for no request at all. */
  closedUntil: number;
}

/** Every request to remotes goes through here: paced per remote, counted, and each remote by itself. */
export class Remotes implements AsyncDisposable {
  readonly #options: RemotesOptions;
  readonly #states = new Map<string, State>();
  readonly #stop = new AbortController();
  #cleaned: Promise<void> | undefined;
  #repositories = 0;

  constructor(options: RemotesOptions) {
    this.#options = options;
  }

  /** One look at a ref. Throws OperatorError. */
  async poll(remote: Remote, revision: string, known: string | undefined): Promise<string> {
    const { engine, clock, telemetry } = this.#options;
    return await this.#attempt(remote, async (access) => {
      const start = clock.monotonic();
      const ended = (outcome: 'changed' | 'unchanged' | 'failed') =>
        telemetry.gitPoll({ remote: remote.url, outcome, durationMs: clock.monotonic() - start });
      try {
        const found = await engine.resolve(access, revision);
        ended(found === known ? 'unchanged' : 'changed');
        return found;
      } catch (error) {
        ended('failed');
        throw error;
      }
    });
  }

  repository(remote: Remote): Repository {
    return this.#stateOf(remote).repository;
  }

  /** Nobody follows it any more: its local copies go. */
  forget(remote: Remote): void {
    const retired = this.#states.get(remote.id)?.repository.retire();
    this.#states.delete(remote.id);
    this.#options.telemetry.connectionEnded({ target: 'git', name: remote.url });
    // What cannot be removed now goes when the next process begins.
    retired?.catch(() => undefined);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort(gitUnavailable('the operator stops'));
    const states = [...this.#states.values()];
    this.#states.clear();
    for (const { url } of states) this.#options.telemetry.connectionEnded({ target: 'git', name: url });
    await Promise.all(states.map(({ repository }) => repository[Symbol.asyncDispose]()));
  }

  #stateOf(remote: Remote): State {
    const existing = this.#states.get(remote.id);
    if (existing !== undefined) return existing;
    const repository = new Repository({
      fetch: (commit, folder) => this.#fetch(remote, commit, folder),
      open: (folder) => this.#options.engine.open(folder),
      // Numbered, because a retired repository may still be emptying its own.
      folder: join(this.#options.folder, `${remote.id}-${++this.#repositories}`),
      wanted: (commit) => this.#options.wanted(remote, commit),
    });
    const state = { url: remote.url, repository, failures: 0, lastError: undefined, notBefore: 0, closedUntil: 0 };
    this.#states.set(remote.id, state);
    return state;
  }

  async #fetch(remote: Remote, commit: string, folder: string): Promise<void> {
    const { engine, clock, telemetry } = this.#options;
    await this.#attempt(remote, async (access) => {
      const start = clock.monotonic();
      const ended = (outcome: 'succeeded' | 'failed', bytes: number) =>
        telemetry.gitFetch({ remote: remote.url, outcome, durationMs: clock.monotonic() - start, bytes });
      try {
        ended('succeeded', await engine.fetch(access, commit, folder));
      } catch (error) {
        ended('failed', 0);
        throw error;
      }
    });
  }

  async #attempt<T>(remote: Remote, work: (access: Access) => Promise<T>): Promise<T> {
    await this.#clean();
    const state = this.#stateOf(remote);
    await this.#turn(state);
    try {
      const credentials = await this.#credentialsOf(remote);
      const result = await work({ remote, credentials, signal: this.#stop.signal });
      this.#succeeded(remote, state);
      return result;
    } catch (error) {
      throw this.#failed(remote, state, error);
    }
  }

  /** Waits until this remote may be asked again; a remote that said when is not asked before. */
  async #turn(state: State): Promise<void> {
    const { clock } = this.#options;
    const closedMs = state.closedUntil - clock.monotonic();
    if (closedMs > 0 && state.lastError !== undefined) throw withRetryAfter(state.lastError, closedMs);
    if (state.failures === 0) return;
    const start = Math.max(clock.monotonic(), state.notBefore);
    state.notBefore = start + failingPaceMs;
    await this.#wait(start - clock.monotonic());
  }

  async #wait(ms: number): Promise<void> {
    const { signal } = this.#stop;
    if (ms > 0) {
      await new Promise<void>((resolve) => {
        const cancel = this.#options.clock.after(ms, resolve);
        const stop = () => {
          cancel();
          resolve();
        };
        signal.addEventListener('abort', stop, { once: true });
      });
    }
    signal.throwIfAborted();
  }

  async #credentialsOf({ secret }: Remote) {
    if (secret === undefined) return {};
    const name = `${secret.namespace}/${secret.name}`;
    const data = await this.#options.credentials(secret.namespace, secret.name);
    if (data !== undefined) return readCredentials(data, name);
    throw sourceError('AuthenticationFailed', `spec.source.secretRef: there is no Secret ${name}`);
  }

  #succeeded(remote: Remote, state: State): void {
    state.failures = 0;
    state.lastError = undefined;
    if (this.#isNeeded(remote, state)) this.#options.telemetry.connectionRestored({ target: 'git', name: remote.url });
  }

  /** What comes of a request for a remote that was given up meanwhile is told to nobody. */
  #isNeeded(remote: Remote, state: State): boolean {
    return !this.#stop.signal.aborted && this.#states.get(remote.id) === state;
  }

  #failed(remote: Remote, state: State, thrown: unknown): OperatorError {
    const error =
      thrown instanceof OperatorError ? thrown : gitUnavailable(`${remote.url}: ${messageOf(thrown)}`, thrown);
    if (error.reason !== 'GitUnavailable' && error.reason !== 'AuthenticationFailed') {
      this.#succeeded(remote, state);
      return error;
    }
    const now = this.#options.clock.monotonic();
    state.failures++;
    state.lastError = error;
    state.notBefore = Math.max(state.notBefore, now + failingPaceMs);
    if (error.retryAfterMs !== undefined) state.closedUntil = now + error.retryAfterMs;
    const { reason, message } = error;
    if (!this.#isNeeded(remote, state)) return error;
    this.#options.telemetry.connectionFailure({
      target: 'git',
      name: remote.url,
      reason,
      message,
      attempt: state.failures,
    });
    return error;
  }

  async #clean(): Promise<void> {
    this.#cleaned ??= rm(this.#options.folder, { recursive: true, force: true });
    await this.#cleaned;
  }
}

export function asOperatorError(error: unknown, remote: Remote): OperatorError {
  return error instanceof OperatorError ? error : gitUnavailable(`${remote.url}: ${messageOf(error)}`, error);
}

/** The same error, with how long it stands. */
export function withRetryAfter(error: OperatorError, retryAfterMs: number): OperatorError {
  const { step, reason, retry } = error;
  return new OperatorError(error.message, { step, reason, retry, retryAfterMs, cause: error });
}
