import type { Application } from '../model/application.ts';
import type { ApplicationKey } from '../model/installation.ts';
import type { Clock, Random } from '../model/ports.ts';
import { joinRevisions } from '../model/revision.ts';
import { FolderIds } from './folder-ids.ts';
import type { Remote } from './git/remote.ts';
import { Poll, type PollOutcome } from './polling.ts';
import { asOperatorError, withRetryAfter, type Remotes } from './remotes.ts';
import type { Meant, Target } from './targets.ts';

export interface FollowingOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly remotes: Remotes;
}

interface Followed {
  readonly poll: Poll;
  readonly target: Target;
  readonly folders: FolderIds;
}

/** For remotes that do not answer. */
const patienceMs = 10_000;
/** A remote that is out of reach for longer stops nobody: it may never come back. */
const outOfSightMs = 600_000;

/** Which Application follows which targets: one poll for each, shared by all that follow it. */
export class Following {
  readonly #options: FollowingOptions;
  readonly #polls = new Map<string, Followed>();
  /** Which polls an Application follows, one for each of its sources. */
  readonly #followed = new Map<ApplicationKey, readonly string[]>();
  readonly #listeners = new Set<(key: ApplicationKey) => void>();

  constructor(options: FollowingOptions) {
    this.#options = options;
  }

  /** Declares, again after each change, what an Application follows; nothing when its sources cannot be followed. */
  follow(app: Application, targets: readonly Target[]): void {
    const before = this.#followed.get(app.key) ?? [];
    const ids = targets.map(({ id }) => id);
    if (ids.length === 0) this.#followed.delete(app.key);
    else this.#followed.set(app.key, ids);
    for (const target of targets) {
      const { poll, folders } = this.#shared(target);
      folders.follow(app.key, pathsOf(app, ids, target));
      poll.follow(app.key, app.spec.intervalMs);
    }
    // Only now, so that a repository that is followed at another ref is kept.
    for (const id of before) if (!ids.includes(id)) this.#leave(id, app.key);
  }

  unfollow(key: ApplicationKey): void {
    const before = this.#followed.get(key) ?? [];
    this.#followed.delete(key);
    for (const id of before) this.#leave(id, key);
  }

  onNews(listener: (key: ApplicationKey) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Looks at all that matches, also when a look is under way: it may have been too early. */
  lookAgain(matches: (target: Target) => boolean): void {
    for (const { poll, target } of this.#polls.values()) {
      if (mayLook(poll) && matches(target)) void poll.lookAgain();
    }
  }

  /** Looks again at every ref of a remote that somebody follows: what opens it may be another now. */
  lookAtRemote({ id }: Remote): void {
    for (const { poll, target } of this.#polls.values()) if (target.remote?.id === id) void poll.look();
  }

  /**
   * Resolves when every ref that only others follow was looked at after the newest revision of this Application was seen.
   * One look at each, in vain or not, and 10 s at most; none at a remote that wants no request now.
   */
  async lookAtOthers(key: ApplicationKey): Promise<void> {
    const own = this.#followed.get(key) ?? [];
    const seenAt = Math.max(...own.map((id) => this.#polls.get(id)?.poll.newestAt ?? Number.NEGATIVE_INFINITY));
    const others = [...this.#polls].filter(([id, { poll }]) => !own.includes(id) && isWelcome(poll));
    const { promise: late, resolve } = Promise.withResolvers<undefined>();
    const cancel = this.#options.clock.after(patienceMs, () => resolve(undefined));
    await Promise.race([late, Promise.all(others.map(([, { poll }]) => poll.lookedSince(seenAt)))]);
    cancel();
  }

  /** undefined while one of its sources was never seen. */
  newestRevision(key: ApplicationKey): string | undefined {
    const revisions = (this.#followed.get(key) ?? []).map((id) => this.#polls.get(id)?.poll.newest);
    const known = revisions.filter((revision) => revision !== undefined);
    return known.length === 0 || known.length < revisions.length ? undefined : joinRevisions(known);
  }

  /** A remote that it follows has been out of reach for a while: what it has now is not known. */
  isOutOfSight(key: ApplicationKey): boolean {
    return (this.#followed.get(key) ?? []).some((id) => {
      const poll = this.#polls.get(id)?.poll;
      if (poll === undefined) return false;
      return (poll.failingMs >= 0 && poll.failingMs < outOfSightMs) || poll.lookingMs >= patienceMs;
    });
  }

  /**
   * The newest revision of a target, also when nobody follows it yet; looks at the remote when nothing is known or `anew`
   * asks for it. Throws OperatorError: what the last look came to, with how long that stands.
   */
  async newestOf(target: Target, anew: boolean): Promise<Meant> {
    const poll = this.#polls.get(target.id)?.poll ?? this.#newPoll(target);
    const isDue = poll.outcome.kind === 'unknown' || (anew && mayLook(poll));
    return meantBy(isDue ? await poll.look() : poll.outcome, poll.waitMs);
  }

  /** Whether a commit is the newest of a ref that somebody follows. */
  isNewest(remote: Remote, commit: string): boolean {
    return [...this.#polls.values()].some(
      ({ poll, target }) => target.remote?.id === remote.id && poll.newest === commit,
    );
  }

  isFollowed({ id }: Remote): boolean {
    return [...this.#polls.values()].some(({ target }) => target.remote?.id === id);
  }

  stop(): void {
    for (const { poll } of this.#polls.values()) poll.stop();
    this.#polls.clear();
    this.#followed.clear();
    this.#listeners.clear();
  }

  #shared(target: Target): Followed {
    const existing = this.#polls.get(target.id);
    if (existing !== undefined) return existing;
    const followed = { poll: this.#newPoll(target), target, folders: new FolderIds() };
    this.#polls.set(target.id, followed);
    return followed;
  }

  #newPoll(target: Target): Poll {
    const { clock, random } = this.#options;
    const poll: Poll = new Poll({
      clock,
      random,
      look: async () => {
        if (target.fixed !== undefined) return { kind: 'found', revision: target.fixed };
        try {
          return { kind: 'found', ...(await target.look(poll.newest)) };
        } catch (error) {
          return { kind: 'failed', error: asOperatorError(error, target.repoURL) };
        }
      },
      news: (keys) => void this.#tell(target, [...keys]),
    });
    return poll;
  }

  async #tell({ id }: Target, keys: readonly ApplicationKey[]): Promise<void> {
    const followed = this.#polls.get(id);
    const sorted = followed === undefined || keys.length < 2 ? keys : await this.#sorted(followed, keys);
    for (const key of sorted) for (const listener of this.#listeners) listener(key);
  }

  /** Those first whom the commit touches; as they were when it cannot be read, which each of them will say. */
  async #sorted(
    { poll, target, folders }: Followed,
    keys: readonly ApplicationKey[],
  ): Promise<readonly ApplicationKey[]> {
    const { outcome } = poll;
    if (outcome.kind !== 'found' || outcome.tag !== undefined || target.remote === undefined) return keys;
    const repository = this.#options.remotes.repository(target.remote);
    return await repository
      .with({ commit: outcome.revision }, (snapshot) => folders.touchedFirst(snapshot))
      .catch(() => keys);
  }

  /** An Application ceases to follow a poll; with its last follower it ends, and with its last poll the local copies. */
  #leave(id: string, key: ApplicationKey): void {
    const left = this.#polls.get(id);
    left?.folders.unfollow(key);
    left?.poll.unfollow(key);
    if (left === undefined || left.poll.isFollowed) return;
    this.#polls.delete(id);
    const { remote } = left.target;
    if (remote !== undefined && !this.isFollowed(remote)) this.#options.remotes.forget(remote);
  }
}

/** A remote that said when it wants to be asked again is not asked before. */
function mayLook({ outcome, waitMs }: Poll): boolean {
  return outcome.kind !== 'failed' || outcome.error.retryAfterMs === undefined || waitMs === 0;
}

/** Wrong credentials, tried again and again, lock accounts. */
function isWelcome(poll: Poll): boolean {
  return mayLook(poll) && (poll.outcome.kind !== 'failed' || poll.outcome.error.retry === 'backoff');
}

function meantBy(outcome: PollOutcome, waitMs: number): Meant {
  switch (outcome.kind) {
    case 'found':
      return outcome;
    case 'failed':
      throw waitMs > 0 ? withRetryAfter(outcome.error, waitMs) : outcome.error;
    case 'unknown':
      throw new Error('a look that ended knows neither a revision nor an error');
  }
}

/** Of the sources that follow this target. */
function pathsOf(app: Application, ids: readonly string[], { id }: Target): string[] {
  return app.spec.sources.filter((_, index) => ids[index] === id).map(({ path }) => path);
}
