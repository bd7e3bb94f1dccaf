import { createHash } from 'node:crypto';
import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { gitUnavailable, unsupportedByEngine } from '../../failures.ts';
import type { Limits } from '../../limits.ts';
import type { Access, LargeFile } from '../engine.ts';
import { writePointer } from '../lfs.ts';
import type { Reach } from './credential-files.ts';
import { meaningOf } from './failures.ts';
import { GitFailed, type Git } from './git.ts';

export interface LargeFilesOptions {
  readonly git: Git;
  /** Of the bare repository. */
  readonly folder: string;
  readonly limits: Limits;
}

interface Ask {
  readonly access: Access;
  readonly pointer: LargeFile;
  readonly path: string;
  readonly way: Reach;
}

/** How git-lfs is told to give up early and to try nothing clever. */
const settings = [
  'lfs.activitytimeout=30',
  'lfs.basictransfersonly=true',
  'lfs.concurrenttransfers=1',
  'lfs.dialtimeout=10',
  'lfs.locksverify=false',
  'lfs.tlstimeout=10',
  'lfs.transfer.maxretries=1',
];

/** Content that Git LFS keeps elsewhere; what was fetched stays beside the repository, bounded. */
export class LargeFiles {
  readonly #options: LargeFilesOptions;
  #running = 0;
  #isInstalled = false;

  constructor(options: LargeFilesOptions) {
    this.#options = options;
  }

  /**
   * What a pointer stands for, by git-lfs from the remote's own LFS endpoint (`.lfsconfig` is not read).
   * Throws OperatorError, naming the file.
   */
  async read(ask: Ask): Promise<Buffer> {
    await this.#checkInstalled(ask.path);
    this.#running++;
    try {
      return await this.#smudge(ask);
    } finally {
      this.#running--;
      if (this.#running === 0) await this.#trim();
    }
  }

  async #smudge({ access, pointer, path, way }: Ask): Promise<Buffer> {
    const { git, folder, limits } = this.#options;
    const where = `${access.remote.url}: ${path} (Git LFS)`;
    const config = [...settings, `remote.origin.url=${way.url}`, ...way.config];
    const place = { cwd: folder, env: { ...way.env, GIT_DIR: folder }, hide: way.hide };
    const cost = {
      deadlineMs: limits.fetchMs,
      outputBytes: limits.manifestBytes + 1,
      diskBytes: 2 * limits.manifestBytes,
    };
    try {
      const stdin = writePointer(pointer);
      const bytes = await git.run({ ...place, ...cost, args: ['lfs', 'smudge'], config, stdin }, access.signal);
      if (createHash('sha256').update(bytes).digest('hex') === pointer.oid) return bytes;
      throw gitUnavailable(`${where}: gives other content than the pointer names`);
    } catch (error) {
      throw meaningOf(error, { where, from: access.credentials.from, isFresh: true });
    }
  }

  async #checkInstalled(path: string): Promise<void> {
    const { git, folder, limits } = this.#options;
    if (this.#isInstalled) return;
    try {
      await git.run({ args: ['lfs', 'version'], cwd: folder, deadlineMs: limits.pollMs }, AbortSignal.any([]));
      this.#isInstalled = true;
    } catch (error) {
      if (!(error instanceof GitFailed)) throw error;
      throw unsupportedByEngine(`${path}: is stored in Git LFS, and git-lfs is not there`);
    }
  }

  async #trim(): Promise<void> {
    const { folder, limits } = this.#options;
    const files = await readdir(join(folder, 'lfs'), { recursive: true, withFileTypes: true }).catch(() => []);
    let bytes = 0;
    for (const file of files) if (file.isFile()) bytes += (await stat(join(file.parentPath, file.name))).size;
    if (bytes > limits.manifestsBytes) await rm(join(folder, 'lfs'), { recursive: true, force: true });
  }
}
