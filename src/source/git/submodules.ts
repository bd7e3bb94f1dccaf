import type { Remotes } from '../remotes.ts';
import { gitUnavailable, renderError, sourceError } from '../failures.ts';
import { Tree } from '../tree.ts';
import { CorruptRepository } from './engine.ts';
import { originOf, remoteOf, type Remote } from './remote.ts';
import type { HeldSnapshot, Snapshot } from './repository.ts';

/** A submodule in a submodule in … */
const maxDepth = 5;

export interface SubmodulesOptions {
  readonly remotes: Pick<Remotes, 'repositoryBelow'>;
  /** Of the repository that has the submodules. */
  readonly remote: Remote;
  readonly snapshot: Snapshot;
}

/**
 * Submodules of one commit, fetched when a path leads into them and held until this is disposed.
 *
 * Guarantees: only HTTP(S) and SSH addresses; credentials of the parent go to its own origin only, others come from the
 * labelled Secret for the address. Throws OperatorError, naming the path.
 */
export class Submodules implements AsyncDisposable {
  readonly #options: SubmodulesOptions;
  readonly #depth: number;
  readonly #held = new Map<string, Promise<Tree>>();
  readonly #stack = new AsyncDisposableStack();
  #urls: Promise<ReadonlyMap<string, string>> | undefined;

  constructor(options: SubmodulesOptions, depth = 0) {
    this.#options = options;
    this.#depth = depth;
  }

  /** The tree of the superproject, with a way into its submodules. */
  tree(): Tree {
    const { reader, about } = this.#options.snapshot;
    return new Tree(reader, about.tree, (path, oid) => this.open(path, oid));
  }

  /** The content of the submodule at `path`. */
  open(path: string, oid: string): Promise<Tree> {
    const key = `${path} ${oid}`;
    const known = this.#held.get(key);
    if (known !== undefined) return known;
    const opened = this.#open(path, oid);
    this.#held.set(key, opened);
    return opened;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }

  async #open(path: string, commit: string): Promise<Tree> {
    if (this.#depth >= maxDepth) throw renderError('InvalidObject', `${path}: submodules nest deeper than ${maxDepth}`);
    const remote = await this.#remoteOf(path);
    const snapshot = await this.#hold(remote, commit, path);
    this.#stack.use(snapshot);
    const { remotes } = this.#options;
    return this.#stack.use(new Submodules({ remotes, remote, snapshot }, this.#depth + 1)).tree();
  }

  async #hold(remote: Remote, commit: string, path: string): Promise<HeldSnapshot> {
    try {
      return await this.#options.remotes.repositoryBelow(this.#options.remote, remote).hold({ commit });
    } catch (error) {
      // Of the submodule's repository, which is repaired by now, not of the superproject's.
      if (error instanceof CorruptRepository) throw gitUnavailable(`submodule ${path}: ${error.message}`, error);
      throw error;
    }
  }

  async #remoteOf(path: string): Promise<Remote> {
    const { remote } = this.#options;
    const url = (await (this.#urls ??= this.#readUrls())).get(path);
    if (url === undefined) throw sourceError('PathNotFound', `${path}: is a submodule that .gitmodules does not name`);
    const absolute = absoluteUrl(url, remote.url);
    const where = `.gitmodules, submodule ${path}`;
    const found = remoteOf(absolute, undefined, where);
    return originOf(found) === originOf(remote) ? remoteOf(absolute, remote.secret, where) : found;
  }

  async #readUrls(): Promise<ReadonlyMap<string, string>> {
    const { reader, about } = this.#options.snapshot;
    const tree = new Tree(reader, about.tree);
    const file = await tree.find('.gitmodules');
    return file?.kind === 'file' ? parseModules((await tree.read(file)).toString('utf8')) : new Map();
  }
}

/** Path → address, of a file in git's own format; what it says besides does not matter. */
export function parseModules(text: string): ReadonlyMap<string, string> {
  const urls = new Map<string, string>();
  for (const section of text.split(/^\s*\[/m).slice(1)) {
    const value = (name: string): string | undefined =>
      new RegExp(`^\\s*${name}\\s*=\\s*"?(.*?)"?\\s*$`, 'm').exec(section)?.[1];
    const [path, url] = [value('path'), value('url')];
    if (section.startsWith('submodule') && path !== undefined && url !== undefined) urls.set(path, url);
  }
  return urls;
}

/** `./x` and `../x` are relative to the address of the superproject, as git has it. */
export function absoluteUrl(url: string, parent: string): string {
  if (!/^\.\.?\//.test(url)) return url;
  let base = parent.replace(/\/+$/, '');
  let rest = url;
  while (/^\.\.?\//.test(rest)) {
    if (rest.startsWith('../')) base = base.replace(/[/:][^/:]*$/, (end) => (end.startsWith(':') ? ':' : ''));
    rest = rest.replace(/^\.\.?\//, '');
  }
  return base.endsWith(':') ? `${base}${rest}` : `${base}/${rest}`;
}
