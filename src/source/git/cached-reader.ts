import { CorruptRepository, type CommitAbout, type CommitReader, type LargeFile, type TreeEntry } from './engine.ts';
import { readPointer } from './lfs.ts';

/** Entries of trees that are kept for one repository: some tens of megabytes at most. */
const maxEntries = 200_000;

/**
 * Trees and commits of one repository by their ids, so that a thousand Applications that walk a new commit read each of its
 * folders once. Content does not change under an id; the least recently used goes first.
 */
export class ObjectCache {
  readonly #trees = new Map<string, { readonly read: Promise<readonly TreeEntry[]>; cost: number }>();
  readonly #commits = new Map<string, Promise<CommitAbout>>();
  #entries = 0;

  tree(oid: string, read: () => Promise<readonly TreeEntry[]>): Promise<readonly TreeEntry[]> {
    const known = this.#trees.get(oid);
    if (known !== undefined) {
      this.#trees.delete(oid);
      this.#trees.set(oid, known);
      return known.read;
    }
    const kept = { read: read(), cost: 0 };
    this.#trees.set(oid, kept);
    kept.read.then(
      (entries) => this.#count(oid, kept, entries.length + 1),
      () => this.#forget(oid, kept),
    );
    return kept.read;
  }

  commit(oid: string, read: () => Promise<CommitAbout>): Promise<CommitAbout> {
    const known = this.#commits.get(oid);
    if (known !== undefined) return known;
    const reading = read();
    this.#commits.set(oid, reading);
    const [oldest] = this.#commits.keys();
    if (this.#commits.size > 100 && oldest !== undefined) this.#commits.delete(oldest);
    reading.catch(() => this.#commits.delete(oid));
    return reading;
  }

  #count(oid: string, kept: { cost: number }, cost: number): void {
    if (this.#trees.get(oid) !== kept) return;
    kept.cost = cost;
    this.#entries += cost;
    for (const [oldest, { cost: freed }] of this.#trees) {
      if (this.#entries <= maxEntries || oldest === oid) break;
      this.#trees.delete(oldest);
      this.#entries -= freed;
    }
  }

  #forget(oid: string, kept: object): void {
    if (this.#trees.get(oid) === kept) this.#trees.delete(oid);
  }
}

export interface CachedReaderOptions {
  readonly cache: ObjectCache;
  /** The content that a Git LFS pointer stands for. */
  readonly largeFile: (pointer: LargeFile, path: string) => Promise<Uint8Array>;
}

/** Reads through a cache, puts the content in the place of pointers, and remembers whether the store turned out damaged. */
export class CachedReader implements CommitReader {
  readonly #reader: CommitReader;
  readonly #options: CachedReaderOptions;
  #isDamaged = false;

  constructor(reader: CommitReader, options: CachedReaderOptions) {
    this.#reader = reader;
    this.#options = options;
  }

  get isDamaged(): boolean {
    return this.#isDamaged;
  }

  async rootTree(commit: string): Promise<string> {
    return (await this.commit(commit)).tree;
  }

  async commit(oid: string): Promise<CommitAbout> {
    return await this.#watch(this.#options.cache.commit(oid, () => this.#reader.commit(oid)));
  }

  async tree(oid: string): Promise<readonly TreeEntry[]> {
    return await this.#watch(this.#options.cache.tree(oid, () => this.#reader.tree(oid)));
  }

  async blob(oid: string, path: string): Promise<Uint8Array> {
    const bytes = await this.#watch(this.#reader.blob(oid, path));
    const pointer = readPointer(bytes);
    return pointer === undefined ? bytes : await this.#options.largeFile(pointer, path);
  }

  async raw(oid: string): Promise<Uint8Array> {
    return await this.#watch(this.#reader.raw(oid));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#reader[Symbol.asyncDispose]();
  }

  async #watch<T>(reading: Promise<T>): Promise<T> {
    try {
      return await reading;
    } catch (error) {
      if (error instanceof CorruptRepository) this.#isDamaged = true;
      throw error;
    }
  }
}
