import type { RefKey } from '../../model/object.ts';
import type { Clock } from '../../model/ports.ts';

/** Keeps what is done about one object apart in time. Remembers only what still has to wait. */
export class Intervals {
  readonly #clock: Clock;
  readonly #until = new Map<RefKey, number>();
  #sweepAt = 1000;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  begin(id: RefKey, ms: number): void {
    const now = this.#clock.monotonic();
    if (this.#until.size >= this.#sweepAt) {
      for (const [other, until] of this.#until) if (until <= now) this.#until.delete(other);
      this.#sweepAt = Math.max(1000, 2 * this.#until.size);
    }
    if (ms > 0) this.#until.set(id, now + ms);
  }

  leftMs(id: RefKey): number {
    return Math.max(0, (this.#until.get(id) ?? 0) - this.#clock.monotonic());
  }
}
