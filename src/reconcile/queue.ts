import type { ApplicationKey } from '../model/installation.ts';
import type { Clock } from '../model/ports.ts';

/** User request before drift before new commit before periodic. */
export type Priority = 'request' | 'drift' | 'commit' | 'periodic';

const priorities: readonly Priority[] = ['request', 'drift', 'commit', 'periodic'];

/**
 * Keys to look at.
 *
 * Guarantees: a key is worked on by one worker at a time; a key added while it is worked on is handed out once more
 * afterwards (no wake-up is lost); of several additions the most urgent priority and the earliest time win.
 * Assumptions: `done` is called exactly once for each key that `take` gave.
 */
export class KeyedQueue {
  readonly #clock: Clock;
  readonly #ready: Readonly<Record<Priority, Set<ApplicationKey>>> = {
    request: new Set(),
    drift: new Set(),
    commit: new Set(),
    periodic: new Set(),
  };
  readonly #working = new Map<ApplicationKey, Priority | undefined>();
  readonly #timers = new Map<ApplicationKey, { readonly dueAt: number; readonly cancel: () => void }>();
  readonly #takers: ((key: ApplicationKey | undefined) => void)[] = [];
  #closed = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Those being worked on, then those ready, in the order in which they are handed out. */
  inTurn(): readonly ApplicationKey[] {
    return [...this.#working.keys(), ...priorities.flatMap((priority) => [...this.#ready[priority]])];
  }

  /** Keys ready or being worked on. */
  get depth(): number {
    return this.#working.size + priorities.reduce((sum, priority) => sum + this.#ready[priority].size, 0);
  }

  add(key: ApplicationKey, priority: Priority): void {
    if (this.#closed) return;
    this.#cancelTimer(key);
    if (this.#working.has(key)) {
      this.#working.set(key, urgent(priority, this.#working.get(key)));
      return;
    }
    const present = priorities.find((other) => this.#ready[other].has(key));
    if (present !== undefined) this.#ready[present].delete(key);
    this.#ready[urgent(priority, present)].add(key);
    this.#handOut();
  }

  /** Adds the key after `delayMs` as periodic, unless it is added before. */
  addAfter(key: ApplicationKey, delayMs: number): void {
    if (this.#closed) return;
    const dueAt = this.#clock.monotonic() + delayMs;
    const timer = this.#timers.get(key);
    if (timer !== undefined && timer.dueAt <= dueAt) return;
    timer?.cancel();
    const cancel = this.#clock.after(delayMs, () => {
      this.#timers.delete(key);
      this.add(key, 'periodic');
    });
    this.#timers.set(key, { dueAt, cancel });
  }

  /** The next key, when there is one; undefined after `close`. */
  take(): Promise<ApplicationKey | undefined> {
    return new Promise((resolve) => {
      this.#takers.push(resolve);
      this.#handOut();
    });
  }

  done(key: ApplicationKey): void {
    const again = this.#working.get(key);
    this.#working.delete(key);
    if (again !== undefined) this.add(key, again);
  }

  forget(key: ApplicationKey): void {
    this.#cancelTimer(key);
    for (const priority of priorities) this.#ready[priority].delete(key);
  }

  close(): void {
    this.#closed = true;
    for (const key of [...this.#timers.keys()]) this.#cancelTimer(key);
    for (const priority of priorities) this.#ready[priority].clear();
    this.#handOut();
  }

  #cancelTimer(key: ApplicationKey): void {
    this.#timers.get(key)?.cancel();
    this.#timers.delete(key);
  }

  #handOut(): void {
    while (this.#takers.length > 0) {
      const key = this.#closed ? undefined : this.#takeMostUrgent();
      if (key === undefined && !this.#closed) return;
      this.#takers.shift()?.(key);
    }
  }

  #takeMostUrgent(): ApplicationKey | undefined {
    for (const priority of priorities) {
      for (const key of this.#ready[priority]) {
        this.#ready[priority].delete(key);
        this.#working.set(key, undefined);
        return key;
      }
    }
    return undefined;
  }
}

function urgent(a: Priority, b: Priority | undefined): Priority {
  return b === undefined || priorities.indexOf(a) < priorities.indexOf(b) ? a : b;
}
