import type { Cluster, Reflector } from '../kube/cluster.ts';
import type { KubeObject, Target } from '../model/object.ts';
import { refKey } from '../model/object.ts';

/** How an object stands that is watched by its name. */
export type FollowedState =
  | { readonly state: 'found'; readonly object: KubeObject }
  | { readonly state: 'absent' }
  | { readonly state: 'unknown'; readonly why: string };

interface Followed {
  readonly target: Target;
  readonly followers: Set<string>;
  reflector: Reflector | undefined;
  state: FollowedState;
}

/**
 * Single objects, watched whole by their names as long as somebody wants to know how they stand.
 *
 * Guarantees: one watch per object, however many followers; `changed` is called after every change of a state; one whose
 * kind is not served is watched as soon as it is.
 */
export class FollowedObjects implements Disposable {
  readonly #cluster: Pick<Cluster, 'kinds' | 'reflect'>;
  readonly #changed: () => void;
  readonly #followed = new Map<string, Followed>();
  readonly #unsubscribe: () => void;

  constructor(cluster: Pick<Cluster, 'kinds' | 'reflect'>, changed: () => void) {
    this.#cluster = cluster;
    this.#changed = changed;
    this.#unsubscribe = cluster.kinds.onChange(() => {
      for (const followed of this.#followed.values()) this.#watch(followed);
    });
  }

  /** Replaces what a follower wants to know of. The namespace of a target counts only if its kind has namespaces. */
  follow(follower: string, targets: readonly Target[]): void {
    const wanted = new Set(targets.map(idOf));
    for (const target of targets) this.#want(follower, target);
    for (const [id, followed] of this.#followed) {
      if (wanted.has(id) || !followed.followers.delete(follower) || followed.followers.size > 0) continue;
      followed.reflector?.stop();
      this.#followed.delete(id);
    }
  }

  find(target: Target): FollowedState {
    return this.#followed.get(idOf(target))?.state ?? { state: 'unknown', why: 'it is not followed' };
  }

  [Symbol.dispose](): void {
    this.#unsubscribe();
    for (const { reflector } of this.#followed.values()) reflector?.stop();
    this.#followed.clear();
  }

  #want(follower: string, target: Target): void {
    const present = this.#followed.get(idOf(target));
    if (present !== undefined) {
      present.followers.add(follower);
      return;
    }
    const state = { state: 'unknown', why: 'it is being looked up' } as const;
    const followed: Followed = { target, followers: new Set([follower]), reflector: undefined, state };
    this.#followed.set(idOf(target), followed);
    this.#watch(followed);
  }

  #watch(followed: Followed): void {
    const { target } = followed;
    const served = this.#cluster.kinds.find(target, target.apiVersion);
    if (served.state === 'gone')
      followed.state = { state: 'unknown', why: `the cluster does not serve ${target.kind} in ${target.apiVersion}` };
    if (served.state !== 'served' || followed.reflector !== undefined) return;
    const become = (state: FollowedState): void => {
      followed.state = state;
      this.#changed();
    };
    followed.reflector = this.#cluster.reflect({
      kind: served.kind,
      metadataOnly: false,
      namespace: served.kind.namespaced ? target.namespace : '',
      fieldSelector: `metadata.name=${target.name}`,
      listener: {
        changed: (object) => become({ state: 'found', object }),
        deleted: () => become({ state: 'absent' }),
        synced: () => become(followed.state.state === 'unknown' ? { state: 'absent' } : followed.state),
        interrupted: () => undefined,
      },
    });
  }
}

function idOf(target: Target): string {
  return `${target.apiVersion} ${refKey(target)}`;
}
