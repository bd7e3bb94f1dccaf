import type { ApplicationKey } from '../model/installation.ts';
import type { GroupKind } from '../model/object.ts';
import { groupKindKey } from '../model/object.ts';
import type { KindWatchPorts, WatchListener, WatchState } from './kind-watch.ts';
import { KindWatch } from './kind-watch.ts';

/** A kind that an Application desires or has on record, in the version it is written in. */
export interface DeclaredKind extends GroupKind {
  /** Absent for what is only on record: any version will do. */
  readonly apiVersion?: string | undefined;
}

export interface WatchesPorts extends Omit<KindWatchPorts, 'listener'> {
  readonly listener: Omit<WatchListener, 'moved'>;
}

interface Need {
  readonly kind: GroupKind;
  readonly versions: Set<string>;
}

/** One label-selected watch per kind for all Applications; it lasts as long as one of them needs the kind. */
export class Watches implements Disposable {
  readonly #ports: WatchesPorts;
  readonly #watches = new Map<string, KindWatch>();
  readonly #kindsOf = new Map<ApplicationKey, ReadonlySet<string>>();
  readonly #waiters = new Set<() => void>();
  #unsubscribe: (() => void) | undefined;
  #disposed = false;

  constructor(ports: WatchesPorts) {
    this.#ports = ports;
  }

  /** Replaces what the Application needs. */
  use(key: ApplicationKey, kinds: Iterable<DeclaredKind>): void {
    if (this.#disposed) return;
    this.#unsubscribe ??= this.#ports.cluster.kinds.onChange(() => this.#reconsider());
    const needs = needsOf(kinds);
    const before = this.#kindsOf.get(key) ?? new Set<string>();
    this.#kindsOf.set(key, new Set(needs.keys()));
    for (const [id, need] of needs) this.#watchOf(id, need.kind).join(key, need.versions);
    for (const id of before) if (!needs.has(id)) this.#leave(key, id);
  }

  drop(key: ApplicationKey): void {
    for (const id of this.#kindsOf.get(key) ?? []) this.#leave(key, id);
    this.#kindsOf.delete(key);
  }

  #watchOf(id: string, kind: GroupKind): KindWatch {
    const known = this.#watches.get(id);
    if (known !== undefined) return known;
    const listener = { ...this.#ports.listener, moved: () => this.#moved() };
    const watch = new KindWatch(id, kind, { ...this.#ports, listener });
    this.#watches.set(id, watch);
    return watch;
  }

  #leave(key: ApplicationKey, id: string): void {
    const watch = this.#watches.get(id);
    if (watch === undefined) return;
    watch.leave(key);
    if (watch.isUsed) return;
    watch.stop();
    this.#watches.delete(id);
    this.#ports.listener.unused(id);
    this.#moved();
  }

  /** Lists these kinds anew, because what is kept of their objects was judged by rules that hold no more. */
  renew(isMeant: (kind: GroupKind) => boolean): void {
    for (const watch of [...this.#watches.values()]) if (isMeant(watch.kind)) watch.renew();
  }

  #reconsider(): void {
    for (const watch of [...this.#watches.values()]) watch.reconsider();
  }

  knows(kind: string): boolean {
    return this.#watches.has(kind);
  }

  isListed(kind: string): boolean {
    return this.#watches.get(kind)?.state === 'listed';
  }

  isComplete(kind: string): boolean {
    return this.#watches.get(kind)?.complete === true;
  }

  /** The Application is woken when more can be said of the kind. */
  wakeWhenKnown(key: ApplicationKey, kind: string): void {
    this.#watches.get(kind)?.wakeWhenKnown(key);
  }

  /** Resolves when no list of these kinds (all, when absent) is still being waited for; rejects when aborted. */
  settled(signal: AbortSignal, kinds?: ReadonlySet<string>): Promise<void> {
    return new Promise((resolve, reject) => {
      const check = (): void => {
        if (!signal.aborted && this.#isListing(kinds)) return;
        this.#waiters.delete(check);
        signal.removeEventListener('abort', check);
        if (signal.aborted) reject(abortReason(signal));
        else resolve();
      };
      this.#waiters.add(check);
      signal.addEventListener('abort', check);
      check();
    });
  }

  #isListing(kinds: ReadonlySet<string> | undefined): boolean {
    for (const { id, state } of this.#watches.values())
      if (state === 'listing' && (kinds?.has(id) ?? true)) return true;
    return false;
  }

  #moved(): void {
    for (const check of [...this.#waiters]) check();
  }

  states(): readonly { readonly kind: string; readonly state: WatchState; readonly complete: boolean }[] {
    return [...this.#watches.values()].map(({ id, state, complete }) => ({ kind: id, state, complete }));
  }

  [Symbol.dispose](): void {
    this.#disposed = true;
    this.#unsubscribe?.();
    for (const watch of this.#watches.values()) watch.stop();
    this.#watches.clear();
    this.#kindsOf.clear();
    this.#moved();
  }
}

function needsOf(kinds: Iterable<DeclaredKind>): ReadonlyMap<string, Need> {
  const needs = new Map<string, Need>();
  for (const { group, kind, apiVersion } of kinds) {
    const id = groupKindKey({ group, kind });
    const need = needs.get(id) ?? { kind: { group, kind }, versions: new Set<string>() };
    if (apiVersion !== undefined) need.versions.add(apiVersion);
    needs.set(id, need);
  }
  return needs;
}

function abortReason(signal: AbortSignal): Error {
  return signal.reason instanceof Error ? signal.reason : new Error('aborted', { cause: signal.reason });
}
