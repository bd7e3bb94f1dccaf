import { mkdir, mkdtemp, open, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { sourceError } from './failures.ts';
import { limitExceeded, type Limits } from './limits.ts';
import { checkPlacedPath } from './placed-path.ts';
import { noSpace } from './no-space.ts';

/** A file to be written: where, from the folder's root, and what. */
export interface PlacedFile {
  readonly path: string;
  readonly bytes: () => Promise<Uint8Array>;
}

/** A fresh private folder for one render; disposing removes it. */
export interface Workspace extends AsyncDisposable {
  /** Absolute. */
  readonly folder: string;
  /**
   * Writes files below `folder`. Refuses (OperatorError InvalidObject) names that leave it, `.git`, control characters, what
   * is no UTF-8, and a path that is there already; refuses (LimitExceeded) more than the limits allow, all calls together.
   * Never writes a link, nor through one. What a refused call has written stays until the workspace is disposed.
   */
  place(files: readonly PlacedFile[], signal: AbortSignal): Promise<void>;
}

export interface Workspaces {
  create(): Promise<Workspace>;
}

/** Files written at a time: their content has to come from somewhere, and lies in memory until it is written. */
const parallelWrites = 8;

/**
 * Workspaces below `folder`, which belongs to them alone.
 *
 * Guarantees: only this user can look into them; what an earlier process left is removed before the first.
 */
export function diskWorkspaces(folder: string, limits: Limits): Workspaces {
  let swept: Promise<void> | undefined;
  return {
    async create() {
      swept ??= rm(folder, { recursive: true, force: true });
      await swept.catch((error: unknown) => {
        swept = undefined;
        throw noSpace(error, 'the data folder');
      });
      const workspace = await makeIn(folder).catch((error: unknown) => {
        throw noSpace(error, 'the data folder');
      });
      return new DiskWorkspace(workspace, limits);
    },
  };
}

/** Each time: somebody may have emptied the data folder. */
async function makeIn(folder: string): Promise<string> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  return await mkdtemp(join(folder, 'w-'));
}

class DiskWorkspace implements Workspace {
  readonly folder: string;
  readonly #limits: Limits;
  #files = 0;
  #bytes = 0;

  constructor(folder: string, limits: Limits) {
    this.folder = folder;
    this.#limits = limits;
  }

  async place(files: readonly PlacedFile[], signal: AbortSignal): Promise<void> {
    for (const { path } of files) checkPlacedPath(path);
    this.#files += files.length;
    if (this.#files > this.#limits.renderFiles)
      throw limitExceeded('the number of files that one render reads', 'renderFiles', this.#limits);
    const queue = files.values();
    const broken = new AbortController();
    const stop = AbortSignal.any([signal, broken.signal]);
    const lane = async (): Promise<void> => {
      for (const file of queue) {
        stop.throwIfAborted();
        await this.#write(file);
      }
    };
    const lanes = Array.from({ length: Math.min(parallelWrites, files.length) }, () =>
      lane().catch((error: unknown) => {
        broken.abort(error);
        throw error;
      }),
    );
    // All have ended before an error is thrown, so that nothing is written into a folder that is being removed.
    const failed = (await Promise.allSettled(lanes)).find((outcome) => outcome.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.folder, { recursive: true, force: true, maxRetries: 3 });
  }

  async #write({ path, bytes: read }: PlacedFile): Promise<void> {
    const bytes = await read();
    this.#bytes += bytes.length;
    if (this.#bytes > this.#limits.renderInputBytes)
      throw limitExceeded('what one render reads', 'renderInputBytes', this.#limits);
    const target = join(this.folder, path);
    try {
      await mkdir(dirname(target), { recursive: true, mode: 0o700 });
      // Exclusive: neither over a file nor through a link that is there.
      const file = await open(target, 'wx', 0o600);
      try {
        await file.writeFile(bytes);
      } finally {
        await file.close();
      }
    } catch (error) {
      throw refusal(error, path);
    }
  }
}

const refusals: Readonly<Record<string, string>> = {
  EEXIST: 'is there twice',
  EISDIR: 'is a file and a folder',
  ENOTDIR: 'lies below a file',
  ENAMETOOLONG: 'has too long a name',
};

function refusal(error: unknown, path: string): unknown {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const why = refusals[code];
  if (why !== undefined) return sourceError('InvalidObject', `file ${JSON.stringify(path)} ${why}`, error);
  return noSpace(error, 'the data folder');
}
