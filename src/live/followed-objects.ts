import type { Cluster, Reflector } from '../kube/cluster.ts';
import type { KubeObject, Ref } from '../model/object.ts';
import { refKey } from '../model/object.ts';

/** How an object stands that is watched by its name. */
export type FollowedState =
  | { readonly state: 'found'; readonly object: KubeObject }
  | { readonly state: 'absent' }
  | { readonly state: 'unknown'; readonly why: string };

/** What is followed; without a version in the one that the cluster prefers. */
export type Followable = Ref & { readonly apiVersion?: string };

interface Followed {
  readonly target: Followable;
  readonly followers: Set<string>;
  /** Resolves when it is known for the first time how it stands, or that this is not known. */
  readonly first: PromiseWithResolvers<undefined>;
  reflector: Reflector | undefined;
  state: FollowedState;
}

/**
 * Single objects, watched whole by their names as long as somebody wants to know how they stand.
 *
 * Guarantees: one watch per object, however many followers; `changed` is called with them after every change of a
 * state; one whose kind is not served is watched as soon as it is.
 */
export class FollowedObjects implements Disposable {
  readonly #cluster: Pick<Cluster, 'kinds' | 'reflect'>;
  readonly #changed: (followers: ReadonlySet<string>) => void;
  readonly #followed = new Map<string, Followed>();
  readonly #unsubscribe: () => void;

  constructor(cluster: Pick<Cluster, 'kinds' | 'reflect'>, changed: (followers: ReadonlySet<string>) => void) {
    this.#cluster = cluster;
    this.#changed = changed;
    this.#unsubscribe = cluster.kinds.onChange(() => {
      for (const followed of this.#followed.values()) this.#watch(followed);
    });
  }

  /** Replaces what a follower wants to know of. The namespace of a target counts only if its kind has namespaces. */
  follow(follower: string, targets: readonly Followable[]): void {
    const wanted = new Set(targets.map(idOf));
    for (const target of targets) this.#want(follower, target);
    for (const [id, followed] of this.#followed) {
      if (wanted.has(id) || !followed.followers.delete(follower) || followed.followers.size > 0) continue;
      followed.reflector?.stop();
      this.#followed.delete(id);
    }
  }

  /** Resolves when it is known how each stands, or why that is not known. */
  async lookedUp(targets: readonly Followable[], signal: AbortSignal): Promise<void> {
    const firsts = targets.flatMap((target) => this.#followed.get(idOf(target))?.first.promise ?? []);
    const aborted = Promise.withResolvers<never>();
    const abort = (): void => aborted.reject(signal.reason);
    signal.addEventListener('abort', abort);
    try {
      signal.throwIfAborted();
      await Promise.race([Promise.all(firsts), aborted.promise]);
    } finally {
      signal.removeEventListener('abort', abort);
    }
  }

  find(target: Followable): FollowedState {
    return this.#followed.get(idOf(target))?.state ?? { state: 'unknown', why: 'it is not followed' };
  }

  [Symbol.dispose](): void {
    this.#unsubscribe();
    for (const { reflector } of this.#followed.values()) reflector?.stop();
    this.#followed.clear();
  }

  #want(follower: string, target: Followable): void {
    const present = this.#followed.get(idOf(target));
    if (present !== undefined) {
      present.followers.add(follower);
      return;
    }
    const state = { state: 'unknown', why: 'it is being looked up' } as const;
    const first = Promise.withResolvers<undefined>();
    const followed: Followed = { target, followers: new Set([follower]), first, reflector: undefined, state };
    this.#followed.set(idOf(target), followed);
    this.#watch(followed);
  }

  #watch(followed: Followed): void {
    const { target } = followed;
    if (followed.reflector !== undefined) return;
    const served = this.#cluster.kinds.find(target, target.apiVersion);
    if (served.state !== 'served') {
      followed.state = { state: 'unknown', why: served.state === 'gone' ? notServed(target) : served.why };
      followed.first.resolve(undefined);
      return;
    }
    followed.reflector = this.#cluster.reflect({
      kind: served.kind,
      metadataOnly: false,
      namespace: served.kind.namespaced ? target.namespace : '',
      fieldSelector: `metadata.name=${target.name}`,
      listener: {
        changed: (object) => this.#become(followed, { state: 'found', object }),
        deleted: () => this.#become(followed, { state: 'absent' }),
        synced: () => this.#become(followed, followed.state.state === 'unknown' ? { state: 'absent' } : followed.state),
        // What was known before it is the best that is known.
        interrupted: (why) =>
          this.#become(followed, followed.state.state === 'unknown' ? { state: 'unknown', why } : followed.state),
      },
    });
  }

  #become(followed: Followed, state: FollowedState): void {
    followed.state = state;
    followed.first.resolve(undefined);
    this.#changed(followed.followers);
  }
}

function notServed({ kind, apiVersion }: Followable): string {
  return `the cluster does not serve ${kind}${apiVersion === undefined ? '' : ` in ${apiVersion}`}`;
}

function idOf(target: Followable): string {
  return `${target.apiVersion ?? ''} ${refKey(target)}`;
}
