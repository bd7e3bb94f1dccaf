import { join } from 'node:path';
import type { Application } from '../model/application.ts';
import type { Desired } from '../model/desired.ts';
import { OperatorError } from '../model/errors.ts';
import type { ApplicationKey } from '../model/installation.ts';
import type { KubeObject } from '../model/object.ts';
import type { Clock, Random, RepositorySecrets, Scopes } from '../model/ports.ts';
import { isFullCommitId } from '../model/revision.ts';
import { ArtefactStore } from './artefacts.ts';
import { chooseEngine, type EngineChoice, type NativeMeans } from './git/choose.ts';
import type { GitEngine } from './git/engine.ts';
import { noProxies, type ProxySettings } from './git/proxy.ts';
import { remoteOf, type Remote } from './git/remote.ts';
import type { Resolved } from './git/revision.ts';
import { Submodules } from './git/submodules.ts';
import { defaultLimits, type Limits } from './limits.ts';
import { Following } from './following.ts';
import { prepareObjects } from './prepare.ts';
import { Remotes, type SourceTelemetry } from './remotes.ts';
import { decodeFiles, parametersOf, readSetOf, RenderMemo, type ReadSet, type Rendered } from './render.ts';
import type { Snapshot } from './git/repository.ts';
import type { Tree } from './tree.ts';

export type { Limits } from './limits.ts';
export type { ArtefactStore } from './artefacts.ts';

export interface SourceOptions {
  /** Local copies and artefacts; may be lost at any time. */
  readonly directory: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly telemetry: SourceTelemetry;
  readonly scopes: Scopes;
  readonly credentials: RepositorySecrets;
  /** Pure; called once the namespace is settled, before anything is hashed. */
  readonly normalise: (object: KubeObject) => KubeObject;
  /** Pure; adds labels and the tracking id. */
  readonly mark: (object: KubeObject, app: Application) => KubeObject;
  readonly limits?: Partial<Limits>;
  readonly git?: GitSettings;
}

/** How Git is spoken to; without `native` by the embedded engine. */
export interface GitSettings {
  readonly engine?: EngineChoice;
  readonly native?: NativeMeans;
  readonly proxies?: ProxySettings;
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
  readonly artefacts: Pick<ArtefactStore, 'open' | 'keep'>;
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
  readonly #following: Following;

  constructor(options: SourceOptions) {
    this.#options = options;
    const { clock, random, telemetry, directory, credentials } = options;
    this.#limits = { ...defaultLimits, ...options.limits };
    this.#memo = new RenderMemo(options.scopes);
    this.artefacts = new ArtefactStore(join(directory, 'artefacts'), this.#limits.artefactBytes, clock);
    this.#remotes = new Remotes({
      engine: this.#chooser(join(directory, 'git')),
      folder: join(directory, 'git'),
      clock,
      telemetry,
      credentials,
      renewed: (remote) => this.#following.lookAt(remote),
      isFollowed: (remote) => this.#following.isFollowed(remote),
      wanted: (remote, commit) => this.#following.isNewest(remote, commit),
    });
    this.#following = new Following({ clock, random, remotes: this.#remotes });
  }

  follow(app: Application): void {
    this.#following.follow(app, validRemote(app));
  }

  unfollow(key: ApplicationKey): void {
    this.#following.unfollow(key);
    this.#memo.forget(key);
    this.artefacts.keep(`newest of ${key}`, []);
  }

  onNews(listener: (key: ApplicationKey) => void): () => void {
    return this.#following.onNews(listener);
  }

  pollNow(key: ApplicationKey): void {
    void this.#following.pollOf(key)?.look();
  }

  newestRevision(key: ApplicationKey): string | undefined {
    return this.#following.pollOf(key)?.newest;
  }

  async load(app: Application, ask: LoadRequest, signal: AbortSignal): Promise<Desired> {
    const remote = remoteOfApplication(app);
    const { commit } = await untilAborted(this.#resolve(app, remote, ask), signal);
    const isHard = ask.refresh === 'hard';
    const parameters = parametersOf(app);
    if (!isHard) {
      const same = this.#memo.find(app.key, (known) => known.commit === commit && known.parameters === parameters);
      const desired = await this.#open(same, commit);
      if (desired !== undefined) return desired;
    }
    const render = this.#remotes.repository(remote).with({ commit }, async (snapshot) => {
      await using submodules = new Submodules({ remotes: this.#remotes, remote, snapshot });
      return await this.#render({ app, snapshot, tree: submodules.tree(), parameters, isHard, signal });
    });
    return await untilAborted(render, signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#following.stop();
    await this.#remotes[Symbol.asyncDispose]();
  }

  /** The engine is asked for anew until there is one. */
  #chooser(folder: string): () => Promise<GitEngine> {
    const { clock, git = {} } = this.#options;
    const { engine = 'auto', native, proxies = noProxies } = git;
    const settings = { clock, limits: this.#limits, proxies, scratch: join(folder, 'scratch') };
    let chosen: Promise<GitEngine> | undefined;
    return () => {
      chosen ??= chooseEngine(engine, native, settings);
      chosen.catch(() => (chosen = undefined));
      return chosen;
    };
  }

  async #resolve(app: Application, remote: Remote, ask: LoadRequest): Promise<Resolved> {
    const { targetRevision, tagPrefix } = app.spec.sources[0];
    const text = ask.revision ?? '';
    if (isFullCommitId(text)) return { commit: text };
    if (text !== '' && text !== targetRevision) return await this.#remotes.poll(remote, { text, tagPrefix }, undefined);
    return await this.#following.newestOf(app, remote, ask.refresh !== undefined);
  }

  async #render(job: {
    readonly app: Application;
    readonly snapshot: Snapshot;
    readonly tree: Tree;
    readonly parameters: string;
    readonly isHard: boolean;
    readonly signal: AbortSignal;
  }): Promise<Desired> {
    const { app, snapshot, tree, parameters, isHard, signal } = job;
    const readSet = await readSetOf(tree, app);
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
    const written = await decodeFiles(readSet.files, this.#limits, signal);
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
}

function remoteOfApplication(app: Application): Remote {
  const { repoURL, secretRef } = app.spec.sources[0];
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
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const stop = () => reject(signal.reason instanceof Error ? signal.reason : new Error('aborted'));
  if (signal.aborted) stop();
  signal.addEventListener('abort', stop, { once: true });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
