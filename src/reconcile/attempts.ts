import type { ApplicationKey } from '../model/installation.ts';
import type { Outcome } from '../model/outcome.ts';

interface Failing {
  readonly count: number;
  /** Generation and revision that fail: another one starts anew. */
  readonly of: string;
}

/** Failures in a row per Application; a newer commit or an edited Application starts anew. */
export class Attempts {
  readonly #failing = new Map<ApplicationKey, Failing>();

  /** How often it failed in a row, this outcome included; 0 = it did not fail. */
  after(outcome: Outcome, revision: string | undefined): number {
    const key = outcome.kind === 'gone' || outcome.kind === 'failed' ? outcome.key : outcome.app.key;
    if (!isFailure(outcome)) {
      this.#failing.delete(key);
      return 0;
    }
    const generation = outcome.kind === 'gone' ? 0 : (outcome.app?.generation ?? 0);
    const of = `${generation} ${revision ?? ''}`;
    const before = this.#failing.get(key);
    const count = before?.of === of ? before.count + 1 : 1;
    this.#failing.set(key, { count, of });
    return count;
  }
}

function isFailure(outcome: Outcome): boolean {
  return outcome.kind === 'failed' || (outcome.kind === 'settled' && outcome.settled.failure !== undefined);
}
