import type { ApplicationKey } from '../model/installation.ts';
import type { Ref, RefKey } from '../model/object.ts';
import { refKey } from '../model/object.ts';

/**
 * The objects that running syncs are about to write: a correction of one of them waits for that write, and of it only.
 */
export class PendingWrites {
  readonly #refs = new Map<ApplicationKey, Set<RefKey>>();
  readonly #waiting = new Map<ApplicationKey, (() => void)[]>();

  announce(key: ApplicationKey, refs: Iterable<Ref>): void {
    this.#refs.set(key, new Set([...refs].map(refKey)));
  }

  has(key: ApplicationKey, ref: Ref): boolean {
    return this.#refs.get(key)?.has(refKey(ref)) ?? false;
  }

  /** Calls back when the sync that is to write has ended. */
  whenDone(key: ApplicationKey, call: () => void): void {
    this.#waiting.set(key, [...(this.#waiting.get(key) ?? []), call]);
  }

  done(key: ApplicationKey): void {
    this.#refs.delete(key);
    const waiting = this.#waiting.get(key) ?? [];
    this.#waiting.delete(key);
    for (const call of waiting) call();
  }
}
