import type { Cluster } from '../kube/cluster.ts';
import type { Health } from '../model/health.ts';
import type { ApplicationKey, Installation } from '../model/installation.ts';
import type { LiveAnswer, Observation, Suspect } from '../model/live.ts';
import type { GroupKind, KubeObject, Ref, RefKey } from '../model/object.ts';
import { groupKindKey, refKey, refOf } from '../model/object.ts';
import type { Clock, HealthRules, LateVerdicts, WriteLog } from '../model/ports.ts';
import type { RecordEntry } from '../model/record.ts';
import { Declarations } from './declarations.ts';
import type { ObjectIndex } from './object-index.ts';
import { createObjectIndex } from './object-index.ts';
import type { LiveQuestion, Wanted } from './read.ts';
import { readLive } from './read.ts';
import type { Upcoming } from './read-ahead.ts';
import { ReadAhead } from './read-ahead.ts';
import type { Sighting } from './sighting.ts';
import { sight } from './sighting.ts';
import { Reclaimers } from './reclaimers.ts';
import { Suspects } from './suspects.ts';
import { suspicion } from './suspicion.ts';
import { Tracker } from './tracker.ts';
import { VerifyLimit } from './verify-limit.ts';
import type { WatchState } from './kind-watch.ts';
import type { DeclaredKind } from './watches.ts';
import { Watches } from './watches.ts';
import { Flights } from './write-log.ts';

export type { DeclaredKind, LiveQuestion, Upcoming, Wanted, WatchState };
export { FollowedObjects } from './followed-objects.ts';
export { readLiveOnce } from './read.ts';
export { hasSurroundings, readSurroundings } from './surroundings.ts';
export type { SurroundingsCluster } from './surroundings.ts';

export interface Declaration {
  readonly record: readonly RecordEntry[];
  /** Of what it desires; the kinds of the record are added. */
  readonly kinds: Iterable<DeclaredKind>;
  /** Regular expressions of managers whose additions are drift; absent: as declared before. */
  readonly reclaimFrom?: readonly string[] | undefined;
}

/** How `live/` looks from outside when somebody asks how it is doing. */
export interface LiveStatus {
  readonly kinds: readonly {
    /** `group/Kind`. */
    readonly kind: string;
    readonly state: WatchState;
    readonly complete: boolean;
    readonly objects: number;
  }[];
  readonly objects: number;
}

/**
 * What the cluster looks like now, for all Applications: one watch per kind, no bodies.
 *
 * Guarantees: a foreign write that `apply-rules` can see is told once as a suspect as soon as the watch shows it; our
 * own echo never is. `absent` and `notServed` are proofs; when in doubt the answer is `unknown`.
 * Assumptions: every write to a managed object is announced in `writes`; listeners do not throw.
 * Caveats: two forged writes that restore our entry, and what happened while nobody watched and the fingerprint does
 * not show, are found by reading with `full` only.
 */
export interface Live extends Disposable {
  readonly writes: WriteLog;
  /** Says what an Application has on record and which kinds it needs; call it whenever one of them may have changed. */
  declare(key: ApplicationKey, declaration: Declaration): void;
  /** The Application is gone: nothing is expected of its objects any more. */
  undeclare(key: ApplicationKey): void;
  /**
   * One answer for every ref wanted or recorded. An Application in sync costs no request. Waits for lists that are
   * being made. A ref that is recorded and not wanted is always read by name. Of a wanted ref `notServed` says that
   * the kind is not served *in that version*. Rejects only when aborted or by a bug: failures are `unknown`.
   */
  read(question: LiveQuestion, signal: AbortSignal): Promise<ReadonlyMap<RefKey, LiveAnswer>>;
  /** Returns the way to unsubscribe. */
  onSuspect(listener: (suspect: Suspect) => void): () => void;
  /** The Application should look again: health, a kind, a list or a terminating object changed. */
  onWake(listener: (key: ApplicationKey, why: string) => void): () => void;
  /** What the watch, or the answer to our write, showed last; undefined when it shows no such object of ours. */
  observation(ref: Ref): Observation | undefined;
  /** False when what is known of the object now, by event or answer, is what is expected of it. */
  suspected(ref: Ref): boolean;
  /** Only for kinds whose health is in their status. */
  healthOf(ref: Ref): Health | undefined;
  /** Objects with this Application's label and a tracking id that names them and it, but not on its record. */
  unexplained(key: ApplicationKey): readonly Ref[];
  /** True when every one of these kinds is listed and watched, or proved to be not served. */
  complete(kinds: Iterable<GroupKind>): boolean;
  /** Resolves when every declared kind is listed, not served, or cannot be listed at present. Rejects when aborted. */
  settled(signal: AbortSignal): Promise<void>;
  status(): LiveStatus;
}

export interface LivePorts {
  readonly cluster: Pick<Cluster, 'kinds' | 'read' | 'list' | 'reflect'>;
  readonly installation: Installation;
  readonly clock: Clock;
  readonly health: HealthRules;
  /** Absent: every verdict is given at once. */
  readonly verdicts?: LateVerdicts;
  readonly limits?: Partial<LiveLimits>;
}

export interface LiveLimits {
  /** Reads by name at the same time, per Application. */
  readonly readConcurrency: number;
  /** Milliseconds after which nobody waits for a list any longer. */
  readonly listTimeoutMs: number;
  /** Milliseconds that a restored watch may lag behind the answer to a write. */
  readonly watchLagMs: number;
  /** Verifies of one object in a row, and milliseconds until one more is allowed. */
  readonly verifyBurst: number;
  readonly verifyIntervalMs: number;
  /** Milliseconds after which nobody waits for a script's verdict any longer: the last one holds. */
  readonly verdictMs: number;
}

const defaultLimits: LiveLimits = {
  readConcurrency: 16,
  listTimeoutMs: 30_000,
  watchLagMs: 5_000,
  verifyBurst: 5,
  verifyIntervalMs: 10_000,
  verdictMs: 2_000,
};

/** Starts nothing: the first declaration does. */
export function createLive(ports: LivePorts): Live {
  return new ClusterLive(ports);
}

class ClusterLive implements Live {
  readonly writes: WriteLog;
  readonly #ports: LivePorts;
  readonly #limits: LiveLimits;
  readonly #index: ObjectIndex = createObjectIndex();
  readonly #reclaimers = new Reclaimers();
  readonly #verifyLimit: VerifyLimit;
  readonly #tracker: Tracker;
  readonly #declarations: Declarations;
  readonly #flights: Flights;
  readonly #watches: Watches;
  readonly #ahead: ReadAhead;
  readonly #unsubscribe: readonly ((() => void) | undefined)[];
  readonly #suspectListeners = new Set<(suspect: Suspect) => void>();
  readonly #wakeListeners = new Set<(key: ApplicationKey, why: string) => void>();

  constructor(ports: LivePorts) {
    const { clock } = ports;
    this.#ports = ports;
    this.#limits = { ...defaultLimits, ...ports.limits };
    const { verifyBurst: burst, verifyIntervalMs: intervalMs } = this.#limits;
    this.#verifyLimit = new VerifyLimit(clock, { burst, intervalMs });
    this.#tracker = this.#createTracker();
    this.#declarations = new Declarations(ports.installation, this.#index, this.#tracker);
    this.#flights = new Flights({
      tracker: this.#tracker,
      sight: (object) => sight(object, ports),
      ownerOf: (sighting) => this.#ownerOf(sighting),
      written: (key, id) => this.#declarations.written(key, id),
    });
    this.writes = this.#flights;
    this.#watches = this.#createWatches();
    this.#ahead = new ReadAhead({ ...ports, index: this.#index, concurrency: this.#limits.readConcurrency });
    this.#unsubscribe = [
      ports.health.onChange((isAffected) => this.#watches.renew(isAffected)),
      ports.verdicts?.onVerdict((verdict) => this.#tracker.decided(verdict)),
    ];
  }

  #createTracker(): Tracker {
    const { clock, installation } = this.#ports;
    const index = this.#index;
    const isListed = (kind: string): boolean => this.#watches.isListed(kind);
    const tell = (suspect: Suspect): void => {
      for (const listener of this.#suspectListeners) listener(suspect);
    };
    const reclaimers = this.#reclaimers;
    const suspects = new Suspects({ index, installation, verifyLimit: this.#verifyLimit, reclaimers, isListed, tell });
    const wake = this.#wake.bind(this);
    return new Tracker({ index, clock, suspects, isListed, wake, watchLagMs: this.#limits.watchLagMs });
  }

  #wake(key: ApplicationKey, why: string): void {
    for (const listener of this.#wakeListeners) listener(key, why);
  }

  #createWatches(): Watches {
    const { cluster, clock, health, installation } = this.#ports;
    const tracker = this.#tracker;
    return new Watches({
      cluster,
      clock,
      labelSelector: installation.partOfLabel,
      needsStatus: (kind) => health.needsStatus(kind),
      listTimeoutMs: this.#limits.listTimeoutMs,
      listener: {
        changed: (object) => this.#take('changed', object),
        deleted: (object) => this.#take('deleted', object),
        listed: (kind) => tracker.listed(kind),
        relisting: (kind) => tracker.relisting(kind),
        unseen: (kind) => tracker.unseeKind(kind),
        unused: (kind) => tracker.forgetKind(kind),
        wake: (key, why) => this.#wake(key, why),
      },
    });
  }

  #take(kind: 'changed' | 'deleted', object: KubeObject): void {
    const before = this.#index.get(refKey(refOf(object)))?.seen;
    const sighting = sight(object, this.#ports, before);
    this.#flights.take({ kind, sighting, seenAt: this.#ports.clock.monotonic() });
  }

  /** A kind that nobody declared is not watched, so that nothing could ever end an expectation about it. */
  #ownerOf(sighting: Sighting): ApplicationKey | undefined {
    const { ref } = sighting.observation;
    return this.#watches.knows(groupKindKey(ref)) ? this.#declarations.ownerOf(sighting) : undefined;
  }

  declare(key: ApplicationKey, { record, kinds, reclaimFrom }: Declaration): void {
    if (reclaimFrom !== undefined) this.#reclaimers.declare(key, reclaimFrom);
    this.#watches.use(key, [...kinds, ...record.map(({ ref }) => ({ group: ref.group, kind: ref.kind }))]);
    this.#declarations.declare(key, record);
  }

  undeclare(key: ApplicationKey): void {
    this.#declarations.undeclare(key);
    this.#reclaimers.declare(key, []);
    this.#watches.drop(key);
  }

  async read(question: LiveQuestion, signal: AbortSignal): Promise<ReadonlyMap<RefKey, LiveAnswer>> {
    const ports = {
      cluster: this.#ports.cluster,
      installation: this.#ports.installation,
      index: this.#index,
      watches: this.#watches,
      reclaimers: this.#reclaimers,
      ahead: this.#ahead,
      concurrency: this.#limits.readConcurrency,
    };
    const answers = await readLive(question, ports, signal);
    await this.#judged(signal);
    return answers;
  }

  /** Verdicts that are on their way are worth a moment: without them the health of an Application would flicker. */
  async #judged(signal: AbortSignal): Promise<void> {
    const settled = this.#ports.verdicts?.settled();
    if (settled === undefined) return;
    const { promise, resolve } = Promise.withResolvers<undefined>();
    const done = (): void => resolve(undefined);
    const cancel = this.#ports.clock.after(this.#limits.verdictMs, done);
    signal.addEventListener('abort', done);
    void settled.then(done);
    await promise;
    cancel();
    signal.removeEventListener('abort', done);
  }

  onSuspect(listener: (suspect: Suspect) => void): () => void {
    this.#suspectListeners.add(listener);
    return () => void this.#suspectListeners.delete(listener);
  }

  onWake(listener: (key: ApplicationKey, why: string) => void): () => void {
    this.#wakeListeners.add(listener);
    return () => void this.#wakeListeners.delete(listener);
  }

  observation(ref: Ref): Observation | undefined {
    return this.#index.get(refKey(ref))?.seen?.observation;
  }

  suspected(ref: Ref): boolean {
    const { seen, expected } = this.#index.get(refKey(ref)) ?? {};
    return seen === undefined || expected === undefined || suspicion(seen, expected, this.#reclaimers) !== undefined;
  }

  healthOf(ref: Ref): Health | undefined {
    return this.observation(ref)?.health;
  }

  unexplained(key: ApplicationKey): readonly Ref[] {
    return this.#declarations.unexplained(key);
  }

  complete(kinds: Iterable<GroupKind>): boolean {
    for (const kind of kinds) if (!this.#watches.isComplete(groupKindKey(kind))) return false;
    return true;
  }

  settled(signal: AbortSignal): Promise<void> {
    return this.#watches.settled(signal);
  }

  status(): LiveStatus {
    const kinds = this.#watches.states().map((row) => ({ ...row, objects: this.#index.countOfKind(row.kind) }));
    return { kinds, objects: this.#index.size };
  }

  [Symbol.dispose](): void {
    for (const unsubscribe of this.#unsubscribe) unsubscribe?.();
    this.#watches[Symbol.dispose]();
    this.#ahead[Symbol.dispose]();
    this.#tracker[Symbol.dispose]();
    this.#verifyLimit[Symbol.dispose]();
    this.#suspectListeners.clear();
    this.#wakeListeners.clear();
  }
}
