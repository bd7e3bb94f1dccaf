import { join } from 'node:path';
import type { Application } from '../model/application.ts';
import type { Desired } from '../model/desired.ts';
import { OperatorError } from '../model/errors.ts';
import type { ApplicationKey } from '../model/installation.ts';
import type { KubeObject } from '../model/object.ts';
import type { Clock, Random, Scopes } from '../model/ports.ts';
import { ArtefactStore } from './artefacts.ts';
import { embeddedEngine } from './git/embedded-engine.ts';
import { isFullSha } from './git/poll.ts';
import { remoteOf, type Remote } from './git/remote.ts';
import { defaultLimits, type Limits } from './limits.ts';
import { Poll, type PollOutcome } from './polling.ts';
import { prepareObjects } from './prepare.ts';
import { asOperatorError, Remotes, withRetryAfter, type ReadSecret, type SourceTelemetry } from './remotes.ts';
import { decodeFiles, parametersOf, readSetOf, RenderMemo, type ReadSet, type Rendered } from './render.ts';
import type { Snapshot } from './git/repository.ts';

export type { Limits } from './limits.ts';
export type { ArtefactStore } from './artefacts.ts';

export interface SourceOptions {
  /** Local copies and artefacts; may be lost at any time. */
  readonly directory: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly telemetry: SourceTelemetry;
  readonly scopes: Scopes;
  readonly credentials: ReadSecret;
  /** Pure; called once the namespace is settled, before anything is hashed. */
  readonly normalise: (object: KubeObject) => KubeObject;
  /** Pure; adds labels and the tracking id. */
  readonly mark: (object: KubeObject, app: Application) => KubeObject;
  readonly limits?: Partial<Limits>;
}

export interface LoadRequest {
  /** A branch, tag or SHA instead of the Application's own revision. */
  readonly revision?: string;
  /** Look at the remote first; `hard` also renders anew what was rendered before. */
  readonly refresh?: 'normal' | 'hard';
}

/** Git to objects. Nothing happens before the first `follow` or `load`. */
export interface Source extends AsyncDisposable {
  /** Declares, again after each change of the Application, what it follows; the first look is at once. Never throws. */
  follow(app: Application): void;
  unfollow(key: ApplicationKey): void;
  /** Called when a followed ref is another commit, or looking at it began to work or to fail; gives the way to stop that. */
  onNews(listener: (key: ApplicationKey) => void): () => void;
  /** Looks at what an Application follows now; for webhooks. */
  pollNow(key: ApplicationKey): void;
  /** The objects of the newest commit (or of `ask.revision`). Throws OperatorError; what was loaded before stays good. */
  load(app: Application, ask: LoadRequest, signal: AbortSignal): Promise<Desired>;
  newestRevision(key: ApplicationKey): string | undefined;
  readonly artefacts: ArtefactStore;
}

export function createSource(options: SourceOptions): Source {
  return new GitSource(options);
}

class GitSource implements Source {
  readonly artefacts: ArtefactStore;
  readonly #options: SourceOptions;
  readonly #limits: Limits;
  readonly #remotes: Remotes;
  readonly #memo: RenderMemo;
  readonly #polls = new Map<string, { readonly poll: Poll; readonly remote: Remote }>();
  /** Which poll an Application follows. */
  readonly #followed = new Map<ApplicationKey, string>();
  readonly #listeners = new Set<(key: ApplicationKey) => void>();

  constructor(options: SourceOptions) {
    this.#options = options;
    const { clock, telemetry, directory, credentials } = options;
    this.#limits = { ...defaultLimits, ...options.limits };
    this.#memo = new RenderMemo(options.scopes);
    this.artefacts = new ArtefactStore(join(directory, 'artefacts'), this.#limits.artefactBytes, clock);
    this.#remotes = new Remotes({
      engine: embeddedEngine(clock, this.#limits),
      folder: join(directory, 'git'),
      clock,
      telemetry,
      credentials,
      wanted: (remote, commit) => this.#isWanted(remote, commit),
    });
  }

  follow(app: Application): void {
    const remote = validRemote(app);
    const id = remote === undefined ? undefined : pollId(remote, app);
    const before = this.#followed.get(app.key);
    this.#followed.delete(app.key);
    if (remote !== undefined && id !== undefined) {
      this.#followed.set(app.key, id);
      this.#pollOf(remote, app).follow(app.key, app.spec.intervalMs);
    }
    // Only now, so that a repository that is followed at another ref is kept.
    if (before !== undefined && before !== id) this.#leave(before, app.key);
  }

  unfollow(key: ApplicationKey): void {
    const id = this.#followed.get(key);
    this.#followed.delete(key);
    if (id !== undefined) this.#leave(id, key);
    this.#memo.forget(key);
    this.artefacts.keep(`newest of ${key}`, []);
  }

  onNews(listener: (key: ApplicationKey) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  pollNow(key: ApplicationKey): void {
    void this.#polls.get(this.#followed.get(key) ?? '')?.poll.look();
  }

  newestRevision(key: ApplicationKey): string | undefined {
    return this.#polls.get(this.#followed.get(key) ?? '')?.poll.newest;
  }

  async load(app: Application, ask: LoadRequest, signal: AbortSignal): Promise<Desired> {
    const remote = remoteOfApplication(app);
    const commit = await untilAborted(this.#commitOf(app, remote, ask), signal);
    const isHard = ask.refresh === 'hard';
    const parameters = parametersOf(app);
    if (!isHard) {
      const same = this.#memo.find(app.key, (known) => known.commit === commit && known.parameters === parameters);
      const desired = await this.#open(same, commit);
      if (desired !== undefined) return desired;
    }
    const render = this.#remotes
      .repository(remote)
      .with(commit, async (snapshot) => await this.#render({ app, snapshot, parameters, isHard, signal }));
    return await untilAborted(render, signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { poll } of this.#polls.values()) poll.stop();
    this.#polls.clear();
    this.#followed.clear();
    this.#listeners.clear();
    await this.#remotes[Symbol.asyncDispose]();
  }

  async #commitOf(app: Application, remote: Remote, ask: LoadRequest): Promise<string> {
    const revision = ask.revision ?? '';
    if (isFullSha(revision)) return revision;
    if (revision !== '' && revision !== app.spec.source.targetRevision) {
      return await this.#remotes.poll(remote, revision, undefined);
    }
    const poll = this.#polls.get(pollId(remote, app))?.poll ?? this.#newPoll(remote, app);
    const isDue = poll.outcome.kind === 'unknown' || (ask.refresh !== undefined && this.#mayLook(poll));
    return revisionOf(isDue ? await poll.look() : poll.outcome, poll.waitMs);
  }

  /** A remote that said when it wants to be asked again is not asked before. */
  #mayLook(poll: Poll): boolean {
    return poll.outcome.kind !== 'failed' || poll.outcome.error.retryAfterMs === undefined || poll.waitMs === 0;
  }

  async #render(job: {
    readonly app: Application;
    readonly snapshot: Snapshot;
    readonly parameters: string;
    readonly isHard: boolean;
    readonly signal: AbortSignal;
  }): Promise<Desired> {
    const { app, snapshot, parameters, isHard, signal } = job;
    const readSet = await readSetOf(snapshot, app);
    if (!isHard) {
      const same = this.#memo.find(
        app.key,
        (known) => known.readSet === readSet.key && known.parameters === parameters,
      );
      const desired = await this.#open(same, snapshot.commit);
      if (same !== undefined && desired !== undefined) {
        this.#remember(app.key, { ...same, commit: snapshot.commit });
        return desired;
      }
    }
    return await this.#renderAnew(app, snapshot, readSet, signal);
  }

  async #renderAnew(app: Application, snapshot: Snapshot, readSet: ReadSet, signal: AbortSignal): Promise<Desired> {
    const written = await decodeFiles(snapshot.reader, readSet.files, this.#limits, signal);
    const { objects, scopesUsed } = prepareObjects(written.objects, { ...this.#options, app, limits: this.#limits });
    const { skippedDocuments } = written;
    const { commit } = snapshot;
    const desired = await this.artefacts.write(objects, { revision: commit, skippedDocuments });
    const { digest } = desired;
    this.#remember(app.key, {
      commit,
      parameters: parametersOf(app),
      readSet: readSet.key,
      scopesUsed,
      digest,
      skippedDocuments,
    });
    return desired;
  }

  #remember(key: ApplicationKey, rendered: Rendered): void {
    const remembered = this.#memo.remember(key, rendered);
    this.artefacts.keep(
      `newest of ${key}`,
      remembered.slice(0, 1).map(({ digest }) => digest),
    );
  }

  async #open(rendered: Rendered | undefined, revision: string): Promise<Desired | undefined> {
    if (rendered === undefined) return undefined;
    const desired = await this.artefacts.open(rendered.digest);
    return desired === undefined ? undefined : { ...desired, revision, skippedDocuments: rendered.skippedDocuments };
  }

  #pollOf(remote: Remote, app: Application): Poll {
    const id = pollId(remote, app);
    const existing = this.#polls.get(id);
    if (existing !== undefined) return existing.poll;
    const poll = this.#newPoll(remote, app);
    this.#polls.set(id, { poll, remote });
    return poll;
  }

  #newPoll(remote: Remote, app: Application): Poll {
    const { clock, random } = this.#options;
    const revision = app.spec.source.targetRevision;
    const poll: Poll = new Poll({
      clock,
      random,
      look: async () => {
        if (isFullSha(revision)) return { kind: 'found', revision };
        try {
          return { kind: 'found', revision: await this.#remotes.poll(remote, revision, poll.newest) };
        } catch (error) {
          return { kind: 'failed', error: asOperatorError(error, remote) };
        }
      },
      news: (keys) => {
        for (const key of keys) for (const listener of this.#listeners) listener(key);
      },
    });
    return poll;
  }

  /** An Application ceases to follow a poll; with its last follower it ends, and with its last poll the local copies. */
  #leave(id: string, key: ApplicationKey): void {
    const left = this.#polls.get(id);
    left?.poll.unfollow(key);
    if (left === undefined || left.poll.isFollowed) return;
    this.#polls.delete(id);
    const isUsed = [...this.#polls.values()].some(({ remote }) => remote.id === left.remote.id);
    if (!isUsed) this.#remotes.forget(left.remote);
  }

  #isWanted(remote: Remote, commit: string): boolean {
    return [...this.#polls.values()].some(({ poll, remote: { id } }) => id === remote.id && poll.newest === commit);
  }
}

function revisionOf(outcome: PollOutcome, waitMs: number): string {
  switch (outcome.kind) {
    case 'found':
      return outcome.revision;
    case 'failed':
      throw waitMs > 0 ? withRetryAfter(outcome.error, waitMs) : outcome.error;
    case 'unknown':
      throw new Error('a look that ended knows neither a revision nor an error');
  }
}

function pollId(remote: Remote, app: Application): string {
  return `${remote.id} ${app.spec.source.targetRevision}`;
}

function remoteOfApplication(app: Application): Remote {
  const { repoURL, secretRef } = app.spec.source;
  return remoteOf(repoURL, secretRef === undefined ? undefined : { namespace: app.namespace, name: secretRef });
}

/** undefined when the spec is at fault: `load` says how. */
function validRemote(app: Application): Remote | undefined {
  try {
    return remoteOfApplication(app);
  } catch (error) {
    if (error instanceof OperatorError) return undefined;
    throw error;
  }
}

/** Gives up waiting, not the work: others may wait for it too. */
async function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const stop = () => reject(signal.reason instanceof Error ? signal.reason : new Error('aborted'));
  signal.addEventListener('abort', stop, { once: true });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
