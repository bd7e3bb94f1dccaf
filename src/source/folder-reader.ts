import { lstat, readdir, readFile, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { ObjectReader, TreeEntry } from './git/engine.ts';
import { limitExceeded, type Limits } from './limits.ts';

/**
 * A folder on disk, read as if it were a commit: for what is not committed yet.
 *
 * Caveat: ids are places, not content, so that nothing read through it may be cached.
 */
export class FolderReader implements ObjectReader {
  readonly #folder: string;
  readonly #limits: Limits;

  constructor(folder: string, limits: Limits) {
    this.#folder = folder;
    this.#limits = limits;
  }

  rootTree(): Promise<string> {
    return Promise.resolve('.');
  }

  async tree(oid: string): Promise<TreeEntry[]> {
    const entries = await readdir(join(this.#folder, oid), { withFileTypes: true });
    return entries
      .filter((entry) => entry.isFile() || entry.isDirectory() || entry.isSymbolicLink())
      .map((entry) => ({
        name: entry.name,
        kind: entry.isDirectory() ? 'folder' : entry.isSymbolicLink() ? 'link' : 'file',
        oid: join(oid, entry.name),
      }));
  }

  async blob(oid: string, path: string): Promise<Uint8Array> {
    const file = join(this.#folder, oid);
    const found = await lstat(file);
    if (found.size > this.#limits.manifestBytes) throw limitExceeded(path, 'manifestBytes', this.#limits);
    return found.isSymbolicLink() ? Buffer.from(await readlink(file)) : await readFile(file);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }
}
