import { gitUnavailable } from '../failures.ts';
import { CachedReader, ObjectCache } from './cached-reader.ts';
import {
  CorruptRepository,
  type CommitAbout,
  type CommitReader,
  type CommitStore,
  type LargeFile,
  type Wanted,
} from './engine.ts';

/** One fetched commit; `reader` is good while it is held. */
export interface Snapshot {
  readonly commit: string;
  readonly about: CommitAbout;
  readonly reader: CommitReader;
}

/** Disposing lets it go. */
export interface HeldSnapshot extends Snapshot, AsyncDisposable {}

interface Copy {
  readonly wanted: Wanted;
  readonly reader: CachedReader;
  users: number;
}

export interface RepositoryOptions {
  /** Asked once, at the first use. */
  readonly store: () => Promise<CommitStore>;
  /** Fetches into the store, with whatever credentials and pace that takes. */
  readonly fetch: (store: CommitStore, wanted: Wanted) => Promise<unknown>;
  readonly largeFile: (store: CommitStore, pointer: LargeFile, path: string) => Promise<Uint8Array>;
  /** True for commits that are worth keeping when nobody holds them. */
  readonly wanted: (commit: string) => boolean;
}

/**
 * Local copies of one remote's commits.
 *
 * Guarantees: one operation at a time; each commit is fetched once however many ask; what cannot be read is thrown away and
 * fetched again once; all that read it share what was parsed.
 */
export class Repository implements AsyncDisposable {
  readonly #options: RepositoryOptions;
  readonly #cache = new ObjectCache();
  readonly #copies = new Map<string, Copy>();
  #store: Promise<CommitStore> | undefined;
  #queue: Promise<unknown> = Promise.resolve();
  #users = 0;
  /** Kept when nobody holds it: what is asked for next is most like it. */
  #latest: Copy | undefined;
  #isRetired = false;
  /** Requests so far; a fetch that fails answers all that were waiting for the same commit. */
  #asked = 0;
  #lastFailure: { readonly key: string; readonly error: unknown; readonly asked: number } | undefined;

  constructor(options: RepositoryOptions) {
    this.#options = options;
  }

  /** Fetches the commit when it is not there, holds it while `use` runs, and repairs it once when it is damaged. */
  async with<T>(wanted: Wanted, use: (snapshot: Snapshot) => Promise<T>): Promise<T> {
    try {
      return await this.#withOnce(wanted, use);
    } catch (error) {
      if (!(error instanceof CorruptRepository)) throw error;
    }
    try {
      return await this.#withOnce(wanted, use);
    } catch (error) {
      if (!(error instanceof CorruptRepository)) throw error;
      throw gitUnavailable(`the fetched commit ${wanted.commit} cannot be read: ${error.message}`, error);
    }
  }

  /** For what outlives a call; a reader that throws CorruptRepository is repaired once it is let go. */
  async hold(wanted: Wanted): Promise<HeldSnapshot> {
    const asked = ++this.#asked;
    const { copy, about } = await this.#exclusive(() => this.#hold(wanted, asked));
    const { reader } = copy;
    return { commit: wanted.commit, about, reader, [Symbol.asyncDispose]: () => this.#release(copy) };
  }

  /** Nobody will ask again: what is still held goes when it is let go. */
  async retire(): Promise<void> {
    this.#isRetired = true;
    await this.#exclusive(() => this.#clear());
  }

  /** Ends what is under way, too. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#exclusive(async () => {
      const copies = [...this.#copies.values()];
      this.#copies.clear();
      for (const { reader } of copies) await reader[Symbol.asyncDispose]();
      await (await this.#store)?.[Symbol.asyncDispose]();
    });
  }

  async #withOnce<T>(wanted: Wanted, use: (snapshot: Snapshot) => Promise<T>): Promise<T> {
    await using held = await this.hold(wanted);
    return await use(held);
  }

  async #hold(wanted: Wanted, asked: number): Promise<{ copy: Copy; about: CommitAbout }> {
    const key = keyOf(wanted);
    const failure = this.#lastFailure;
    if (failure?.key === key && failure.asked >= asked) throw failure.error;
    const store = await this.#opened();
    const copy = this.#copies.get(key) ?? (await this.#fetch(store, wanted));
    this.#copies.set(key, copy);
    try {
      const about = await copy.reader.commit(wanted.commit);
      copy.users++;
      this.#users++;
      this.#latest = copy;
      return { copy, about };
    } catch (error) {
      if (error instanceof CorruptRepository) await this.#discard(store);
      throw error;
    }
  }

  async #opened(): Promise<CommitStore> {
    const known = this.#store;
    if (known !== undefined) return await known;
    this.#store = this.#options.store();
    const store = await this.#store;
    for (const wanted of await store.leftovers()) this.#copies.set(keyOf(wanted), this.#open(store, wanted));
    return store;
  }

  async #fetch(store: CommitStore, wanted: Wanted): Promise<Copy> {
    try {
      await this.#options.fetch(store, wanted);
    } catch (error) {
      const shown = error instanceof CorruptRepository ? unreadable(error) : error;
      this.#lastFailure = { key: keyOf(wanted), error: shown, asked: this.#asked };
      throw shown;
    }
    this.#lastFailure = undefined;
    return this.#open(store, wanted);
  }

  #open(store: CommitStore, wanted: Wanted): Copy {
    const largeFile = (pointer: LargeFile, path: string) => this.#options.largeFile(store, pointer, path);
    return { wanted, reader: new CachedReader(store.open(wanted), { cache: this.#cache, largeFile }), users: 0 };
  }

  async #release(copy: Copy): Promise<void> {
    copy.users--;
    this.#users--;
    await this.#exclusive(async () => {
      const store = await this.#opened();
      const isCurrent = this.#copies.get(keyOf(copy.wanted)) === copy;
      if (copy.reader.isDamaged && isCurrent) await this.#discard(store);
      else if (copy.users === 0 && !isCurrent) await copy.reader[Symbol.asyncDispose]();
      if (this.#isRetired) await this.#clear();
      else await this.#sweep(store);
    });
  }

  /** Removes the copies that nobody holds or wants any more; the last one that was used stays. */
  async #sweep(store: CommitStore): Promise<void> {
    for (const [key, copy] of [...this.#copies]) {
      const { wanted, reader, users } = copy;
      if (users > 0 || copy === this.#latest || this.#options.wanted(wanted.commit)) continue;
      this.#copies.delete(key);
      await reader[Symbol.asyncDispose]();
      await store.drop(wanted);
    }
  }

  /** Every copy is suspect when one is damaged; who still reads one finds out. */
  async #discard(store: CommitStore): Promise<void> {
    const copies = [...this.#copies.values()];
    this.#copies.clear();
    for (const { reader, users } of copies) if (users === 0) await reader[Symbol.asyncDispose]();
    await store.discard();
  }

  async #clear(): Promise<void> {
    if (this.#users > 0) return;
    const store = await this.#opened();
    await this.#discard(store);
    await store[Symbol.asyncDispose]();
  }

  async #exclusive<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#queue.then(work, work);
    this.#queue = turn.catch(() => undefined);
    return await turn;
  }
}

function keyOf({ commit, tag = '' }: Wanted): string {
  return `${commit} ${tag}`;
}

function unreadable(error: CorruptRepository): Error {
  return gitUnavailable(`what was fetched cannot be read: ${error.message}`, error);
}
