import type { Reflector, ReflectorSpec } from '../../src/kube/cluster.ts';
import type { KubeObject } from '../../src/model/object.ts';
import { groupKindKey, refKey, refOf, resourceVersionOf, uidOf } from '../../src/model/object.ts';
import type { StoreEvent } from './object-store.ts';
import { matchesFields, matchesLabels } from './selectors.ts';

/** Objects as a server lists them; the fake asks for them when it delivers. */
type ListNow = () => readonly KubeObject[];

/** A reflector of the fake: what it tells comes after the current code, in the store's order. */
export class FakeReflector implements Reflector {
  readonly spec: ReflectorSpec;
  readonly #list: ListNow;
  readonly #known = new Map<string, KubeObject>();
  #queue: (() => void)[] = [];
  #held = 0;
  #cut = false;
  #stopped = false;
  complete = false;

  constructor(spec: ReflectorSpec, list: ListNow) {
    this.spec = spec;
    this.#list = list;
  }

  get stopped(): boolean {
    return this.#stopped;
  }

  stop(): void {
    this.#stopped = true;
    this.#queue = [];
  }

  /** Lists (anew): what is gone is told as deleted, what is there as changed, then `synced`. */
  relist(): void {
    this.#later(() => {
      this.#cut = false;
      const listed = this.#list().filter((object) => this.#matches(object));
      const keys = new Set(listed.map((object) => identity(object)));
      for (const known of [...this.#known.values()])
        if (!keys.has(identity(known))) this.#tellDeleted(tombstone(known));
      for (const object of listed) this.#tellChanged(object);
      this.complete = true;
      this.spec.listener.synced();
    });
  }

  /** The stream is lost: nothing is told until `relist`. */
  interrupt(why: string, stillComplete: boolean): void {
    this.#later(() => {
      if (!this.#cut) this.spec.listener.interrupted(why);
      this.#cut = true;
      this.complete &&= stillComplete;
    });
  }

  /** Holds back what is to be told; the returned function lets it go, in order. */
  hold(): () => void {
    this.#held += 1;
    return () => {
      this.#held -= 1;
      this.#deliver();
    };
  }

  take({ before, after }: StoreEvent): void {
    const wasIn = before !== undefined && this.#matches(before);
    const isIn = after !== undefined && this.#matches(after);
    if (!wasIn && !isIn) return;
    this.#later(() => {
      if (this.#cut) return;
      if (isIn) this.#tellChanged(after);
      else if (before !== undefined) this.#tellDeleted(before);
    });
  }

  #matches(object: KubeObject): boolean {
    const { kind, namespace = '', labelSelector, fieldSelector } = this.spec;
    const ref = refOf(object);
    if (groupKindKey(ref) !== groupKindKey(kind)) return false;
    if (namespace !== '' && ref.namespace !== namespace) return false;
    return matchesLabels(object, labelSelector) && matchesFields(object, fieldSelector);
  }

  #tellChanged(object: KubeObject): void {
    this.#known.set(refKey(refOf(object)), object);
    this.spec.listener.changed(this.#view(object));
  }

  #tellDeleted(object: KubeObject): void {
    this.#known.delete(refKey(refOf(object)));
    this.spec.listener.deleted(this.#view(object));
  }

  #view(object: KubeObject): KubeObject {
    const { apiVersion, kind } = this.spec.kind;
    if (!this.spec.metadataOnly) return { ...object, apiVersion, kind };
    return { apiVersion, kind, metadata: object.metadata };
  }

  #later(tell: () => void): void {
    if (this.#stopped) return;
    this.#queue.push(tell);
    queueMicrotask(() => this.#deliver());
  }

  #deliver(): void {
    while (this.#held === 0) {
      const tell = this.#queue.shift();
      if (tell === undefined) return;
      tell();
    }
  }
}

/** One object in one life. */
function identity(object: KubeObject): string {
  return `${refKey(refOf(object))}|${uidOf(object)}`;
}

/** What a relist can still say of an object that is gone. */
function tombstone(object: KubeObject): KubeObject {
  const { name, namespace } = refOf(object);
  const metadata = { name, namespace, uid: uidOf(object), resourceVersion: resourceVersionOf(object) };
  return { apiVersion: object.apiVersion, kind: object.kind, metadata };
}
