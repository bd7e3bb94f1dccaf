import type { RefKey } from '../model/object.ts';
import type { Clock } from '../model/ports.ts';

export interface VerifyLimits {
  /** How many verifies of one object may follow each other at once. */
  readonly burst: number;
  /** Milliseconds after which one more is allowed. */
  readonly intervalMs: number;
}

interface Allowance {
  left: number;
  since: number;
  cancel: (() => void) | undefined;
}

/**
 * Limits verifies per object: somebody who stamps an object every second must not make us write every second.
 * What exceeds the limit is put off and merged, never lost.
 */
export class VerifyLimit implements Disposable {
  readonly #clock: Clock;
  readonly #limits: VerifyLimits;
  readonly #allowances = new Map<RefKey, Allowance>();
  #sweepAt = 1000;

  constructor(clock: Clock, limits: VerifyLimits) {
    this.#clock = clock;
    this.#limits = limits;
  }

  /** Calls at once, or when the object's next turn comes; until then further calls for it are merged into that one. */
  run(id: RefKey, call: () => void): void {
    const allowance = this.#refilled(id);
    if (allowance.cancel !== undefined) return;
    if (allowance.left > 0) {
      allowance.left -= 1;
      call();
      return;
    }
    const wait = Math.max(1, allowance.since + this.#limits.intervalMs - this.#clock.monotonic());
    allowance.cancel = this.#clock.after(wait, () => {
      allowance.cancel = undefined;
      allowance.since = this.#clock.monotonic();
      call();
    });
  }

  #refilled(id: RefKey): Allowance {
    const now = this.#clock.monotonic();
    const known = this.#allowances.get(id);
    if (known === undefined) {
      this.#forgetRested(now);
      const fresh = { left: this.#limits.burst, since: now, cancel: undefined };
      this.#allowances.set(id, fresh);
      return fresh;
    }
    const earned = Math.floor((now - known.since) / this.#limits.intervalMs);
    if (earned > 0 && known.cancel === undefined) {
      known.left = Math.min(this.#limits.burst, known.left + earned);
      known.since += earned * this.#limits.intervalMs;
    }
    return known;
  }

  /** Keeps the map as small as the number of objects that somebody is busy with. */
  #forgetRested(now: number): void {
    if (this.#allowances.size < this.#sweepAt) return;
    const rested = this.#limits.burst * this.#limits.intervalMs;
    for (const [id, { since, cancel }] of this.#allowances)
      if (cancel === undefined && now - since > rested) this.#allowances.delete(id);
    this.#sweepAt = Math.max(1000, 2 * this.#allowances.size);
  }

  [Symbol.dispose](): void {
    for (const { cancel } of this.#allowances.values()) cancel?.();
    this.#allowances.clear();
  }
}
