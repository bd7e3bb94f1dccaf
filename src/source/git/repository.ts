import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { CorruptRepository, type ObjectReader } from './engine.ts';
import { gitUnavailable } from '../failures.ts';

/** One fetched commit; `reader` is good while it is held. */
export interface Snapshot {
  readonly commit: string;
  readonly reader: ObjectReader;
}

interface Held extends Snapshot {
  readonly folder: string;
  users: number;
}

export interface RepositoryOptions {
  /** Owned by this repository alone. */
  readonly folder: string;
  /** Puts one commit into an empty folder, with whatever credentials and pace that takes. */
  readonly fetch: (commit: string, folder: string) => Promise<unknown>;
  readonly open: (folder: string) => ObjectReader;
  /** True for commits that are worth keeping when nobody holds them. */
  readonly wanted: (commit: string) => boolean;
}

/**
 * Local copies of one remote's commits, one folder each.
 *
 * Guarantees: one operation at a time; each commit is fetched once however many ask; a copy is complete or not there
 * (a fetch ends with a rename); a copy that cannot be read is fetched again once.
 */
export class Repository implements AsyncDisposable {
  readonly #options: RepositoryOptions;
  readonly #snapshots = new Map<string, Held>();
  #queue: Promise<unknown> = Promise.resolve();
  #nextFolder = 1;
  /** Requests so far; a fetch that fails answers all that were waiting for the same commit. */
  #asked = 0;
  #lastFailure: { readonly commit: string; readonly error: unknown; readonly asked: number } | undefined;

  constructor(options: RepositoryOptions) {
    this.#options = options;
  }

  /** Fetches the commit when it is not there, holds it while `use` runs, and repairs it once when it is damaged. */
  async with<T>(commit: string, use: (snapshot: Snapshot) => Promise<T>): Promise<T> {
    try {
      return await this.#withOnce(commit, use);
    } catch (error) {
      if (!(error instanceof CorruptRepository)) throw error;
    }
    try {
      return await this.#withOnce(commit, use);
    } catch (error) {
      if (!(error instanceof CorruptRepository)) throw error;
      throw gitUnavailable(`the fetched commit ${commit} cannot be read: ${error.message}`, error);
    }
  }

  /** Removes the copies that nobody holds or wants any more. */
  async sweep(): Promise<void> {
    await this.#exclusive(async () => {
      for (const held of [...this.#snapshots.values()]) {
        if (held.users === 0 && !this.#options.wanted(held.commit)) await this.#drop(held);
      }
    });
  }

  /** Nobody will ask again: what is still held goes when it is let go. */
  async retire(): Promise<void> {
    await this.#exclusive(async () => {
      const all = [...this.#snapshots.values()];
      this.#snapshots.clear();
      for (const held of all) if (held.users === 0) await this.#remove(held);
      if (all.every(({ users }) => users === 0)) await rm(this.#options.folder, { recursive: true, force: true });
    });
  }

  /** Ends what is under way, too. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#exclusive(async () => {
      for (const held of [...this.#snapshots.values()]) await this.#drop(held);
      await rm(this.#options.folder, { recursive: true, force: true });
    });
  }

  async #withOnce<T>(commit: string, use: (snapshot: Snapshot) => Promise<T>): Promise<T> {
    const asked = ++this.#asked;
    const held = await this.#exclusive(() => this.#hold(commit, asked));
    try {
      return await use(held);
    } catch (error) {
      if (error instanceof CorruptRepository) this.#forget(held);
      throw error;
    } finally {
      held.users--;
      if (held.users === 0 && this.#snapshots.get(commit) !== held) await this.#remove(held);
      else await this.sweep();
    }
  }

  async #hold(commit: string, asked: number): Promise<Held> {
    const failure = this.#lastFailure;
    if (failure?.commit === commit && failure.asked >= asked) throw failure.error;
    const held = this.#snapshots.get(commit) ?? (await this.#fetch(commit));
    this.#snapshots.set(commit, held);
    held.users++;
    return held;
  }

  async #fetch(commit: string): Promise<Held> {
    const folder = join(this.#options.folder, `${commit}-${this.#nextFolder++}`);
    const partial = `${folder}.partial`;
    try {
      await rm(partial, { recursive: true, force: true });
      await mkdir(partial, { recursive: true, mode: 0o700 });
      await this.#options.fetch(commit, partial);
      await rename(partial, folder);
    } catch (error) {
      await rm(partial, { recursive: true, force: true });
      const shown = error instanceof CorruptRepository ? unreadable(error) : error;
      this.#lastFailure = { commit, error: shown, asked: this.#asked };
      throw shown;
    }
    this.#lastFailure = undefined;
    return { commit, folder, reader: this.#options.open(folder), users: 0 };
  }

  #forget(held: Held): void {
    if (this.#snapshots.get(held.commit) === held) this.#snapshots.delete(held.commit);
  }

  async #drop(held: Held): Promise<void> {
    this.#forget(held);
    await this.#remove(held);
  }

  async #remove(held: Held): Promise<void> {
    await held.reader[Symbol.asyncDispose]();
    await rm(held.folder, { recursive: true, force: true });
  }

  async #exclusive<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#queue.then(work, work);
    this.#queue = turn.catch(() => undefined);
    return await turn;
  }
}

function unreadable(error: CorruptRepository): Error {
  return gitUnavailable(`what was fetched cannot be read: ${error.message}`, error);
}
