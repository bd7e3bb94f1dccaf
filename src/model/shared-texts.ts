import type { Ref } from './object.ts';

/** Far more than a cluster has of namespaces, kinds and managers, far less than it has objects. */
const limit = 10_000;

/** One copy of each text that many objects have in common. Bounded: what was forgotten is only not shared any more. */
export class SharedTexts {
  readonly #texts = new Map<string, string>();

  one(text: string): string {
    const known = this.#texts.get(text);
    if (known !== undefined) return known;
    if (this.#texts.size >= limit) this.#texts.clear();
    this.#texts.set(text, text);
    return text;
  }

  ref({ group, kind, namespace, name }: Ref): Ref {
    return { group: this.one(group), kind: this.one(kind), namespace: this.one(namespace), name: ownCopy(name) };
  }
}

/** Cut out of a longer text it would keep all of that in memory. */
function ownCopy(text: string): string {
  return Buffer.from(text).toString();
}
