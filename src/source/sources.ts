import type { Application, CommitAbout, SourceSpec } from '../model/application.ts';
import type { Charts } from './charts/charts.ts';
import { FolderReader } from './folder-reader.ts';
import type { Following } from './following.ts';
import type { Limits } from './limits.ts';
import type { Remotes } from './remotes.ts';
import type { HeldSource } from './render/plan-sources.ts';
import { chartRepositoryOf, remoteOfSource, targetOf, type Target } from './targets.ts';
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

  /** The revision of each source: the one that is asked for, else the newest. Throws OperatorError. */
  async revisionsOf(app: Application, asked: readonly string[], anew: boolean): Promise<string[]> {
    const looks = app.spec.sources.map((source, index) => this.#revisionOf(app, source, asked[index] ?? '', anew));
    return await Promise.all(looks);
  }

  /** Opens every source at its revision, checks signatures, and keeps all of them readable while `use` runs. */
  async hold<T>(
    app: Application,
    revisions: readonly string[],
    use: (held: Held) => Promise<T>,
    signal: AbortSignal,
  ): Promise<T> {
    const next = async (held: Held): Promise<T> => {
      const index = held.sources.length;
      const source = app.spec.sources[index];
      if (source === undefined) return await use(held);
      const opening = { app, source, revision: revisions[index] ?? '' };
      const add = ({ about = held.about, ...one }: Opened): Promise<T> =>
        next({ sources: [...held.sources, one], ...(about === undefined ? {} : { about }) });
      return source.chart === ''
        ? await this.#openCommit(opening, add, signal)
        : await this.#openChart(opening, add, signal);
    };
    return await next({ sources: [] });
  }

  async #revisionOf(app: Application, source: SourceSpec, asked: string, anew: boolean): Promise<string> {
    const { following, local } = this.#ports;
    if (local?.standsFor(source) === true) return localRevision;
    const target = targetOf(app, source, this.#ports);
    if (asked === '' || asked === source.targetRevision) return await following.newestOf(target, anew);
    const other = targetOf(app, { ...source, targetRevision: asked }, this.#ports);
    return other.fixed ?? (await other.look(undefined));
  }

  async #openCommit<T>({ app, source, revision }: Opening, use: Use<T>, signal: AbortSignal): Promise<T> {
    const { remotes, verification, local } = this.#ports;
    if (local?.standsFor(source) === true) return await use({ spec: source, revision, tree: this.#localTree(local) });
    const remote = remoteOfSource(app, source);
    return await remotes.repository(remote).with(revision, async (snapshot) => {
      await verification.check({ app, source, remote, snapshot }, signal);
      const tree = new Tree(snapshot.reader, snapshot.about.tree, remotes.submodulesOf(remote, snapshot, signal));
      const { author, date, subject } = snapshot.about;
      return await use({ spec: source, revision, tree, about: { author, date, subject } });
    });
  }

  #localTree({ folder }: LocalTree): Tree {
    const reader = new FolderReader(folder, this.#ports.limits);
    return new Tree(reader, '.');
  }

  async #openChart<T>({ app, source, revision }: Opening, use: Use<T>, signal: AbortSignal): Promise<T> {
    const repository = chartRepositoryOf(app, source);
    const version = { repository, name: source.chart, version: revision };
    await using chart = await this.#ports.charts.open(version, signal);
    return await use({ spec: source, revision, tree: new Tree(chart.reader, await chart.reader.rootTree('')) });
  }
}

interface Opening {
  readonly app: Application;
  readonly source: SourceSpec;
  readonly revision: string;
}

type Opened = HeldSource & { readonly about?: CommitAbout };
type Use<T> = (opened: Opened) => Promise<T>;
