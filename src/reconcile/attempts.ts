import type { ApplicationKey } from '../model/installation.ts';
import type { Outcome } from '../model/outcome.ts';
import type { Clock } from '../model/ports.ts';

interface Failing {
  readonly count: number;
  /** Generation and revision that fail: another one starts anew. */
  readonly of: string;
  /** Monotonic: when the next one is due. */
  readonly dueAt: number;
}

/**
 * Failures in a row per Application; a newer commit or an edited Application starts anew. A run that an event brought
 * on before the next try was due is no try: it uses up none of those that the policy grants.
 */
export class Attempts {
  readonly #clock: Clock;
  readonly #failing = new Map<ApplicationKey, Failing>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** How often it failed in a row, this outcome included; 0 = it did not fail. */
  after(outcome: Outcome, revision: string | undefined): number {
    const key = outcome.kind === 'gone' || outcome.kind === 'failed' ? outcome.key : outcome.app.key;
    if (!isFailure(outcome)) {
      this.#failing.delete(key);
      return 0;
    }
    const generation = outcome.kind === 'gone' ? 0 : (outcome.app?.generation ?? 0);
    return this.#failed(key, `${generation} ${revision ?? ''}`);
  }

  /** The next try is due in so long. */
  waits(key: ApplicationKey, delayMs: number): void {
    const failing = this.#failing.get(key);
    // Timers may be a little early.
    const dueAt = this.#clock.monotonic() + 0.9 * delayMs;
    if (failing !== undefined) this.#failing.set(key, { ...failing, dueAt });
  }

  #failed(key: ApplicationKey, of: string): number {
    const now = this.#clock.monotonic();
    const before = this.#failing.get(key);
    const same = before?.of === of ? before : { count: 0, dueAt: now };
    const count = now < same.dueAt ? same.count : same.count + 1;
    this.#failing.set(key, { count, of, dueAt: same.dueAt });
    return count;
  }
}

function isFailure(outcome: Outcome): boolean {
  return outcome.kind === 'failed' || (outcome.kind === 'settled' && outcome.settled.failure !== undefined);
}
