import { posix } from 'node:path';
import type { TreeEntry } from '../../git/engine.ts';
import { join, type Tree, type TreeNode } from '../../tree.ts';

interface Folder {
  readonly node: TreeNode;
  readonly entries: ReadonlyMap<string, TreeEntry>;
}

/** Finds paths of a tree, reading each folder once however many files of it are asked for. The root is `.`. */
export class Lookup {
  readonly #tree: Tree;
  readonly #folders = new Map<string, Promise<Folder | undefined>>();

  constructor(tree: Tree) {
    this.#tree = tree;
  }

  /** As `Tree.find`; the path must be normalised. */
  async find(path: string): Promise<TreeNode | undefined> {
    if (path === '.') return await this.#tree.find('');
    const folder = await this.#folder(posix.dirname(path));
    const entry = folder?.entries.get(posix.basename(path));
    if (folder === undefined || entry === undefined) return undefined;
    if (entry.kind === 'link' || entry.kind === 'submodule') return await this.#tree.find(path);
    return { kind: entry.kind, path, oid: entry.oid, tree: folder.node.tree };
  }

  /** What a folder holds, in the order of names; empty when it is no folder. */
  async entries(path: string): Promise<readonly TreeEntry[]> {
    return [...((await this.#folder(path))?.entries.values() ?? [])];
  }

  /** All files below a folder. Links are followed to files, never into folders; those that lead nowhere are left out. */
  async *filesBelow(path: string): AsyncGenerator<TreeNode> {
    for (const entry of await this.entries(path)) {
      const at = join(path, entry.name);
      if (entry.kind === 'folder') yield* this.filesBelow(at);
      if (entry.kind !== 'file' && entry.kind !== 'link') continue;
      const node = await this.find(at);
      if (node?.kind === 'file') yield node;
    }
  }

  #folder(path: string): Promise<Folder | undefined> {
    const known = this.#folders.get(path);
    if (known !== undefined) return known;
    const folder = this.#read(path);
    this.#folders.set(path, folder);
    return folder;
  }

  async #read(path: string): Promise<Folder | undefined> {
    const node = await this.find(path);
    if (node?.kind !== 'folder') return undefined;
    const entries = await node.tree.entries(node);
    return { node, entries: new Map(entries.map((entry) => [entry.name, entry])) };
  }
}
