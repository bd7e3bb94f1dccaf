import type { Application } from '../model/application.ts';
import type { Desired } from '../model/desired.ts';
import { OperatorError } from '../model/errors.ts';
import type { ApplicationKey } from '../model/installation.ts';
import type { Push } from '../model/push.ts';
import { concernedBy } from '../model/push.ts';
import { joinRevisions } from '../model/revision.ts';
import type { ArtefactStore } from './artefacts.ts';
import { assemble, type SourceOptions, type SourceParts } from './assemble.ts';
import type { RenderedObjects } from './rendering.ts';
import type { Held } from './sources.ts';
import type { Target } from './targets.ts';

export type { Limits } from './limits.ts';
export type { ArtefactStore } from './artefacts.ts';
export type { SourceOptions } from './assemble.ts';

export interface LoadRequest {
  /** Branches, tags or commits instead of the Application's own, one for each source; an empty one is its own. */
  readonly revisions?: readonly string[];
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
  /** Somebody says that refs of a repository moved: what is followed there is looked at now. */
  pushed(push: Push): void;
  /** The objects of the newest revisions (or of `ask.revisions`). Throws OperatorError; what was loaded before stays good. */
  load(app: Application, ask: LoadRequest, signal: AbortSignal): Promise<Desired>;
  newestRevision(key: ApplicationKey): string | undefined;
  /** Something that it follows cannot be looked at, and that for ten minutes at most: there may be news. */
  isOutOfSight(key: ApplicationKey): boolean;
  /**
   * Looks at the refs that only other Applications follow, unless that was done since the newest revision of this one was
   * seen: what it dropped may be there. Never rejects for a remote that cannot be looked at, and waits 10 s at most.
   */
  lookAtOthers(key: ApplicationKey, signal: AbortSignal): Promise<void>;
  readonly artefacts: Pick<ArtefactStore, 'open' | 'keep'>;
}

export function createSource(options: SourceOptions): Source {
  return new SharedSource(assemble(options));
}

/** What was loaded lately for an Application: the same revisions and parameters need no look into the sources. */
interface Loaded {
  readonly revision: string;
  readonly parameters: string;
  readonly key: string;
  readonly about: Pick<Desired, 'about' | 'chartVersions'>;
}

/** The newest, the last applied, and one that somebody rolled back to. */
const rememberedPerApplication = 3;

class SharedSource implements Source {
  readonly artefacts: ArtefactStore;
  readonly #parts: SourceParts;
  readonly #loaded = new Map<ApplicationKey, readonly Loaded[]>();

  constructor(parts: SourceParts) {
    this.#parts = parts;
    this.artefacts = parts.artefacts;
  }

  follow(app: Application): void {
    this.#parts.following.follow(app, this.#validTargets(app));
  }

  unfollow(key: ApplicationKey): void {
    this.#parts.following.unfollow(key);
    this.#parts.rendering.forget(key);
    this.#loaded.delete(key);
    this.artefacts.keep(`newest of ${key}`, []);
  }

  onNews(listener: (key: ApplicationKey) => void): () => void {
    return this.#parts.following.onNews(listener);
  }

  pushed(push: Push): void {
    this.#parts.following.lookAgain(concernedBy(push));
  }

  newestRevision(key: ApplicationKey): string | undefined {
    return this.#parts.following.newestRevision(key);
  }

  isOutOfSight(key: ApplicationKey): boolean {
    return this.#parts.following.isOutOfSight(key);
  }

  async lookAtOthers(key: ApplicationKey, signal: AbortSignal): Promise<void> {
    await untilAborted(this.#parts.following.lookAtOthers(key), signal);
  }

  async load(app: Application, ask: LoadRequest, signal: AbortSignal): Promise<Desired> {
    return await untilAborted(this.#load(app, ask, signal), signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#parts.following.stop();
    await this.#parts[Symbol.asyncDispose]();
  }

  async #load(app: Application, ask: LoadRequest, signal: AbortSignal): Promise<Desired> {
    const { sources } = this.#parts;
    const { revisions: asked = [], refresh } = ask;
    const meant = await sources.meaningOf(app, asked, refresh !== undefined);
    const revision = joinRevisions(meant.map((one) => one.revision));
    const isHard = refresh === 'hard';
    const known = isHard ? undefined : await this.#find(app, revision);
    if (known !== undefined) return known;
    return await sources.hold(app, meant, (held) => this.#render({ app, held, revision, isHard, signal }), signal);
  }

  async #find(app: Application, revision: string): Promise<Desired | undefined> {
    const parameters = this.#parametersOf(app);
    const loaded = this.#loaded.get(app.key)?.find((one) => one.revision === revision && one.parameters === parameters);
    const found = loaded === undefined ? undefined : await this.#parts.rendering.find(loaded.key);
    return loaded === undefined || typeof found !== 'object' ? undefined : desiredOf(found, loaded);
  }

  async #render({ app, held, revision, isHard, signal }: Job): Promise<Desired> {
    const done = await this.#parts.rendering.render(app, held, isHard, signal);
    const loaded = { revision, parameters: this.#parametersOf(app), key: done.key, about: aboutOf(held) };
    const others = this.#loaded.get(app.key)?.filter((one) => one.revision !== revision) ?? [];
    this.#loaded.set(app.key, [loaded, ...others].slice(0, rememberedPerApplication));
    this.artefacts.keep(`newest of ${app.key}`, [done.artefact.digest]);
    return desiredOf(done, loaded);
  }

  /** Everything but the revisions that what is loaded depends on. */
  #parametersOf({ spec: { sources, destinationNamespace } }: Application): string {
    return JSON.stringify([sources, destinationNamespace, this.#parts.clusterFacts()]);
  }

  /** None when the spec is at fault: `load` says how. */
  #validTargets(app: Application): readonly Target[] {
    try {
      return this.#parts.sources.targetsOf(app);
    } catch (error) {
      if (error instanceof OperatorError) return [];
      throw error;
    }
  }
}

interface Job {
  readonly app: Application;
  readonly held: Held;
  readonly revision: string;
  readonly isHard: boolean;
  readonly signal: AbortSignal;
}

function aboutOf({ sources, about }: Held): Loaded['about'] {
  const charts = sources.filter(({ spec }) => spec.chart !== '');
  return {
    chartVersions: charts.map(({ spec, revision }) => `${spec.chart} ${revision}`),
    ...(about === undefined ? {} : { about }),
  };
}

function desiredOf({ rendered, artefact }: RenderedObjects, { revision, about }: Loaded): Desired {
  const { skippedDocuments, sourceTypes, repeated } = rendered;
  return { revision, ...artefact, skippedDocuments, sourceTypes, repeated, ...about };
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
