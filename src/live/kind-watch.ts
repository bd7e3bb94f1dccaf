import type { Cluster, Reflector, ReflectorListener, ServedKind } from '../kube/cluster.ts';
import type { ApplicationKey } from '../model/installation.ts';
import type { GroupKind, KubeObject } from '../model/object.ts';
import type { Clock } from '../model/ports.ts';

/**
 * - `parked`: not served; `unknown`: discovery cannot tell;
 * - `listing`: asked for, no list complete yet; `failing`: and the first attempts failed (forbidden, server down);
 * - `listed`: a complete list stood at least once.
 */
export type WatchState = 'parked' | 'unknown' | 'listing' | 'failing' | 'listed';

export interface KindWatchPorts {
  readonly cluster: Pick<Cluster, 'kinds' | 'reflect'>;
  readonly clock: Clock;
  readonly labelSelector: string;
  needsStatus(kind: GroupKind): boolean;
  /** Milliseconds after which a list that does not complete is waited for no more. */
  readonly listTimeoutMs: number;
  readonly listener: WatchListener;
}

/** Kinds are `group/Kind`. */
export interface WatchListener {
  changed(object: KubeObject): void;
  deleted(object: KubeObject): void;
  /** A complete list of the kind stands. */
  listed(kind: string): void;
  /** Another list of the kind begins; what was seen of it counts until that one is complete. */
  relisting(kind: string): void;
  /** What was seen of the kind counts no more: it is served no more, or it is watched anew from the beginning. */
  unseen(kind: string): void;
  /** No Application needs the kind any more. */
  unused(kind: string): void;
  wake(key: ApplicationKey, why: string): void;
  /** A state changed: who waits for lists looks again. */
  moved(): void;
}

/** The watch of one kind for all Applications that need it: it starts, parks and stops as discovery says. */
export class KindWatch {
  readonly id: string;
  readonly kind: GroupKind;
  readonly #ports: KindWatchPorts;
  /** Who needs it, and in which versions. */
  readonly #users = new Map<ApplicationKey, ReadonlySet<string>>();
  /** The same by version, with the number of those who need it: an Application that joins costs nothing per other one. */
  readonly #asked = new Map<string, number>();
  /** Versions asked for that are not served. */
  #missing: ReadonlySet<string> = new Set();
  /** Have asked while nothing certain could be said. */
  readonly #waiting = new Set<ApplicationKey>();
  #state: WatchState = 'unknown';
  #served: ServedKind | undefined;
  #reflector: Reflector | undefined;
  #cancelTimeout: (() => void) | undefined;

  constructor(id: string, kind: GroupKind, ports: KindWatchPorts) {
    this.id = id;
    this.kind = kind;
    this.#ports = ports;
  }

  get state(): WatchState {
    return this.#state;
  }

  /** True when nothing of the kind can be missing: its list is complete and the watch stands, or it is not served. */
  get complete(): boolean {
    return this.#state === 'parked' || (this.#state === 'listed' && this.#reflector?.complete === true);
  }

  get isUsed(): boolean {
    return this.#users.size > 0;
  }

  join(key: ApplicationKey, versions: ReadonlySet<string>): void {
    const isFirst = !this.isUsed;
    this.#ask(versions, 1);
    this.#ask(this.#users.get(key), -1);
    this.#users.set(key, versions);
    if (isFirst) this.reconsider();
    else this.#missing = this.#missingVersions();
  }

  leave(key: ApplicationKey): void {
    this.#ask(this.#users.get(key), -1);
    this.#users.delete(key);
    this.#waiting.delete(key);
  }

  #ask(versions: ReadonlySet<string> | undefined, by: 1 | -1): void {
    for (const version of versions ?? []) {
      const count = (this.#asked.get(version) ?? 0) + by;
      if (count > 0) this.#asked.set(version, count);
      else this.#asked.delete(version);
    }
  }

  /** The Application is woken when more can be said. */
  wakeWhenKnown(key: ApplicationKey): void {
    if (this.#users.has(key)) this.#waiting.add(key);
  }

  /** Begins again from a new list, in full or by metadata as the kind needs it now. What is known holds until then. */
  renew(): void {
    if (this.#served === undefined) return;
    this.#ports.listener.relisting(this.id);
    this.#list(this.#served);
    this.#ports.listener.moved();
  }

  /** Does what discovery says of the kind now. */
  reconsider(): void {
    const answer = this.#ports.cluster.kinds.find(this.kind);
    if (answer.state === 'served') this.#serve(answer.kind);
    // Unknown: a watch that runs knows better, and its reflector says itself when it cannot go on.
    if (answer.state === 'gone') this.#park();
    this.#wakeForVersions();
    if (this.complete) this.#wakeWaiting(`${this.id} is known again`);
    this.#ports.listener.moved();
  }

  #serve(kind: ServedKind): void {
    if (this.#reflector !== undefined && this.#isStillServed()) return;
    const isNew = this.#state === 'parked' || this.#state === 'unknown';
    // The new watch does not know what the old one has shown, so it cannot tell what went in between.
    if (this.#reflector !== undefined) this.#ports.listener.unseen(this.id);
    this.#list(kind);
    if (isNew) this.#wakeAll(`${this.id} is served now`);
  }

  #list(kind: ServedKind): void {
    this.stop();
    this.#served = kind;
    this.#state = 'listing';
    this.#cancelTimeout = this.#ports.clock.after(this.#ports.listTimeoutMs, () => this.#failed());
    this.#reflector = this.#follow(kind);
  }

  #isStillServed(): boolean {
    if (this.#served === undefined) return false;
    const { apiVersion, resource, namespaced } = this.#served;
    const answer = this.#ports.cluster.kinds.find(this.kind, apiVersion);
    if (answer.state !== 'served') return answer.state === 'unknown';
    return answer.kind.resource === resource && answer.kind.namespaced === namespaced;
  }

  #follow(kind: ServedKind): Reflector {
    const { cluster, labelSelector } = this.#ports;
    const metadataOnly = !this.#ports.needsStatus(this.kind);
    return cluster.reflect({ kind, metadataOnly, labelSelector, listener: this.#listener() });
  }

  #listener(): ReflectorListener {
    const { listener } = this.#ports;
    return {
      changed: (object) => listener.changed(object),
      deleted: (object) => listener.deleted(object),
      synced: () => this.#listed(),
      interrupted: () => this.#failed(),
    };
  }

  #listed(): void {
    const isFirst = this.#state !== 'listed';
    this.#cancelTimeout?.();
    this.#state = 'listed';
    this.#ports.listener.listed(this.id);
    const why = `the list of ${this.id} is complete`;
    if (isFirst) this.#wakeAll(why);
    else this.#wakeWaiting(why);
    this.#ports.listener.moved();
  }

  /** Nobody waits any longer for a list that cannot be had at present. The reflector goes on trying. */
  #failed(): void {
    this.#cancelTimeout?.();
    if (this.#state !== 'listing') return;
    this.#state = 'failing';
    this.#ports.listener.moved();
  }

  #park(): void {
    const wasWatching = this.#reflector !== undefined;
    this.stop();
    this.#state = 'parked';
    if (!wasWatching) return;
    this.#ports.listener.unseen(this.id);
    this.#wakeAll(`${this.id} is served no more`);
  }

  stop(): void {
    this.#cancelTimeout?.();
    this.#reflector?.stop();
    this.#reflector = undefined;
    this.#served = undefined;
  }

  #wakeAll(why: string): void {
    this.#waiting.clear();
    for (const key of [...this.#users.keys()]) this.#ports.listener.wake(key, why);
  }

  #wakeWaiting(why: string): void {
    const keys = [...this.#waiting];
    this.#waiting.clear();
    for (const key of keys) this.#ports.listener.wake(key, why);
  }

  #missingVersions(): ReadonlySet<string> {
    const { kinds } = this.#ports.cluster;
    return new Set([...this.#asked.keys()].filter((version) => kinds.find(this.kind, version).state !== 'served'));
  }

  /** The kind may have been served all the time, and now it is in the version that somebody writes. */
  #wakeForVersions(): void {
    const before = this.#missing;
    this.#missing = this.#missingVersions();
    const arrived = new Set([...before].filter((version) => !this.#missing.has(version)));
    if (arrived.size === 0) return;
    for (const [key, versions] of [...this.#users])
      if (!versions.isDisjointFrom(arrived))
        this.#ports.listener.wake(key, `${this.id} is served as ${[...arrived].join(', ')} now`);
  }
}
