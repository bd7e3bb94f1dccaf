import type { OperatorError } from '../model/errors.ts';
import type { ApplicationKey } from '../model/installation.ts';
import type { Clock, Random } from '../model/ports.ts';

/** What looking at a ref came to. */
export type PollOutcome =
  | { readonly kind: 'unknown' }
  | { readonly kind: 'found'; readonly revision: string; readonly tag?: string | undefined }
  | { readonly kind: 'failed'; readonly error: OperatorError };

export interface PollOptions {
  readonly clock: Clock;
  readonly random: Random;
  /** One look at the remote; never rejects. */
  readonly look: () => Promise<PollOutcome>;
  /** The revision is another, or looking works or fails where it did not before (or for another reason). */
  readonly news: (followers: Iterable<ApplicationKey>) => void;
}

const firstRetryMs = 1_000;
const jitter = 0.1;
/** Between two looks that were asked for: ten times what the last one took, in these bounds. */
const againPace = { times: 10, leastMs: 250, mostMs: 2_000 };

/**
 * Looks at one ref of one remote, for all Applications that follow it.
 *
 * Guarantees: one look at a time; the first at once; then at the shortest interval of the followers, ± 10 %. After a
 * failure that the remote is to blame for ever later, up to the interval (at least 5 s, at most 1 min), after others that
 * long at once; never before the Retry-After that was given.
 */
export class Poll {
  readonly #options: PollOptions;
  readonly #followers = new Map<ApplicationKey, number>();
  /** The shortest interval of them; undefined when it has to be looked for. */
  #shortestMs: number | undefined;
  #outcome: PollOutcome = { kind: 'unknown' };
  /** The revision of the last look that succeeded. */
  #newest: string | undefined;
  /** Monotonic: when that revision was first seen, and when the last look that ended, well or not, began. */
  #newestAt = Number.NEGATIVE_INFINITY;
  #lookedAt = Number.NEGATIVE_INFINITY;
  /** The last look that ended. */
  #tookMs = 0;
  #failures = 0;
  /** Monotonic: when the first of the present failures in a row was told. */
  #failingSince = Number.POSITIVE_INFINITY;
  #running: Promise<PollOutcome> | undefined;
  /** Monotonic: when the newest look began. */
  #beganAt = Number.NEGATIVE_INFINITY;
  /** A look that was asked for by `lookAgain` and has not begun. */
  #again: Promise<PollOutcome> | undefined;
  /** Monotonic: when the last of those began. */
  #againAt = Number.NEGATIVE_INFINITY;
  #endPause: () => void = () => undefined;
  #cancel: () => void = () => undefined;
  #dueAt = 0;
  #stopped = false;

  constructor(options: PollOptions) {
    this.#options = options;
  }

  get newest(): string | undefined {
    return this.#newest;
  }

  /** Monotonic milliseconds. */
  get newestAt(): number {
    return this.#newestAt;
  }

  /** Milliseconds for which every look has failed; negative when the last one did not. */
  get failingMs(): number {
    return this.#options.clock.monotonic() - this.#failingSince;
  }

  /** Milliseconds that the look under way has taken so far; 0 when there is none. */
  get lookingMs(): number {
    return this.#running === undefined ? 0 : this.#options.clock.monotonic() - this.#beganAt;
  }

  get outcome(): PollOutcome {
    return this.#outcome;
  }

  /** Milliseconds until the next look. */
  get waitMs(): number {
    return Math.max(0, this.#dueAt - this.#options.clock.monotonic());
  }

  get isFollowed(): boolean {
    return this.#followers.size > 0;
  }

  follow(key: ApplicationKey, intervalMs: number): void {
    const before = this.#intervalMs();
    if (this.#followers.get(key) === before) this.#shortestMs = undefined;
    this.#followers.set(key, intervalMs);
    if (intervalMs <= before) this.#shortestMs = intervalMs;
    if (this.#outcome.kind === 'unknown') void this.look();
    else if (intervalMs < before && this.#failures === 0) this.#schedule();
  }

  unfollow(key: ApplicationKey): void {
    if (this.#followers.get(key) === this.#shortestMs) this.#shortestMs = undefined;
    this.#followers.delete(key);
    if (!this.isFollowed) this.stop();
  }

  stop(): void {
    this.#stopped = true;
    this.#cancel();
    this.#endPause();
  }

  /** Resolves when a look has ended that began then (monotonic) or later; looks only when none has. */
  async lookedSince(time: number): Promise<void> {
    while (!this.#stopped && this.#lookedAt < time) await this.look();
  }

  /** Looks now, or joins the look that is under way. */
  look(): Promise<PollOutcome> {
    this.#running ??= this.#lookOnce().finally(() => (this.#running = undefined));
    return this.#running;
  }

  /**
   * A look that begins after this call: the one under way may have asked the remote too early to see what the caller
   * knows of. One look is for all who ask before it begins, and such looks begin some time apart, so that a burst of pushes
   * causes one look at its beginning and one at its end, and a remote that is slow is asked less often.
   */
  lookAgain(): Promise<PollOutcome> {
    this.#again ??= this.#lookAfterwards();
    return this.#again;
  }

  async #lookAfterwards(): Promise<PollOutcome> {
    await this.#pause(this.#againAt + this.#againPaceMs() - this.#options.clock.monotonic());
    while (this.#running !== undefined) await this.#running;
    this.#again = undefined;
    if (this.#stopped) return this.#outcome;
    this.#againAt = this.#options.clock.monotonic();
    return await this.look();
  }

  #againPaceMs(): number {
    const { times, leastMs, mostMs } = againPace;
    return Math.min(Math.max(times * this.#tookMs, leastMs), mostMs);
  }

  async #pause(ms: number): Promise<void> {
    if (ms <= 0 || this.#stopped) return;
    const { promise, resolve } = Promise.withResolvers<undefined>();
    const cancel = this.#options.clock.after(ms, () => resolve(undefined));
    this.#endPause = () => {
      cancel();
      resolve(undefined);
    };
    await promise;
  }

  async #lookOnce(): Promise<PollOutcome> {
    this.#cancel();
    const { clock, look } = this.#options;
    const before = this.#outcome;
    const began = clock.monotonic();
    this.#beganAt = began;
    this.#outcome = await look();
    this.#lookedAt = began;
    this.#tookMs = clock.monotonic() - began;
    if (this.#outcome.kind === 'found' && this.#outcome.revision !== this.#newest) {
      this.#newest = this.#outcome.revision;
      this.#newestAt = clock.monotonic();
    }
    this.#failures = this.#outcome.kind === 'failed' ? this.#failures + 1 : 0;
    if (this.#failures === 0) this.#failingSince = Number.POSITIVE_INFINITY;
    else if (this.#failures === 1) this.#failingSince = clock.monotonic();
    if (!this.#stopped) {
      this.#schedule();
      if (differs(before, this.#outcome)) this.#options.news([...this.#followers.keys()]);
    }
    return this.#outcome;
  }

  #schedule(): void {
    this.#cancel();
    if (!this.isFollowed) return;
    const { clock, random } = this.#options;
    const delay = Math.max(this.#delayMs() * (1 + jitter * (2 * random() - 1)), this.#notBeforeMs());
    this.#dueAt = clock.monotonic() + delay;
    this.#cancel = clock.after(delay, () => void this.look());
  }

  #delayMs(): number {
    const interval = this.#intervalMs();
    if (this.#failures === 0) return interval;
    const longest = Math.min(Math.max(interval, 5_000), 60_000);
    // Wrong credentials, tried again and again, lock accounts.
    if (this.#outcome.kind === 'failed' && this.#outcome.error.retry !== 'backoff') return longest;
    return Math.min(firstRetryMs * 2 ** Math.min(this.#failures - 1, 10), longest);
  }

  #notBeforeMs(): number {
    return this.#outcome.kind === 'failed' ? (this.#outcome.error.retryAfterMs ?? 0) : 0;
  }

  /** Infinity without followers. */
  #intervalMs(): number {
    this.#shortestMs ??= this.#followers.values().reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
    return this.#shortestMs;
  }
}

function differs(before: PollOutcome, now: PollOutcome): boolean {
  if (before.kind !== now.kind) return true;
  if (before.kind === 'found' && now.kind === 'found') return before.revision !== now.revision;
  return before.kind === 'failed' && now.kind === 'failed' && before.error.reason !== now.error.reason;
}
