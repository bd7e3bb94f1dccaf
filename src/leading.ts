import { once } from 'node:events';
import type { Telemetry } from './model/telemetry.ts';

/**
 * Starts the work when the Lease is taken and ends it when it is lost, one after the other however fast it changes.
 *
 * Guarantees: there is at most one at a time; after disposing there is none.
 */
export class WorkWhileLeading implements AsyncDisposable {
  readonly #telemetry: Pick<Telemetry, 'bug'>;
  readonly #start: (signal: AbortSignal) => Promise<AsyncDisposable>;
  #abort: AbortController | undefined;
  #last: Promise<void> = Promise.resolve();

  constructor(telemetry: Pick<Telemetry, 'bug'>, start: (signal: AbortSignal) => Promise<AsyncDisposable>) {
    this.#telemetry = telemetry;
    this.#start = start;
  }

  changed(isLeader: boolean): void {
    this.#abort?.abort(new Error('the Lease is lost'));
    this.#abort = isLeader ? new AbortController() : undefined;
    const signal = this.#abort?.signal;
    if (signal !== undefined) this.#last = this.#last.then(() => this.#work(signal));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.changed(false);
    await this.#last;
  }

  async #work(signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    try {
      const work = await this.#start(signal);
      await once(signal, 'abort');
      await work[Symbol.asyncDispose]();
    } catch (error) {
      if (error !== signal.reason) this.#telemetry.bug(error);
    }
  }
}
