import { createHash } from 'node:crypto';
import type { Clock } from '../../../model/ports.ts';
import { gitUnavailable, messageOf } from '../../failures.ts';
import type { Limits } from '../../limits.ts';
import type { ToolSession } from '../../tools/tools.ts';
import { CorruptRepository } from '../engine.ts';
import { ByteQueue } from './byte-queue.ts';
import type { Git } from './git.ts';

/** One object, checked against its id. */
export type Found =
  | { readonly kind: 'found'; readonly type: string; readonly bytes: Buffer }
  | { readonly kind: 'missing' }
  | { readonly kind: 'large'; readonly size: number };

export interface CatFileOptions {
  readonly git: Git;
  readonly folder: string;
  readonly clock: Clock;
  readonly limits: Limits;
}

/** A session that nobody asks for so long is ended; the next question starts another. */
const idleMs = 5_000;

interface Session {
  readonly process: ToolSession;
  readonly output: ByteQueue;
}

/**
 * Reads objects of one repository through one `git cat-file --batch`, which sees what is fetched after its start.
 *
 * Guarantees: one question at a time, each in bounded time; what is given has the id that was asked for; an object that is
 * too large is not taken into memory.
 */
export class CatFile implements AsyncDisposable {
  readonly #options: CatFileOptions;
  #session: Promise<Session> | undefined;
  #queue: Promise<unknown> = Promise.resolve();
  #cancelIdle: () => void = () => undefined;

  constructor(options: CatFileOptions) {
    this.#options = options;
  }

  /** Throws CorruptRepository. */
  async read(oid: string, maxBytes: number): Promise<Found> {
    const turn = this.#queue.then(() => this.#read(oid, maxBytes));
    this.#queue = turn.catch(() => undefined);
    return await turn;
  }

  /** Ends the session; the next question starts another. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#cancelIdle();
    const session = this.#session;
    this.#session = undefined;
    const open = await session?.catch(() => undefined);
    await open?.process[Symbol.asyncDispose]();
  }

  async #read(oid: string, maxBytes: number): Promise<Found> {
    const { clock, limits } = this.#options;
    this.#cancelIdle();
    const late = new AbortController();
    const cancel = clock.after(limits.unpackMs, () => {
      late.abort(gitUnavailable(`reading ${oid} took longer than ${limits.unpackMs / 1000} s`));
      void this[Symbol.asyncDispose]();
    });
    try {
      const session = await (this.#session ??= this.#start());
      const found = await ask(session, oid, maxBytes);
      // What is left of it would have to be read to be skipped.
      if (found.kind === 'large') await this[Symbol.asyncDispose]();
      else this.#rest();
      return found;
    } catch (error) {
      await this[Symbol.asyncDispose]();
      throw late.signal.aborted ? late.signal.reason : error;
    } finally {
      cancel();
    }
  }

  async #start(): Promise<Session> {
    const { git, folder } = this.#options;
    const process = await git.open({ args: ['cat-file', '--batch'], cwd: folder, env: { GIT_DIR: folder } });
    return { process, output: new ByteQueue(process.output) };
  }

  #rest(): void {
    this.#cancelIdle = this.#options.clock.after(idleMs, () => void this[Symbol.asyncDispose]());
  }
}

async function ask({ process, output }: Session, oid: string, maxBytes: number): Promise<Found> {
  try {
    process.write(Buffer.from(`${oid}\n`));
    const [id, type = '', size = ''] = (await output.line()).split(' ');
    if (type === 'missing') return { kind: 'missing' };
    if (id !== oid || !/^[0-9]+$/.test(size)) throw new Error('git cat-file answers something else');
    if (Number(size) > maxBytes) return { kind: 'large', size: Number(size) };
    const bytes = await output.take(Number(size));
    await output.take(1);
    check(oid, type, bytes);
    return { kind: 'found', type, bytes };
  } catch (error) {
    throw error instanceof CorruptRepository ? error : new CorruptRepository(messageOf(error));
  }
}

/** git does not look whether content from a pack has the id that it is filed under. */
function check(oid: string, type: string, bytes: Buffer): void {
  const hash = createHash(oid.length === 64 ? 'sha256' : 'sha1');
  const found = hash.update(`${type} ${bytes.length}\0`).update(bytes).digest('hex');
  if (found !== oid) throw new CorruptRepository(`${oid} has other content`);
}
