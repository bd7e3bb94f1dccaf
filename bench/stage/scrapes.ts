import { setTimeout as sleep } from 'node:timers/promises';
import type { OperatorProcess } from '../../tools/operator-process.ts';
import { percentile } from '../statistics.ts';

const everyMs = 500;
/** What the operator calls the delay of a loop counts from its last look at it, less than half the way to the next. */
const sinceLookMs = 10;

/** Asks for /metrics again and again, as a scraper does, and keeps how long it took and how long the loop was blocked. */
export class Scrapes implements AsyncDisposable {
  readonly #operator: OperatorProcess;
  readonly #abort = new AbortController();
  readonly #durations: number[] = [];
  readonly #ended: Promise<void>;
  #longestBlockMs = 0;

  constructor(operator: OperatorProcess) {
    this.#operator = operator;
    this.#ended = this.#repeat();
  }

  get p99Ms(): number {
    return percentile(this.#durations, 99);
  }

  get longestBlockMs(): number {
    return this.#longestBlockMs;
  }

  /** The series ends with one scrape more, which tells of the time since the last one. */
  async end(): Promise<void> {
    this.#abort.abort();
    await this.#ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end();
  }

  async #repeat(): Promise<void> {
    const { signal } = this.#abort;
    await this.#scrape(false);
    while (!signal.aborted) {
      await sleep(everyMs, undefined, { signal }).catch(() => undefined);
      await this.#scrape(true);
    }
  }

  /** The first answer tells of the time before the series. */
  async #scrape(counts: boolean): Promise<void> {
    const began = performance.now();
    const { body } = await this.#operator.get('/metrics');
    if (!counts) return;
    this.#durations.push(performance.now() - began);
    const seconds = Number(/^nodejs_eventloop_lag_max_seconds ([0-9.e+-]+)$/m.exec(body)?.[1]);
    this.#longestBlockMs = Math.max(this.#longestBlockMs, seconds * 1000 - sinceLookMs);
  }
}
