import { Worker } from 'node:worker_threads';
import type { Clock } from '../../../model/ports.ts';
import { gitUnavailable, messageOf, sourceError } from '../../failures.ts';
import { limitExceeded, type Limits } from '../../limits.ts';
import { noSpaceIn } from '../../no-space.ts';
import { CorruptRepository, type CommitAbout, type CommitReader, type TreeEntry } from '../engine.ts';
import { parseCommit } from '../objects.ts';
import type { ReaderFailure, ReaderReply, ReaderRequest, ReaderValue } from './reader-protocol.ts';

export interface ReaderThreadOptions {
  readonly folder: string;
  readonly clock: Clock;
  readonly limits: Limits;
}

/** A thread that nobody asks for so long is ended; the next question starts another. */
const idleMs = 5_000;
const heapMegabytes = 512;

interface Pending {
  readonly resolve: (value: ReaderValue) => void;
  readonly reject: (error: unknown) => void;
  readonly cancelDeadline: () => void;
}

/**
 * Reads the objects of one folder in a thread of its own, so that a hostile repository can neither block the loop nor
 * outlive its deadline.
 */
export class ReaderThread implements CommitReader {
  readonly #options: ReaderThreadOptions;
  readonly #pending = new Map<number, Pending>();
  #worker: Worker | undefined;
  #cancelIdle: () => void = () => undefined;
  #nextId = 1;

  constructor(options: ReaderThreadOptions) {
    this.#options = options;
  }

  /** Checks the fetched pack against the limits and makes it readable. */
  async unpack(remote: string): Promise<void> {
    await this.#ask({ kind: 'unpack', folder: this.#options.folder, remote, limits: this.#options.limits });
  }

  async rootTree(commit: string): Promise<string> {
    return (await this.commit(commit)).tree;
  }

  async commit(oid: string): Promise<CommitAbout> {
    return parseCommit(Buffer.from(await this.raw(oid)));
  }

  async raw(oid: string): Promise<Uint8Array> {
    const value = await this.#ask({ kind: 'raw', folder: this.#options.folder, oid });
    return 'bytes' in value ? value.bytes : new Uint8Array();
  }

  async tree(oid: string): Promise<readonly TreeEntry[]> {
    const value = await this.#ask({ kind: 'tree', folder: this.#options.folder, oid });
    return 'entries' in value ? value.entries : [];
  }

  async blob(oid: string, path: string): Promise<Uint8Array> {
    const value = await this.#ask({ kind: 'blob', folder: this.#options.folder, oid });
    const bytes = 'bytes' in value ? value.bytes : new Uint8Array();
    if (bytes.length > this.#options.limits.manifestBytes)
      throw limitExceeded(path, 'manifestBytes', this.#options.limits);
    return bytes;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#end(gitUnavailable('reading was stopped'));
  }

  async #ask(request: ReaderRequest): Promise<ReaderValue> {
    const worker = (this.#worker ??= this.#start());
    this.#cancelIdle();
    const id = this.#nextId++;
    return await new Promise<ReaderValue>((resolve, reject) => {
      const { clock, limits } = this.#options;
      const late = () => void this.#end(limitExceeded(`reading the repository (${request.kind})`, 'unpackMs', limits));
      this.#pending.set(id, { resolve, reject, cancelDeadline: clock.after(limits.unpackMs, late) });
      worker.ref();
      worker.postMessage({ id, request });
    });
  }

  #start(): Worker {
    // The emitted JavaScript lies beside this file under the same name.
    const entry = import.meta.url.endsWith('.ts') ? '../../worker-main.ts' : '../../worker-main.js';
    const worker = new Worker(new URL(entry, import.meta.url), {
      env: {},
      resourceLimits: { maxOldGenerationSizeMb: heapMegabytes },
    });
    worker.on('message', (reply: ReaderReply) => this.#answered(reply));
    worker.on('error', (error) => this.#crashed(worker, error));
    worker.on('exit', () => this.#crashed(worker, new Error('the reader ended')));
    return worker;
  }

  #answered(reply: ReaderReply): void {
    const pending = this.#pending.get(reply.id);
    this.#pending.delete(reply.id);
    pending?.cancelDeadline();
    if (this.#pending.size === 0) this.#rest();
    if ('value' in reply) pending?.resolve(reply.value);
    else pending?.reject(errorOf(reply.failure));
  }

  #rest(): void {
    this.#worker?.unref();
    this.#cancelIdle = this.#options.clock.after(idleMs, () => void this.#end(gitUnavailable('reading was stopped')));
  }

  #crashed(worker: Worker, error: unknown): void {
    if (worker !== this.#worker) return;
    this.#worker = undefined;
    const outOfMemory = error instanceof Error && 'code' in error && error.code === 'ERR_WORKER_OUT_OF_MEMORY';
    this.#fail(
      outOfMemory
        ? sourceError('LimitExceeded', `reading the repository needs more than ${heapMegabytes} MiB of memory`)
        : new CorruptRepository(messageOf(error)),
    );
  }

  async #end(error: unknown): Promise<void> {
    const worker = this.#worker;
    this.#worker = undefined;
    this.#cancelIdle();
    this.#fail(error);
    await worker?.terminate();
  }

  #fail(error: unknown): void {
    const pending = [...this.#pending.values()];
    this.#pending.clear();
    for (const { reject, cancelDeadline } of pending) {
      cancelDeadline();
      reject(error);
    }
  }
}

function errorOf(failure: ReaderFailure): Error {
  if (failure.isNoSpace === true) return noSpaceIn('the data folder (setting dataDir)', failure.message);
  if (failure.reason === undefined) return new CorruptRepository(failure.message);
  return failure.reason === 'GitUnavailable'
    ? gitUnavailable(failure.message)
    : sourceError(failure.reason, failure.message);
}
