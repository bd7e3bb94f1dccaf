import type { Application } from '../model/application.ts';
import type { ApplicationKey } from '../model/installation.ts';
import type { Clock, Random } from '../model/ports.ts';
import type { Remote } from './git/remote.ts';
import { isFixed, revisionKey, type Resolved, type Revision } from './git/revision.ts';
import { Poll, type PollOutcome } from './polling.ts';
import { asOperatorError, withRetryAfter, type Remotes } from './remotes.ts';

export interface FollowingOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly remotes: Remotes;
}

/** Which Application follows which ref of which remote: one poll per ref, shared by all that follow it. */
export class Following {
  readonly #options: FollowingOptions;
  readonly #polls = new Map<string, { readonly poll: Poll; readonly remote: Remote }>();
  /** Which poll an Application follows. */
  readonly #followed = new Map<ApplicationKey, string>();
  readonly #listeners = new Set<(key: ApplicationKey) => void>();

  constructor(options: FollowingOptions) {
    this.#options = options;
  }

  /** Declares, again after each change, what an Application follows; nothing when its remote cannot be one. */
  follow(app: Application, remote: Remote | undefined): void {
    const id = remote === undefined ? undefined : pollId(remote, app);
    const before = this.#followed.get(app.key);
    this.#followed.delete(app.key);
    if (remote !== undefined && id !== undefined) {
      this.#followed.set(app.key, id);
      this.#sharedPoll(remote, app).follow(app.key, app.spec.intervalMs);
    }
    // Only now, so that a repository that is followed at another ref is kept.
    if (before !== undefined && before !== id) this.#leave(before, app.key);
  }

  unfollow(key: ApplicationKey): void {
    const id = this.#followed.get(key);
    this.#followed.delete(key);
    if (id !== undefined) this.#leave(id, key);
  }

  onNews(listener: (key: ApplicationKey) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  pollOf(key: ApplicationKey): Poll | undefined {
    return this.#polls.get(this.#followed.get(key) ?? '')?.poll;
  }

  /**
   * The newest commit of what an Application follows, also when it does not follow it yet; looks at the remote when
   * nothing is known or `anew` asks for it. Throws OperatorError: what the last look came to, with how long that stands.
   */
  async newestOf(app: Application, remote: Remote, anew: boolean): Promise<Resolved> {
    const poll = this.#polls.get(pollId(remote, app))?.poll ?? this.#newPoll(remote, app);
    const isDue = poll.outcome.kind === 'unknown' || (anew && mayLook(poll));
    return resolvedBy(isDue ? await poll.look() : poll.outcome, poll.waitMs);
  }

  /** Looks again at every ref of a remote that somebody follows. */
  lookAt({ id }: Remote): void {
    for (const { poll, remote } of this.#polls.values()) if (remote.id === id) void poll.look();
  }

  isFollowed({ id }: Remote): boolean {
    return [...this.#polls.values()].some(({ remote }) => remote.id === id);
  }

  /** Whether a commit is the newest of a ref that somebody follows. */
  isNewest(remote: Remote, commit: string): boolean {
    return [...this.#polls.values()].some(({ poll, remote: { id } }) => id === remote.id && poll.newest === commit);
  }

  stop(): void {
    for (const { poll } of this.#polls.values()) poll.stop();
    this.#polls.clear();
    this.#followed.clear();
    this.#listeners.clear();
  }

  #sharedPoll(remote: Remote, app: Application): Poll {
    const id = pollId(remote, app);
    const existing = this.#polls.get(id);
    if (existing !== undefined) return existing.poll;
    const poll = this.#newPoll(remote, app);
    this.#polls.set(id, { poll, remote });
    return poll;
  }

  #newPoll(remote: Remote, app: Application): Poll {
    const { clock, random, remotes } = this.#options;
    const revision = revisionOf(app);
    const poll: Poll = new Poll({
      clock,
      random,
      look: async () => {
        if (isFixed(revision)) return { kind: 'found', revision: revision.text };
        try {
          const resolved = await remotes.poll(remote, revision, poll.newest);
          return { kind: 'found', revision: resolved.commit, resolved };
        } catch (error) {
          return { kind: 'failed', error: asOperatorError(error, remote) };
        }
      },
      news: (keys) => {
        for (const key of keys) for (const listener of this.#listeners) listener(key);
      },
    });
    return poll;
  }

  /** An Application ceases to follow a poll; with its last follower it ends, and with its last poll the local copies. */
  #leave(id: string, key: ApplicationKey): void {
    const left = this.#polls.get(id);
    left?.poll.unfollow(key);
    if (left === undefined || left.poll.isFollowed) return;
    this.#polls.delete(id);
    if (!this.isFollowed(left.remote)) this.#options.remotes.forget(left.remote);
  }
}

/** A remote that said when it wants to be asked again is not asked before. */
function mayLook({ outcome, waitMs }: Poll): boolean {
  return outcome.kind !== 'failed' || outcome.error.retryAfterMs === undefined || waitMs === 0;
}

function resolvedBy(outcome: PollOutcome, waitMs: number): Resolved {
  switch (outcome.kind) {
    case 'found':
      return outcome.resolved ?? { commit: outcome.revision };
    case 'failed':
      throw waitMs > 0 ? withRetryAfter(outcome.error, waitMs) : outcome.error;
    case 'unknown':
      throw new Error('a look that ended knows neither a revision nor an error');
  }
}

function pollId(remote: Remote, app: Application): string {
  return `${remote.id} ${revisionKey(revisionOf(app))}`;
}

function revisionOf({ spec }: Application): Revision {
  const { targetRevision, tagPrefix } = spec.sources[0];
  return { text: targetRevision, tagPrefix };
}
