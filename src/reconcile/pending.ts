import type { ApplicationKey } from '../model/installation.ts';
import type { Ref, RefKey } from '../model/object.ts';
import { refKey } from '../model/object.ts';

/**
 * Who is about to write what: a correction waits for the sync that is to write the same object, and for it only; a sync
 * leaves alone what is being corrected.
 */
export class PendingWrites {
  readonly #refs = new Map<ApplicationKey, Set<RefKey>>();
  readonly #corrections = new Set<RefKey>();
  readonly #waiting = new Map<ApplicationKey, (() => void)[]>();

  correcting(ref: Ref): boolean {
    return this.#corrections.has(refKey(ref));
  }

  beginCorrection(ref: Ref): void {
    this.#corrections.add(refKey(ref));
  }

  endCorrection(ref: Ref): void {
    this.#corrections.delete(refKey(ref));
  }

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
