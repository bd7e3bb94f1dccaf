import { randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../model/ports.ts';

/**
 * Bytes by name in one folder, the least recently used removed beyond a size.
 *
 * Guarantees: a file is complete or not there; what cannot be written is only not kept; it survives a restart.
 * Caveat: whoever reads must be able to tell damaged content; names are plain file names.
 */
export class DiskCache {
  readonly #folder: string;
  readonly #maxBytes: number;
  readonly #clock: Clock;
  /** Least recently used first; undefined until the folder was read. */
  #sizes: Promise<Map<string, number>> | undefined;

  constructor(folder: string, maxBytes: number, clock: Clock) {
    this.#folder = folder;
    this.#maxBytes = maxBytes;
    this.#clock = clock;
  }

  async get(name: string): Promise<Buffer | undefined> {
    const bytes = await readFile(join(this.#folder, name)).catch(() => undefined);
    if (bytes !== undefined) await this.#used(name, bytes.length);
    return bytes;
  }

  async put(name: string, bytes: Uint8Array): Promise<void> {
    const sizes = await this.#known();
    const draft = join(this.#folder, `.${randomUUID()}`);
    try {
      await writeFile(draft, bytes, { mode: 0o600 });
      await rename(draft, join(this.#folder, name));
    } catch {
      await rm(draft, { force: true });
      return;
    }
    sizes.delete(name);
    sizes.set(name, bytes.length);
    await this.#evict(sizes);
  }

  async remove(name: string): Promise<void> {
    (await this.#known()).delete(name);
    await rm(join(this.#folder, name), { force: true });
  }

  async #used(name: string, size: number): Promise<void> {
    const sizes = await this.#known();
    sizes.delete(name);
    sizes.set(name, size);
    const now = new Date(this.#clock.now());
    // For the next process; this one knows the order.
    await utimes(join(this.#folder, name), now, now).catch(() => undefined);
  }

  async #evict(sizes: Map<string, number>): Promise<void> {
    let total = 0;
    for (const size of sizes.values()) total += size;
    for (const [name, size] of sizes) {
      if (total <= this.#maxBytes) return;
      total -= size;
      sizes.delete(name);
      await rm(join(this.#folder, name), { force: true });
    }
  }

  async #known(): Promise<Map<string, number>> {
    this.#sizes ??= this.#readFolder();
    return await this.#sizes;
  }

  async #readFolder(): Promise<Map<string, number>> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    const found: { name: string; size: number; usedAt: number }[] = [];
    for (const name of await readdir(this.#folder)) {
      // A draft of a process that died.
      if (name.startsWith('.')) await rm(join(this.#folder, name), { force: true });
      else {
        const { size, mtimeMs } = await stat(join(this.#folder, name));
        found.push({ name, size, usedAt: mtimeMs });
      }
    }
    return new Map(found.sort((a, b) => a.usedAt - b.usedAt).map(({ name, size }) => [name, size]));
  }
}
