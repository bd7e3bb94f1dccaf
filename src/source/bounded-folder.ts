import { randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
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
/** How old the time of a file's last use may be on disk. */
const markedMs = 60_000;

interface Kept {
  readonly bytes: number;
  /** Since 1970, of its time on disk. */
  readonly markedAt: number;
}

/** Files by name, least recently used first. */
interface Content {
  readonly files: Map<string, Kept>;
  bytes: number;
}

/**
 * Files named by a SHA-256, the least recently used of which go when there are too many bytes of them.
 *
 * Guarantees: a file is complete or not there while the machine runs; what an earlier process wrote is found again;
 * anything else in the folder is removed.
 * Caveats: nothing waits for the disk, so that a machine that fails leaves files with other content: whoever reads has to
 * see that.
 */
export class BoundedFolder {
  readonly #options: BoundedFolderOptions;
  /** undefined until the folder was read. */
  #content: Promise<Content> | undefined;

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

  /** Evicts others afterwards, but for those that `isKept` names. */
  async write(name: string, bytes: Uint8Array, isKept: (name: string) => boolean = () => false): Promise<string[]> {
    try {
      return await this.#write(name, bytes, isKept);
    } catch (error) {
      if (!isMissing(error)) throw error;
      // Somebody has removed the folder.
      this.#content = undefined;
      return await this.#write(name, bytes, isKept);
    }
  }

  async #write(name: string, bytes: Uint8Array, isKept: (name: string) => boolean): Promise<string[]> {
    const content = await this.#list();
    await this.#replace(name, bytes);
    place(content, name, { bytes: bytes.length, markedAt: this.#options.clock.now() });
    return await this.#evict(content, (other) => other === name || isKept(other));
  }

  /** Renamed into place only when it is whole. */
  async #replace(name: string, bytes: Uint8Array): Promise<void> {
    const partial = join(this.#options.folder, `${randomUUID()}.partial`);
    try {
      await writeFile(partial, bytes, { flag: 'wx', mode: 0o600 });
      await rename(partial, this.#path(name));
    } catch (error) {
      await rm(partial, { force: true });
      throw error;
    }
  }

  /** Moves it to the end of the line of what is evicted, also for the next process. */
  async #used(name: string, bytes: number): Promise<void> {
    const content = await this.#list();
    const now = this.#options.clock.now();
    const { markedAt } = content.files.get(name) ?? { markedAt: 0 };
    const isMarked = now - markedAt < markedMs;
    place(content, name, { bytes, markedAt: isMarked ? markedAt : now });
    if (!isMarked) await utimes(this.#path(name), now / 1000, now / 1000).catch(() => undefined);
  }

  async #evict(content: Content, isKept: (name: string) => boolean): Promise<string[]> {
    const evicted: string[] = [];
    for (const name of content.files.keys()) {
      if (content.bytes <= this.#options.maxBytes) break;
      if (isKept(name)) continue;
      place(content, name, undefined);
      evicted.push(name);
      await rm(this.#path(name), { force: true });
    }
    return evicted;
  }

  #list(): Promise<Content> {
    this.#content ??= this.#read().catch((error: unknown) => {
      this.#content = undefined;
      throw error;
    });
    return this.#content;
  }

  async #read(): Promise<Content> {
    const { folder, extension } = this.#options;
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const found: [string, Kept][] = [];
    for (const entry of await readdir(folder)) {
      const path = join(folder, entry);
      const name = entry.endsWith(extension) ? entry.slice(0, -extension.length) : '';
      const file = await stat(path).catch(() => undefined);
      if (!hexName.test(name)) await rm(path, { force: true, recursive: true });
      else if (file !== undefined) found.push([name, { bytes: file.size, markedAt: file.mtimeMs }]);
    }
    found.sort(([, a], [, b]) => a.markedAt - b.markedAt);
    return { files: new Map(found), bytes: found.reduce((sum, [, { bytes }]) => sum + bytes, 0) };
  }

  #path(name: string): string {
    return join(this.#options.folder, `${name}${this.#options.extension}`);
  }
}

/** Last in line, or not there any more. */
function place(content: Content, name: string, kept: Kept | undefined): void {
  content.bytes += (kept?.bytes ?? 0) - (content.files.get(name)?.bytes ?? 0);
  content.files.delete(name);
  if (kept !== undefined) content.files.set(name, kept);
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
