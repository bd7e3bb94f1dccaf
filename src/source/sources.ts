import type { Application, SourceSpec } from '../model/application.ts';
import type { CommitAbout } from '../model/revision.ts';
import type { Charts } from './charts/charts.ts';
import { gitUnavailable } from './failures.ts';
import { FolderReader } from './folder-reader.ts';
import { CorruptRepository } from './git/engine.ts';
import { Submodules } from './git/submodules.ts';
import type { Following } from './following.ts';
import type { Limits } from './limits.ts';
import type { Remotes } from './remotes.ts';
import type { HeldSource } from './render/plan-sources.ts';
import { chartRepositoryOf, remoteOfSource, targetOf, type Meant, type Target } from './targets.ts';
import { Tree } from './tree.ts';
import type { Verification } from './verification.ts';

export interface SourcesPorts {
  readonly remotes: Remotes;
  readonly charts: Charts;
  readonly following: Following;
  readonly verification: Verification;
  readonly limits: Limits;
  readonly local?: LocalTree;
}

/** A folder on disk that is read instead of a repository: what somebody works on and has not committed. */
export interface LocalTree {
  readonly folder: string;
  standsFor(source: SourceSpec): boolean;
}

/** What stands for the commit of a folder that has none. */
const localRevision = 'local';

/** The sources of an Application at certain revisions; good while they are held. */
export interface Held {
  readonly sources: readonly HeldSource[];
  /** Of the first that is a commit. */
  readonly about?: CommitAbout;
}

/** Which revisions the sources of an Application mean, and what is in them. */
export class Sources {
  readonly #ports: SourcesPorts;

  constructor(ports: SourcesPorts) {
    this.#ports = ports;
  }

  /** What an Application follows, in the order of its sources. Throws OperatorError InvalidSpec. */
  targetsOf(app: Application): Target[] {
    return app.spec.sources.map((source) => targetOf(app, source, this.#ports));
  }

  /** What each source means: the revision that is asked for, else the newest. Throws OperatorError. */
  async meaningOf(app: Application, asked: readonly string[], anew: boolean): Promise<Meant[]> {
    return await Promise.all(
      app.spec.sources.map((source, index) => this.#meaningOf({ app, source, asked: asked[index] ?? '', anew })),
    );
  }

  /**
   * Opens every source, checks signatures, and keeps all of them readable while `use` runs; once more when a local copy
   * turns out damaged. Throws OperatorError.
   */
  async hold<T>(
    app: Application,
    meant: readonly Meant[],
    use: (held: Held) => Promise<T>,
    signal: AbortSignal,
  ): Promise<T> {
    try {
      return await this.#holdOnce(app, meant, use, signal);
    } catch (error) {
      if (!(error instanceof CorruptRepository)) throw error;
    }
    try {
      return await this.#holdOnce(app, meant, use, signal);
    } catch (error) {
      if (!(error instanceof CorruptRepository)) throw error;
      throw gitUnavailable(`what was fetched cannot be read: ${error.message}`, error);
    }
  }

  async #holdOnce<T>(
    app: Application,
    meant: readonly Meant[],
    use: (held: Held) => Promise<T>,
    signal: AbortSignal,
  ): Promise<T> {
    await using stack = new AsyncDisposableStack();
    const opened: Opened[] = [];
    for (const [index, source] of app.spec.sources.entries()) {
      const { revision = '', tag } = meant[index] ?? {};
      opened.push(await this.#open({ app, source, revision, tag, stack, signal }));
    }
    const about = opened.find((one) => one.about !== undefined)?.about;
    return await use({ sources: opened, ...(about === undefined ? {} : { about }) });
  }

  async #meaningOf({ app, source, asked, anew }: Question): Promise<Meant> {
    const { following, local } = this.#ports;
    if (local?.standsFor(source) === true) return { revision: localRevision };
    const target = targetOf(app, source, this.#ports);
    if (asked === '' || asked === source.targetRevision) return await following.newestOf(target, anew);
    const other = targetOf(app, { ...source, targetRevision: asked }, this.#ports);
    return other.fixed === undefined ? await other.look(undefined) : { revision: other.fixed };
  }

  async #open(opening: Opening): Promise<Opened> {
    const { source, revision } = opening;
    const { local, limits } = this.#ports;
    if (local?.standsFor(source) === true) {
      return { spec: source, revision, tree: new Tree(new FolderReader(local.folder, limits), '.') };
    }
    return source.chart === '' ? await this.#openCommit(opening) : await this.#openChart(opening);
  }

  async #openCommit({ app, source, revision, tag, stack, signal }: Opening): Promise<Opened> {
    const { remotes, verification } = this.#ports;
    const remote = remoteOfSource(app, source);
    const wanted = { commit: revision, ...(source.verify?.mode === 'Tag' ? { tag } : {}) };
    const snapshot = stack.use(await remotes.repository(remote).hold(wanted));
    await verification.check({ app, source, snapshot, tag }, signal);
    const submodules = stack.use(new Submodules({ remotes, remote, snapshot }));
    const { author, date, subject } = snapshot.about;
    return { spec: source, revision, tree: submodules.tree(), about: { author, date, subject } };
  }

  async #openChart({ app, source, revision, stack, signal }: Opening): Promise<Opened> {
    const version = { repository: chartRepositoryOf(app, source), name: source.chart, version: revision };
    const { reader } = stack.use(await this.#ports.charts.open(version, signal));
    return { spec: source, revision, tree: new Tree(reader, await reader.rootTree('')) };
  }
}

interface Question {
  readonly app: Application;
  readonly source: SourceSpec;
  readonly asked: string;
  readonly anew: boolean;
}

interface Opening extends Meant {
  readonly app: Application;
  readonly source: SourceSpec;
  /** Closes what was opened. */
  readonly stack: AsyncDisposableStack;
  readonly signal: AbortSignal;
}

type Opened = HeldSource & { readonly about?: CommitAbout };
