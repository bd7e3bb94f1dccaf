import type { Excess } from './helper-protocol.ts';
import { ProgramRun, type ProgramRunOptions } from './program-run.ts';
import type { ToolSession } from './tools.ts';

/** A program that goes on answering; what it prints waits here until it is read, at most one window of it. */
export class ProgramSession implements ToolSession {
  readonly #run: ProgramRun;
  readonly #overLimit: (exceeded: Excess) => Error;
  readonly #printed: Buffer[] = [];
  #wake: () => void = () => undefined;
  #ended = false;
  #disposed = false;

  constructor(options: Omit<ProgramRunOptions, 'output'>, overLimit: (exceeded: Excess) => Error) {
    this.#overLimit = overLimit;
    this.#run = new ProgramRun({ ...options, output: (bytes) => this.#push(bytes) });
    const end = (): void => {
      this.#ended = true;
      this.#wake();
    };
    this.#run.ended.then(end, end);
  }

  get started(): Promise<undefined> {
    return this.#run.started;
  }

  /** To be read by one reader. Throws OperatorError when the program was killed for a limit, or lost. */
  get output(): AsyncIterable<Buffer> {
    return this.#read();
  }

  write(bytes: Uint8Array): void {
    this.#run.write(bytes);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#disposed = true;
    this.#run.kill();
    // However it ends: it is gone then.
    await this.#run.ended.catch(() => undefined);
  }

  async *#read(): AsyncGenerator<Buffer, void, undefined> {
    for (;;) {
      const bytes = this.#printed.shift();
      if (bytes !== undefined) {
        this.#run.took(bytes.length);
        yield bytes;
      } else if (this.#ended) break;
      else await new Promise<void>((resolve) => (this.#wake = resolve));
    }
    if (this.#disposed) return;
    const { exceeded } = await this.#run.ended;
    if (exceeded !== undefined) throw this.#overLimit(exceeded);
  }

  #push(bytes: Buffer): void {
    this.#printed.push(bytes);
    this.#wake();
  }
}
