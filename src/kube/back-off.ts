import type { ApiError, ApiErrorKind } from '../model/api-error.ts';
import type { Random } from '../model/ports.ts';

const shortestMs = 500;
/** Short enough to be back well within 15 s of an outage's end. */
const longestMs = 4_000;
const longestOpenMs = 1_000;
/** Where only a person can help: a permission, a kind that is not there. */
const longestSlowMs = 60_000;

const slowKinds = new Set<ApiErrorKind>(['notServed', 'forbidden', 'invalid', 'notFound', 'namespaceMissing']);

/** Pauses between the tries of one connection: at least half a second, doubling, with up to a half on top by chance. */
export class BackOff {
  readonly #random: Random;
  #failures = 0;

  constructor(random: Random) {
    this.#random = random;
  }

  get failures(): number {
    return this.#failures;
  }

  reset(): void {
    this.#failures = 0;
  }

  /**
   * Milliseconds until the next try after one more failure; never less than the server asked for. `wasOpen`: there was
   * a connection and it was lost, so that the other side is there.
   */
  next({ kind, retryAfterMs = 0 }: ApiError, wasOpen: boolean): number {
    const doubled = shortestMs * 2 ** Math.min(this.#failures, 20);
    this.#failures += 1;
    const longest = slowKinds.has(kind) ? longestSlowMs : wasOpen ? longestOpenMs : longestMs;
    const pause = Math.min(doubled, longest);
    return Math.max(retryAfterMs, pause) + (this.#random() * pause) / 2;
  }
}
