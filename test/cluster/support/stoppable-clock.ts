import type { Clock } from '../../../src/model/ports.ts';

interface Timer {
  /** On this clock. */
  readonly dueAt: number;
  readonly call: () => void;
  cancel: (() => void) | undefined;
}

/**
 * The real time, until it is stopped: then no timer ends, not even one of 0 ms, and nothing grows older.
 * What was stopped goes on where it was.
 */
export class StoppableClock implements Clock {
  readonly #timers = new Set<Timer>();
  /** Real milliseconds that it stood still. */
  #lost = 0;
  #stoppedAt: number | undefined;

  now(): number {
    return performance.timeOrigin + this.monotonic();
  }

  monotonic(): number {
    return (this.#stoppedAt ?? performance.now()) - this.#lost;
  }

  after(ms: number, call: () => void): () => void {
    const timer: Timer = { dueAt: this.monotonic() + ms, call, cancel: undefined };
    this.#timers.add(timer);
    if (this.#stoppedAt === undefined) this.#arm(timer);
    return () => {
      timer.cancel?.();
      this.#timers.delete(timer);
    };
  }

  get isStopped(): boolean {
    return this.#stoppedAt !== undefined;
  }

  stop(): void {
    this.#stoppedAt ??= performance.now();
    for (const timer of this.#timers) timer.cancel?.();
  }

  resume(): void {
    if (this.#stoppedAt === undefined) return;
    this.#lost += performance.now() - this.#stoppedAt;
    this.#stoppedAt = undefined;
    for (const timer of this.#timers) this.#arm(timer);
  }

  #arm(timer: Timer): void {
    const end = (): void => {
      this.#timers.delete(timer);
      timer.call();
    };
    const handle = setTimeout(end, Math.max(0, timer.dueAt - this.monotonic()));
    timer.cancel = () => clearTimeout(handle);
  }
}
