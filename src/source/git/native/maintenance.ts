import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Wanted } from '../engine.ts';
import type { Git } from './git.ts';
import { listPacks, removePacks, type Pack } from './packs.ts';

/** Each fetch adds a pack; so many are as quick to read as one. */
const maxPacks = 50;
/** Beyond twice what the last packing left: what is not used any more. */
const slackBytes = 32 * 1024 * 1024;

export interface MaintenanceOptions {
  readonly git: Git;
  readonly folder: string;
  readonly deadlineMs: number;
  /** Waits until no other repository is being packed. */
  readonly oneAtATime: <T>(work: () => Promise<T>) => Promise<T>;
}

/** Keeps what one repository takes on disk in proportion to what is used of it. */
export class Maintenance {
  readonly #options: MaintenanceOptions;
  /** Bytes after the last packing; what was there before this process counts as packed. */
  #packedBytes: number | undefined;

  constructor(options: MaintenanceOptions) {
    this.#options = options;
  }

  /** A new repository has nothing packed. */
  reset(): void {
    this.#packedBytes = undefined;
  }

  async isDue(): Promise<boolean> {
    const packs = await listPacks(this.#options.folder);
    const bytes = sum(packs);
    this.#packedBytes ??= bytes;
    return packs.length > maxPacks || bytes > 2 * this.#packedBytes + slackBytes;
  }

  /**
   * One pack of all that is kept, and nothing else. `git gc` would keep whatever was ever fetched with a filter,
   * and would stumble over the files that were left out.
   */
  async run(kept: readonly Wanted[], signal: AbortSignal): Promise<void> {
    await this.#options.oneAtATime(async () => {
      const { folder } = this.#options;
      const before = await listPacks(folder);
      const packed = kept.length === 0 ? undefined : await this.#pack(kept, signal);
      await removePacks(
        folder,
        before.filter(({ name }) => name !== packed),
      );
      await this.#rewriteShallow(kept);
      this.#packedBytes = sum(await listPacks(folder));
    });
  }

  async #pack(kept: readonly Wanted[], signal: AbortSignal): Promise<string> {
    const { git, folder, deadlineMs } = this.#options;
    const args = ['pack-objects', '--revs', '--missing=allow-any', '--window=0', '--quiet', 'objects/pack/pack'];
    const stdin = kept.map(({ commit, tag }) => `${tag ?? commit}\n`).join('');
    const printed = await git.run({ args, stdin, cwd: folder, env: { GIT_DIR: folder }, deadlineMs }, signal);
    const name = `pack-${printed.toString('utf8').trim()}`;
    // Says that what is missing was left out by a filter.
    await writeFile(join(folder, 'objects', 'pack', `${name}.promisor`), '', { mode: 0o600 });
    return name;
  }

  /** Every commit was fetched without its parents; commits that are gone need not be told of. */
  async #rewriteShallow(kept: readonly Wanted[]): Promise<void> {
    const file = join(this.#options.folder, 'shallow');
    const commits = new Set(kept.map(({ commit }) => `${commit}\n`));
    await writeFile(`${file}.new`, [...commits].join(''), { mode: 0o600 });
    await rename(`${file}.new`, file);
  }
}

function sum(packs: readonly Pack[]): number {
  return packs.reduce((total, { bytes }) => total + bytes, 0);
}
