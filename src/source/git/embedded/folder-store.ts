import { mkdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { unsupportedByEngine } from '../../failures.ts';
import type { Access, CommitReader, CommitStore, LargeFile, Wanted } from '../engine.ts';
import { GitHttp, type HttpSettings } from '../http.ts';
import { checkTransport } from './check-transport.ts';
import { fetchPack } from './fetch-pack.ts';
import { packFile } from './reader-protocol.ts';
import { ReaderThread } from './reader-thread.ts';

/** One folder per commit, renamed into place when it is complete; none outlives the process. */
export class FolderStore implements CommitStore {
  readonly #folder: string;
  readonly #settings: HttpSettings;

  constructor(folder: string, settings: HttpSettings) {
    this.#folder = folder;
    this.#settings = settings;
  }

  leftovers(): Promise<readonly Wanted[]> {
    return Promise.resolve([]);
  }

  async fetch(access: Access, wanted: Wanted): Promise<number> {
    checkTransport(access.remote);
    const folder = this.#folderOf(wanted);
    const partial = `${folder}.partial`;
    try {
      await rm(partial, { recursive: true, force: true });
      const bytes = await this.#fetchInto(partial, access, wanted);
      await rm(folder, { recursive: true, force: true });
      await rename(partial, folder);
      return bytes;
    } catch (error) {
      await rm(partial, { recursive: true, force: true });
      throw error;
    }
  }

  open(wanted: Wanted): CommitReader {
    return new ReaderThread({ folder: this.#folderOf(wanted), ...this.#settings });
  }

  async drop(wanted: Wanted): Promise<void> {
    await rm(this.#folderOf(wanted), { recursive: true, force: true });
  }

  async discard(): Promise<void> {
    await rm(this.#folder, { recursive: true, force: true });
  }

  largeFile(_access: Access, _pointer: LargeFile, path: string): Promise<Uint8Array> {
    return Promise.reject(unsupportedByEngine(`${path}: is stored in Git LFS, which needs git and git-lfs`));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.discard();
  }

  async #fetchInto(folder: string, access: Access, wanted: Wanted): Promise<number> {
    const { limits } = this.#settings;
    const { url } = access.remote;
    const file = join(folder, packFile);
    await mkdir(dirname(file), { recursive: true, mode: 0o700 });
    await using http = new GitHttp(access, this.#settings, limits.fetchMs);
    const bytes = await fetchPack(http, url, { wanted, file, limits });
    await using reader = new ReaderThread({ folder, ...this.#settings });
    await reader.unpack(url);
    return bytes;
  }

  #folderOf({ commit, tag }: Wanted): string {
    return join(this.#folder, tag === undefined ? commit : `${commit}-${tag}`);
  }
}
