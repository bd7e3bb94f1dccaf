import type { Application } from '../../model/application.ts';
import { isSuspended } from '../../model/application.ts';
import type { ApplicationKey } from '../../model/installation.ts';
import type { Clock } from '../../model/ports.ts';

/** Suspensions that end by themselves (`spec.suspend.until`): `resume` is told when they do. */
export class Resumptions {
  readonly #clock: Clock;
  readonly #resume: (key: ApplicationKey) => void;
  readonly #timers = new Map<ApplicationKey, () => void>();

  constructor(clock: Clock, resume: (key: ApplicationKey) => void) {
    this.#clock = clock;
    this.#resume = resume;
  }

  /** Whether it is suspended now; replaces what was known of it. */
  isSuspended(app: Application): boolean {
    this.forget(app.key);
    const now = this.#clock.now();
    const { untilMs } = app.spec.suspend ?? {};
    if (!isSuspended(app, now)) return false;
    // Whoever is told looks at the clock again: the longest timer of a computer is shorter than a year.
    if (untilMs !== undefined)
      this.#timers.set(
        app.key,
        this.#clock.after(untilMs - now, () => this.#resume(app.key)),
      );
    return true;
  }

  forget(key: ApplicationKey): void {
    this.#timers.get(key)?.();
    this.#timers.delete(key);
  }

  stop(): void {
    for (const key of [...this.#timers.keys()]) this.forget(key);
  }
}
