import type { ServedKind } from './cluster.ts';
import type { KubeObject } from '../model/object.ts';
import { resourceVersionOf, uidOf } from '../model/object.ts';
import { stringAt } from '../model/json.ts';

/** What a reflector must remember to tell deletions that it did not see: some 150 bytes per object. */
export class KnownObjects {
  readonly #kind: ServedKind;
  /** uid and resourceVersion, in one text, of what was seen since the list that is being made, or was made last, began. */
  #seen = new Map<string, string>();
  /** The same of what was known before and has not been seen since. */
  #before = new Map<string, string>();

  constructor(kind: ServedKind) {
    this.#kind = kind;
  }

  /** A list begins: what is not seen until `missing` is gone. */
  beginList(): void {
    for (const [key, known] of this.#seen) this.#before.set(key, known);
    this.#seen = new Map();
  }

  /** Returns the former object of this name when it was another one, that is deleted unseen. */
  see(object: KubeObject): KubeObject | undefined {
    const key = keyOf(object);
    const former = this.#seen.get(key) ?? this.#before.get(key);
    const uid = uidOf(object);
    this.#before.delete(key);
    this.#seen.set(key, [uid, resourceVersionOf(object)].join(' '));
    return former === undefined || former.startsWith(`${uid} `) ? undefined : this.#tombstone(key, former);
  }

  forget(object: KubeObject): void {
    this.#seen.delete(keyOf(object));
    this.#before.delete(keyOf(object));
  }

  /** Forgets and returns what the list that just ended did not mention. */
  missing(): KubeObject[] {
    const gone = Array.from(this.#before, ([key, known]) => this.#tombstone(key, known));
    this.#before = new Map();
    return gone;
  }

  #tombstone(key: string, known: string): KubeObject {
    const { apiVersion, kind } = this.#kind;
    const slash = key.indexOf('/');
    const namespace = key.slice(0, slash);
    const name = key.slice(slash + 1);
    const [uid = '', resourceVersion = ''] = known.split(' ');
    const metadata = { name, ...(namespace === '' ? {} : { namespace }), uid, resourceVersion };
    return { apiVersion, kind, metadata };
  }
}

function keyOf(object: KubeObject): string {
  return [stringAt(object.metadata, 'namespace') ?? '', object.metadata.name].join('/');
}
