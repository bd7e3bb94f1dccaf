import type { ServedKind } from './cluster.ts';
import type { KubeObject, RefKey } from '../model/object.ts';
import { parseRefKey, refKey, refOf, resourceVersionOf, uidOf } from '../model/object.ts';

/** What a reflector must remember to tell deletions that it did not see: some 110 bytes per object. */
export class KnownObjects {
  readonly #kind: ServedKind;
  /** uid and resourceVersion, in one text, of what was seen since the list that is being made, or was made last, began. */
  #seen = new Map<RefKey, string>();
  /** The same of what was known before and has not been seen since. */
  #before = new Map<RefKey, string>();

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

  #tombstone(key: RefKey, known: string): KubeObject {
    const { apiVersion, kind } = this.#kind;
    const { namespace = '', name = '' } = parseRefKey(key) ?? {};
    const [uid = '', resourceVersion = ''] = known.split(' ');
    const metadata = { name, ...(namespace === '' ? {} : { namespace }), uid, resourceVersion };
    return { apiVersion, kind, metadata };
  }
}

/** The text that others have of it, too: equal keys of maps are kept once by V8. */
function keyOf(object: KubeObject): RefKey {
  return refKey(refOf(object));
}
