import type { ApplicationKey } from '../../model/installation.ts';
import type { Ref, RefKey } from '../../model/object.ts';
import { refKey } from '../../model/object.ts';

/**
 * Who is about to write what: a correction waits for the sync that is to write the same object, and for it only; a sync
 * leaves alone what is being corrected.
 */
export class PendingWrites {
  readonly #refs = new Map<ApplicationKey, Set<RefKey>>();
  readonly #corrections = new Set<RefKey>();
  readonly #ran = new Set<ApplicationKey>();
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

  /** False until the first run of the Application since start has ended, well or badly. */
  hasRun(key: ApplicationKey): boolean {
    return this.#ran.has(key);
  }

  /** Calls back when the sync that is to write has ended. */
  whenDone(key: ApplicationKey, call: () => void): void {
    this.#waiting.set(key, [...(this.#waiting.get(key) ?? []), call]);
  }

  done(key: ApplicationKey): void {
    this.#refs.delete(key);
    this.#ran.add(key);
    const waiting = this.#waiting.get(key) ?? [];
    this.#waiting.delete(key);
    for (const call of waiting) call();
  }

  /** The Application is gone. */
  forget(key: ApplicationKey): void {
    this.done(key);
    this.#ran.delete(key);
  }
}
