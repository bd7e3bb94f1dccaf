import { sourceError } from '../../failures.ts';
import { limitExceeded, type Limits } from '../../limits.ts';
import { CorruptRepository, type CommitAbout, type CommitReader, type TreeEntry } from '../engine.ts';
import { parseCommit, parseTree } from '../objects.ts';
import type { CatFile } from './cat-file.ts';

interface SessionReaderOptions {
  readonly objects: CatFile;
  readonly limits: Limits;
  /** Whether a file that is missing was left out because of its size. */
  readonly leavesOut: () => boolean;
}

/** Signed commits and tags have no business being larger. */
const maxCommitBytes = 1024 * 1024;

/** Reads through a session that belongs to the repository and outlives it. */
export class SessionReader implements CommitReader {
  readonly #options: SessionReaderOptions;

  constructor(options: SessionReaderOptions) {
    this.#options = options;
  }

  async rootTree(commit: string): Promise<string> {
    return (await this.commit(commit)).tree;
  }

  async commit(oid: string): Promise<CommitAbout> {
    return parseCommit(await this.raw(oid));
  }

  async raw(oid: string): Promise<Buffer> {
    return await this.#read(oid, ['commit', 'tag'], maxCommitBytes);
  }

  async tree(oid: string): Promise<TreeEntry[]> {
    const bytes = await this.#read(oid, ['tree'], this.#options.limits.folderBytes);
    return parseTree(bytes, oid.length / 2);
  }

  async blob(oid: string, path: string): Promise<Uint8Array> {
    const { objects, limits, leavesOut } = this.#options;
    const found = await objects.read(oid, limits.manifestBytes);
    if (found.kind === 'found' && found.type === 'blob') return found.bytes;
    if (found.kind === 'large' || leavesOut()) throw limitExceeded(path, 'manifestBytes', limits);
    throw new CorruptRepository(`${path}: ${oid} is not there`);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }

  async #read(oid: string, types: readonly string[], maxBytes: number): Promise<Buffer> {
    const found = await this.#options.objects.read(oid, maxBytes);
    if (found.kind === 'large') {
      const what = `one ${types[0] ?? 'object'} of the repository has ${found.size} bytes`;
      throw sourceError('LimitExceeded', `${what}; at most ${maxBytes} are read`);
    }
    if (found.kind === 'found' && types.includes(found.type)) return found.bytes;
    throw new CorruptRepository(`${oid} is not there, or is no ${types.join(' or ')}`);
  }
}
