import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../model/ports.ts';
import type { GitEngine } from './engine.ts';

interface CopiesFolderOptions {
  readonly folder: string;
  readonly clock: Clock;
  readonly engine: () => Promise<GitEngine>;
  /** Whether somebody follows the remote of this id. */
  readonly isUsed: (id: string) => boolean;
}

/** Until then every Application that is left has asked for its remote. */
const unclaimedMs = 3_600_000;

/**
 * The folder of all local copies, one folder per remote below. What an earlier process left is kept when the engine can use
 * it, until it is clear that nobody follows its remote any more; else it is removed before the first use.
 */
export class CopiesFolder implements Disposable {
  readonly #options: CopiesFolderOptions;
  readonly #claimed = new Set<string>();
  #ready: Promise<string> | undefined;
  #cancel: () => void = () => undefined;
  #more = 0;

  constructor(options: CopiesFolderOptions) {
    this.#options = options;
  }

  /** The folder, once it holds nothing stale. */
  async ready(): Promise<string> {
    return await (this.#ready ??= this.#prepare());
  }

  /** The first of an id has the same name in every process; a later one may come while that is still being emptied. */
  nameFor(id: string): string {
    if (this.#claimed.has(id)) return `${id}-${++this.#more}`;
    this.#claimed.add(id);
    return id;
  }

  [Symbol.dispose](): void {
    this.#cancel();
  }

  async #prepare(): Promise<string> {
    const { folder, engine, clock } = this.#options;
    const { keepsCopies } = await engine();
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await this.#remove((name) => !keepsCopies || !/^[0-9a-f]{32}$/.test(name));
    this.#cancel = clock.after(unclaimedMs, () => void this.#removeUnclaimed());
    return folder;
  }

  async #removeUnclaimed(): Promise<void> {
    const isClaimed = (name: string): boolean => this.#claimed.has(name) || this.#options.isUsed(name);
    // What cannot be removed now goes when the next process begins, or the one after.
    await this.#remove((name) => /^[0-9a-f]{32}$/.test(name) && !isClaimed(name)).catch(() => undefined);
  }

  async #remove(isStale: (name: string) => boolean): Promise<void> {
    const { folder } = this.#options;
    const names = (await readdir(folder)).filter(isStale);
    for (const name of names) await rm(join(folder, name), { recursive: true, force: true });
  }
}
