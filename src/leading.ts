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
  #disposed = false;

  constructor(telemetry: Pick<Telemetry, 'bug'>, start: (signal: AbortSignal) => Promise<AsyncDisposable>) {
    this.#telemetry = telemetry;
    this.#start = start;
  }

  /** Taking the Lease may be on its way while the process ends: after disposing nothing is started any more. */
  changed(isLeader: boolean): void {
    this.#abort?.abort(new Error('the Lease is lost'));
    this.#abort = isLeader && !this.#disposed ? new AbortController() : undefined;
    const signal = this.#abort?.signal;
    if (signal !== undefined) this.#last = this.#last.then(() => this.#work(signal));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#disposed = true;
    this.changed(false);
    await this.#last;
  }

  async #work(signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    try {
      const work = await this.#start(signal);
      await aborted(signal);
      await work[Symbol.asyncDispose]();
    } catch (error) {
      if (error !== signal.reason) this.#telemetry.bug(error);
    }
  }
}

/** Resolves at once when it is aborted already, which the event alone would never say. */
async function aborted(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await once(signal, 'abort');
}
