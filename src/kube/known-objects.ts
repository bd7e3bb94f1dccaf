import type { ServedKind } from './cluster.ts';
import type { KubeObject } from '../model/object.ts';
import { resourceVersionOf, uidOf } from '../model/object.ts';
import { stringAt } from '../model/json.ts';

interface Known {
  readonly uid: string;
  readonly resourceVersion: string;
  round: number;
}

/** What a reflector must remember to tell deletions that it did not see: some 200 bytes per object. */
export class KnownObjects {
  readonly #kind: ServedKind;
  readonly #known = new Map<string, Known>();
  #round = 0;

  constructor(kind: ServedKind) {
    this.#kind = kind;
  }

  /** A list begins: what is not seen until `missing` is gone. */
  beginList(): void {
    this.#round += 1;
  }

  /** Returns the former object of this name when it was another one, that is deleted unseen. */
  see(object: KubeObject): KubeObject | undefined {
    const key = keyOf(object);
    const former = this.#known.get(key);
    const uid = uidOf(object);
    this.#known.set(key, { uid, resourceVersion: resourceVersionOf(object), round: this.#round });
    return former === undefined || former.uid === uid ? undefined : this.#tombstone(key, former);
  }

  forget(object: KubeObject): void {
    this.#known.delete(keyOf(object));
  }

  /** Forgets and returns what the list that just ended did not mention. */
  missing(): KubeObject[] {
    const gone: KubeObject[] = [];
    for (const [key, known] of this.#known) {
      if (known.round === this.#round) continue;
      this.#known.delete(key);
      gone.push(this.#tombstone(key, known));
    }
    return gone;
  }

  #tombstone(key: string, { uid, resourceVersion }: Known): KubeObject {
    const { apiVersion, kind } = this.#kind;
    const slash = key.indexOf('/');
    const namespace = key.slice(0, slash);
    const name = key.slice(slash + 1);
    const metadata = { name, ...(namespace === '' ? {} : { namespace }), uid, resourceVersion };
    return { apiVersion, kind, metadata };
  }
}

function keyOf(object: KubeObject): string {
  return `${stringAt(object.metadata, 'namespace') ?? ''}/${object.metadata.name}`;
}
