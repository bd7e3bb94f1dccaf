import { join } from 'node:path';
import { OperatorError } from '../model/errors.ts';
import type { Clock, RepositorySecrets } from '../model/ports.ts';
import type { Telemetry } from '../model/telemetry.ts';
import { gitUnavailable, messageOf, sourceError } from './failures.ts';
import { CopiesFolder } from './git/copies-folder.ts';
import { readCredentials, type Credentials } from './git/credentials.ts';
import { CorruptRepository, type Access, type GitEngine } from './git/engine.ts';
import type { Remote } from './git/remote.ts';
import { Repository } from './git/repository.ts';
import type { Resolved, Revision } from './git/revision.ts';
import { noSpace } from './no-space.ts';

/** What `source/` tells. */
export type SourceTelemetry = Pick<
  Telemetry,
  'gitPoll' | 'gitFetch' | 'rendered' | 'connectionFailure' | 'connectionRestored' | 'connectionEnded'
>;

export interface RemotesOptions {
  /** Asked before the first request. Throws OperatorError. */
  readonly engine: () => Promise<GitEngine>;
  /** For local copies; whether they outlive the process is up to the engine. */
  readonly folder: string;
  readonly clock: Clock;
  readonly telemetry: SourceTelemetry;
  readonly credentials: RepositorySecrets;
  /** A Secret that a remote was opened with, or that it lacked, is another one now. */
  readonly renewed: (remote: Remote) => void;
  readonly isFollowed: (remote: Remote) => boolean;
  /** Whether a commit is the newest of a ref that somebody follows. */
  readonly wanted: (remote: Remote, commit: string) => boolean;
}

/** Between two requests for a remote that fails. */
const failingPaceMs = 500;

interface State {
  readonly remote: Remote;
  readonly repository: Repository;
  /** Ids of the remotes that have it as a submodule. */
  readonly parents: Set<string>;
  /** `namespace/name` of the Secret that was used last. */
  secret: string | undefined;
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
  readonly #copies: CopiesFolder;
  readonly #forgetSecrets: () => void;

  constructor(options: RemotesOptions) {
    this.#options = options;
    const { clock, credentials, engine, folder } = options;
    this.#copies = new CopiesFolder({ clock, engine, folder, isUsed: (id) => this.#states.has(id) });
    this.#forgetSecrets = credentials.onChange((secret) => this.#renew(`${secret.namespace}/${secret.name}`));
  }

  /** One look at what a revision means. Throws OperatorError. */
  async poll(remote: Remote, revision: Revision, known: string | undefined): Promise<Resolved> {
    const { clock, telemetry } = this.#options;
    return await this.#attempt(remote, async (access, engine) => {
      const start = clock.monotonic();
      const ended = (outcome: 'changed' | 'unchanged' | 'failed') =>
        telemetry.gitPoll({ remote: remote.url, outcome, durationMs: clock.monotonic() - start });
      try {
        const found = await engine.resolve(access, revision);
        ended(found.commit === known ? 'unchanged' : 'changed');
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

  /** A submodule's: it is forgotten with the last repository that has it. */
  repositoryBelow(parent: Remote, remote: Remote): Repository {
    const state = this.#stateOf(remote);
    state.parents.add(parent.id);
    return state.repository;
  }

  /** Nobody follows it any more: its local copies go, and those of its submodules. */
  forget(remote: Remote): void {
    const retired = this.#states.get(remote.id)?.repository.retire();
    this.#states.delete(remote.id);
    this.#options.telemetry.connectionEnded({ target: 'git', name: remote.url });
    // What cannot be removed now goes when the next process begins.
    retired?.catch(() => undefined);
    for (const { remote: child, parents } of [...this.#states.values()]) {
      const isOrphan = parents.delete(remote.id) && parents.size === 0 && !this.#options.isFollowed(child);
      if (isOrphan) this.forget(child);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort(gitUnavailable('the operator stops'));
    this.#forgetSecrets();
    this.#copies[Symbol.dispose]();
    const states = [...this.#states.values()];
    this.#states.clear();
    for (const { remote } of states) this.#options.telemetry.connectionEnded({ target: 'git', name: remote.url });
    await Promise.all(states.map(({ repository }) => repository[Symbol.asyncDispose]()));
  }

  #stateOf(remote: Remote): State {
    const existing = this.#states.get(remote.id);
    if (existing !== undefined) return existing;
    const repository = new Repository({
      store: async () => {
        const [engine, folder] = await Promise.all([this.#options.engine(), this.#copies.ready()]);
        return engine.store(join(folder, this.#copies.nameFor(remote.id)), remote);
      },
      fetch: (store, wanted) => this.#fetch(remote, (access) => store.fetch(access, wanted)),
      largeFile: (store, pointer, path) =>
        this.#attempt(remote, async (access) => await store.largeFile(access, pointer, path)),
      wanted: (commit) => this.#options.wanted(remote, commit),
    });
    const fresh = {
      failures: 0,
      lastError: undefined,
      notBefore: 0,
      closedUntil: 0,
      secret: undefined,
      parents: new Set<string>(),
    };
    const state: State = { remote, repository, ...fresh };
    this.#states.set(remote.id, state);
    return state;
  }

  async #fetch(remote: Remote, work: (access: Access) => Promise<number>): Promise<void> {
    const { clock, telemetry } = this.#options;
    await this.#attempt(remote, async (access) => {
      const start = clock.monotonic();
      const ended = (outcome: 'succeeded' | 'failed', bytes: number) =>
        telemetry.gitFetch({ remote: remote.url, outcome, durationMs: clock.monotonic() - start, bytes });
      try {
        ended('succeeded', await work(access));
      } catch (error) {
        ended('failed', 0);
        throw error;
      }
    });
  }

  /** A damaged copy is no fault of the remote. */
  async #attempt<T>(remote: Remote, work: (access: Access, engine: GitEngine) => Promise<T>): Promise<T> {
    const engine = await this.#options.engine();
    await this.#copies.ready();
    const state = this.#stateOf(remote);
    await this.#turn(state);
    try {
      const credentials = await this.#credentialsOf(remote, state);
      const result = await work({ remote, credentials, signal: this.#stop.signal }, engine);
      this.#succeeded(remote, state);
      return result;
    } catch (error) {
      if (error instanceof CorruptRepository) throw error;
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

  async #credentialsOf({ secret, url }: Remote, state: State): Promise<Credentials> {
    const { credentials } = this.#options;
    if (secret === undefined) {
      const found = await credentials.forUrl(url);
      state.secret = found === undefined ? undefined : `${found.namespace}/${found.name}`;
      return found === undefined ? {} : readCredentials(found.data, `${found.namespace}/${found.name}`);
    }
    const name = `${secret.namespace}/${secret.name}`;
    state.secret = name;
    const data = await credentials.named(secret.namespace, secret.name);
    if (data !== undefined) return readCredentials(data, name);
    throw sourceError('AuthenticationFailed', `spec.source.secretRef: there is no Secret ${name}`);
  }

  /** A Secret that a remote was refused for lack of may be any. */
  #renew(secret: string): void {
    for (const state of [...this.#states.values()]) {
      const isMissed = state.secret === undefined && state.lastError?.reason === 'AuthenticationFailed';
      if (state.secret === secret || isMissed) this.#options.renewed(state.remote);
    }
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
    const error = asOperatorError(thrown, remote.url);
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
}

export function asOperatorError(error: unknown, url: string): OperatorError {
  const shown = noSpace(error, 'the data folder (setting dataDir)');
  return shown instanceof OperatorError ? shown : gitUnavailable(`${url}: ${messageOf(error)}`, error);
}

/** The same error, with how long it stands. */
export function withRetryAfter(error: OperatorError, retryAfterMs: number): OperatorError {
  const { step, reason, retry } = error;
  return new OperatorError(error.message, { step, reason, retry, retryAfterMs, cause: error });
}
