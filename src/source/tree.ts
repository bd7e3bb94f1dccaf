import { posix } from 'node:path';
import { notYetSupported, renderError, sourceError } from './failures.ts';
import type { ObjectReader, TreeEntry } from './git/engine.ts';

/** A file or a folder of a commit, links followed. */
export interface TreeNode {
  readonly kind: 'file' | 'folder';
  /** As it was asked for, from the root of the repository; the root itself is empty. */
  readonly path: string;
  /** Equal ids, equal content. */
  readonly oid: string;
  readonly tree: Tree;
}

/** Gives the content of a submodule: the commit `oid` of the repository that `.gitmodules` names for `path`. */
export type OpenSubmodule = (path: string, oid: string) => Promise<Tree>;

const maxHops = 20;
const manyEntries = 64;

/** Follows paths and links through a commit, never out of it. */
export class Tree {
  readonly #reader: ObjectReader;
  readonly #root: string;
  readonly #submodule: OpenSubmodule;
  /** Folders that are too large to be looked through for each name. */
  readonly #large = new WeakMap<readonly TreeEntry[], ReadonlyMap<string, TreeEntry>>();

  constructor(reader: ObjectReader, root: string, submodule: OpenSubmodule = refuseSubmodule) {
    this.#reader = reader;
    this.#root = root;
    this.#submodule = submodule;
  }

  /** undefined when a component does not exist. Throws OperatorError for links that leave the repository. */
  async find(path: string): Promise<TreeNode | undefined> {
    const names = path.split('/').filter((name) => name !== '' && name !== '.');
    if (names.includes('..')) throw leaves(path, path);
    return await this.#find(names, maxHops);
  }

  /** Throws OperatorError PathNotFound, listing what is there instead. */
  async folderAt(path: string): Promise<TreeNode> {
    const found = await this.find(path);
    if (found === undefined) throw await this.#notFound(path);
    if (found.kind !== 'folder')
      throw sourceError('PathNotFound', `spec.source.path: "${path}" is a file, not a folder`);
    return found;
  }

  /** What a folder has, in the order of names, `.git` left out. Links are not followed. */
  async entries(folder: TreeNode): Promise<readonly TreeEntry[]> {
    const all = await folder.tree.#reader.tree(folder.oid);
    return all.filter(({ name }) => name.toLowerCase() !== '.git').toSorted((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** One entry of a folder, its link followed; undefined when the link leads nowhere. */
  async child(folder: TreeNode, { name, kind, oid }: TreeEntry): Promise<TreeNode | undefined> {
    const path = join(folder.path, name);
    if (kind === 'file' || kind === 'folder') return { kind, path, oid, tree: folder.tree };
    return await this.find(path);
  }

  /** Throws OperatorError LimitExceeded, naming the path. */
  async read(file: TreeNode): Promise<Buffer> {
    return Buffer.from(await file.tree.#reader.blob(file.oid, file.path));
  }

  async #find(names: readonly string[], hops: number): Promise<TreeNode | undefined> {
    let at: TreeNode = { kind: 'folder', path: '', oid: this.#root, tree: this };
    for (const [i, name] of names.entries()) {
      const path = names.slice(0, i + 1).join('/');
      const rest = names.slice(i + 1);
      if (at.kind !== 'folder') return undefined;
      const next: TreeEntry | undefined = at.tree.#entryIn(await at.tree.#reader.tree(at.oid), name);
      if (next === undefined) return undefined;
      if (next.kind === 'submodule') return await this.#inside(path, next.oid, rest);
      if (next.kind === 'link') return await this.#through(path, next, { rest, hops });
      at = { kind: next.kind, path, oid: next.oid, tree: this };
    }
    return at;
  }

  #entryIn(entries: readonly TreeEntry[], name: string): TreeEntry | undefined {
    if (entries.length < manyEntries) return entries.find((entry) => entry.name === name);
    const known = this.#large.get(entries) ?? new Map(entries.map((entry) => [entry.name, entry]));
    this.#large.set(entries, known);
    return known.get(name);
  }

  async #inside(path: string, oid: string, rest: readonly string[]): Promise<TreeNode | undefined> {
    const found = await (await this.#submodule(path, oid)).find(rest.join('/'));
    return found === undefined ? undefined : { ...found, path: [path, ...rest].join('/') };
  }

  async #through(
    path: string,
    link: TreeEntry,
    { rest, hops }: { readonly rest: readonly string[]; readonly hops: number },
  ): Promise<TreeNode | undefined> {
    if (hops <= 0) throw renderError('PathNotFound', `${path}: too many links, one after another`);
    const target = await this.#targetOf(path, link);
    const found = await this.#find([...target.split('/').filter((name) => name !== '.'), ...rest], hops - 1);
    return found === undefined ? undefined : { ...found, path: [path, ...rest].join('/') };
  }

  async #targetOf(path: string, link: TreeEntry): Promise<string> {
    const text = Buffer.from(await this.#reader.blob(link.oid, path)).toString('utf8');
    const target = posix.normalize(posix.join(posix.dirname(path), text));
    if (posix.isAbsolute(text) || target === '..' || target.startsWith('../')) throw leaves(path, text);
    return target;
  }

  async #notFound(path: string) {
    let nearest = '.';
    for (let parent = posix.dirname(path); parent !== '.' && parent !== '/'; parent = posix.dirname(parent)) {
      if ((await this.find(parent))?.kind !== 'folder') continue;
      nearest = parent;
      break;
    }
    const found = await this.find(nearest);
    const names = found === undefined ? [] : (await this.entries(found)).map(({ name }) => name);
    const listing =
      names.length === 0 ? 'is empty' : `has ${names.slice(0, 20).join(', ')}${names.length > 20 ? ', …' : ''}`;
    return sourceError('PathNotFound', `spec.source.path: there is no "${path}"; "${nearest}" ${listing}`);
  }
}

export function join(folder: string, name: string): string {
  return folder === '' || folder === '.' ? name : `${folder}/${name}`;
}

function refuseSubmodule(path: string): Promise<Tree> {
  return Promise.reject(notYetSupported(`${path}: is a submodule, which is not supported here`));
}

function leaves(path: string, target: string) {
  return renderError(
    'InvalidObject',
    `${path}: is a link that leaves the repository ("${target.slice(0, 100)}"); it is refused`,
  );
}
