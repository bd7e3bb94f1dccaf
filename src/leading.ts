import { once } from 'node:events';
import type { Clock } from './model/ports.ts';
import type { Telemetry } from './model/telemetry.ts';

/** Between a start that failed and the next one. */
const againMs = 5_000;

export interface LeadingPorts {
  readonly clock: Pick<Clock, 'after'>;
  readonly telemetry: Pick<Telemetry, 'bug'>;
}

/**
 * Starts the work when the Lease is taken and ends it when it is lost, one after the other however fast it changes.
 *
 * Guarantees: there is at most one at a time; after disposing there is none; a leader whose start fails tries again.
 */
export class WorkWhileLeading implements AsyncDisposable {
  readonly #ports: LeadingPorts;
  readonly #start: (signal: AbortSignal) => Promise<AsyncDisposable>;
  #abort: AbortController | undefined;
  #last: Promise<void> = Promise.resolve();
  #disposed = false;

  constructor(ports: LeadingPorts, start: (signal: AbortSignal) => Promise<AsyncDisposable>) {
    this.#ports = ports;
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
    while (!signal.aborted) {
      try {
        const work = await this.#start(signal);
        await aborted(signal);
        await work[Symbol.asyncDispose]();
      } catch (error) {
        if (error === signal.reason) return;
        this.#ports.telemetry.bug(error);
        await this.#pause(signal);
      }
    }
  }

  async #pause(signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    await new Promise<void>((resolve) => {
      const cancel = this.#ports.clock.after(againMs, resolve);
      signal.addEventListener('abort', () => {
        cancel();
        resolve();
      });
    });
  }
}

/** Resolves at once when it is aborted already, which the event alone would never say. */
async function aborted(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await once(signal, 'abort');
}
