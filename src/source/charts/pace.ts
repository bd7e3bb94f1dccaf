import { OperatorError } from '../../model/errors.ts';
import type { Clock } from '../../model/ports.ts';

const firstPauseMs = 1_000;
const longestPauseMs = 60_000;
/** Failures of more things than this are forgotten, the oldest first. */
const maxRemembered = 1_000;

interface Failure {
  readonly error: OperatorError;
  readonly count: number;
  /** Monotonic. */
  readonly until: number;
}

/** Asks what fails ever more seldom; in between the last error is the answer, with how long it stands. */
export class Pace {
  readonly #clock: Clock;
  readonly #failures = new Map<string, Failure>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Throws the last error while it is too early to ask again. */
  check(key: string): void {
    const failure = this.#failures.get(key);
    const leftMs = (failure?.until ?? 0) - this.#clock.monotonic();
    if (failure === undefined || leftMs <= 0) return;
    const { step, reason, retry, message } = failure.error;
    throw new OperatorError(message, { step, reason, retry, retryAfterMs: leftMs, cause: failure.error });
  }

  failed(key: string, error: OperatorError): void {
    const count = (this.#failures.get(key)?.count ?? 0) + 1;
    const pauseMs = Math.min(firstPauseMs * 2 ** (count - 1), longestPauseMs);
    const until = this.#clock.monotonic() + Math.max(pauseMs, error.retryAfterMs ?? 0);
    this.#failures.delete(key);
    this.#failures.set(key, { error, count, until });
    const [oldest] = this.#failures.keys();
    if (oldest !== undefined && this.#failures.size > maxRemembered) this.#failures.delete(oldest);
  }

  succeeded(key: string): void {
    this.#failures.delete(key);
  }
}
