import { randomUUID } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../model/ports.ts';

export interface BoundedFolderOptions {
  readonly folder: string;
  /** With the dot. */
  readonly extension: string;
  readonly maxBytes: number;
  readonly clock: Clock;
}

const hexName = /^[0-9a-f]{64}$/;

/**
 * Files named by a SHA-256, the least recently used of which go when there are too many bytes of them.
 *
 * Guarantees: a file is complete or not there; what an earlier process wrote is found again; anything else in the folder is
 * removed.
 */
export class BoundedFolder {
  readonly #options: BoundedFolderOptions;
  /** Bytes by name, least recently used first; undefined until the folder was read. */
  #sizes: Promise<Map<string, number>> | undefined;

  constructor(options: BoundedFolderOptions) {
    this.#options = options;
  }

  /** undefined when there is none. */
  async read(name: string): Promise<Buffer | undefined> {
    if (!hexName.test(name)) return undefined;
    const bytes = await readFile(this.#path(name)).catch(() => undefined);
    if (bytes !== undefined) await this.#used(name, bytes.length);
    return bytes;
  }

  /** Evicts others afterwards, but for those in `kept`. */
  async write(name: string, bytes: Uint8Array, kept: ReadonlySet<string> = new Set()): Promise<readonly string[]> {
    await this.#replace(name, bytes);
    await this.#used(name, bytes.length);
    return await this.#evict(new Set([name, ...kept]));
  }

  /** Renamed into place only when all of it is on disk. */
  async #replace(name: string, bytes: Uint8Array): Promise<void> {
    const { folder } = this.#options;
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const partial = join(folder, `${randomUUID()}.partial`);
    try {
      const file = await open(partial, 'wx', 0o600);
      try {
        await file.writeFile(bytes);
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(partial, this.#path(name));
    } catch (error) {
      await rm(partial, { force: true });
      throw error;
    }
  }

  /** Moves it to the end of the line of what is evicted, also for the next process. */
  async #used(name: string, size: number): Promise<void> {
    const sizes = await (this.#sizes ??= this.#list());
    sizes.delete(name);
    sizes.set(name, size);
    const now = this.#options.clock.now() / 1000;
    await utimes(this.#path(name), now, now).catch(() => undefined);
  }

  async #evict(kept: ReadonlySet<string>): Promise<readonly string[]> {
    const sizes = await (this.#sizes ??= this.#list());
    let total = 0;
    for (const size of sizes.values()) total += size;
    const evicted: string[] = [];
    for (const [name, size] of [...sizes]) {
      if (total <= this.#options.maxBytes) break;
      if (kept.has(name)) continue;
      sizes.delete(name);
      evicted.push(name);
      await rm(this.#path(name), { force: true });
      total -= size;
    }
    return evicted;
  }

  async #list(): Promise<Map<string, number>> {
    const { folder, extension } = this.#options;
    const found: { name: string; size: number; used: number }[] = [];
    for (const entry of await readdir(folder).catch(() => [])) {
      const path = join(folder, entry);
      const name = entry.endsWith(extension) ? entry.slice(0, -extension.length) : '';
      const file = await stat(path).catch(() => undefined);
      if (!hexName.test(name)) await rm(path, { force: true, recursive: true });
      else if (file !== undefined) found.push({ name, size: file.size, used: file.mtimeMs });
    }
    found.sort((a, b) => a.used - b.used);
    return new Map(found.map(({ name, size }) => [name, size]));
  }

  #path(name: string): string {
    return join(this.#options.folder, `${name}${this.#options.extension}`);
  }
}
