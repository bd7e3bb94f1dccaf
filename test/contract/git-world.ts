import type { Reason } from '../../src/model/reasons.ts';
import type { RelayFault, TcpRelay } from '../../tools/tcp-relay.ts';
import type { GitRepository, GitServer, GitServerOptions } from '../../tools/git-server.ts';
import type { SshServer } from '../../tools/ssh-server.ts';
import { application, never, startSource, type Stage, type StageChange } from '../source/stage.ts';

/** One engine over one transport. */
export type Variant = 'embedded-http' | 'native-http' | 'native-ssh';

/** What a case comes to: what its `run` asserts, or this error. */
export type Outcome = 'works' | { readonly reason: Reason; readonly says: RegExp };

export interface GitCase {
  readonly name: string;
  /** For the table in the docs. */
  readonly about: string;
  /** By variant; where one is missing the case says nothing about it. */
  readonly outcomes: Partial<Readonly<Record<Variant, Outcome>>>;
  readonly run: (world: GitWorld) => Promise<void>;
}

export const everywhere = (outcome: Outcome = 'works'): GitCase['outcomes'] => ({
  'embedded-http': outcome,
  'native-http': outcome,
  'native-ssh': outcome,
});

export const nativeOnly = (says: RegExp, outcome: Outcome = 'works'): GitCase['outcomes'] => ({
  ...everywhere(outcome),
  'embedded-http': { reason: 'UnsupportedByEngine', says },
});

export const overHttp = (outcome: Outcome = 'works'): GitCase['outcomes'] => ({
  'embedded-http': outcome,
  'native-http': outcome,
});

export interface Ask {
  readonly targetRevision?: string;
  readonly tagPrefix?: string;
  readonly path?: string;
  /** Looks at the remote first, unless false. */
  readonly refresh?: false;
  readonly stage?: Stage;
}

export interface WorldParts {
  readonly variant: Variant;
  readonly relay: TcpRelay;
  readonly createRepository: (name: string, format?: 'sha1' | 'sha256') => Promise<GitRepository>;
  /** The address by which the relay is asked. */
  readonly addressOf: (repository: GitRepository) => string;
  /** What every stage begins with. */
  readonly secret: Readonly<Record<string, string>> | undefined;
  readonly startServer: (options: GitServerOptions) => Promise<GitServer>;
  readonly server: GitServer;
  readonly ssh: SshServer | undefined;
  /** Folder of git-lfs; undefined where it cannot be had. */
  readonly largeFilesPath: string | undefined;
}

let repositories = 0;

/** What one case has: a server, a relay before it, and sources that are gone afterwards. */
export class GitWorld implements AsyncDisposable {
  readonly parts: WorldParts;
  /** Why a case could not be tried on this machine. */
  skipped: string | undefined;
  readonly #stack = new AsyncDisposableStack();
  #stage: Stage | undefined;

  constructor(parts: WorldParts) {
    this.parts = parts;
  }

  get isNative(): boolean {
    return this.parts.variant !== 'embedded-http';
  }

  use<T extends AsyncDisposable>(resource: T): T {
    return this.#stack.use(resource);
  }

  defer(undo: () => void): void {
    this.#stack.defer(undo);
  }

  async repository(format?: 'sha1' | 'sha256'): Promise<GitRepository> {
    return await this.parts.createRepository(`case-${++repositories}`, format);
  }

  /** The source of this case. */
  async stage(): Promise<Stage> {
    return (this.#stage ??= await this.newStage());
  }

  /** Another one, with other settings. */
  async newStage(change: StageChange = {}): Promise<Stage> {
    const { secret } = this.parts;
    const stage = this.use(await startSource({ engine: this.isNative ? 'native' : 'embedded', ...change }));
    if (secret !== undefined) stage.knownSecrets.change('argo', 'git', secret);
    return stage;
  }

  /** Names of the objects that an Application would have. */
  async load(from: GitRepository | string, ask: Ask = {}): Promise<string[]> {
    const { targetRevision = 'main', tagPrefix = '', path = '.', refresh } = ask;
    const stage = ask.stage ?? (await this.stage());
    const repoURL = typeof from === 'string' ? from : this.parts.addressOf(from);
    const secretRef = stage.secrets.has('argo/git') ? { secretRef: 'git' } : {};
    const app = application({
      source: { repoURL, targetRevision, tagPrefix, path, directory: { recurse: true }, ...secretRef },
    });
    const desired = await stage.source.load(app, refresh === false ? {} : { refresh: 'normal' }, never);
    return desired.objects.map(({ ref }) => ref.name);
  }

  setFault(fault: RelayFault | undefined): void {
    this.parts.relay.setFault(fault);
  }

  /** What the work makes the server send. */
  async bytesOf(work: () => Promise<unknown>): Promise<number> {
    const before = this.parts.relay.bytesSent;
    await work();
    return this.parts.relay.bytesSent - before;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.setFault(undefined);
    await this.#stack.disposeAsync();
  }
}
