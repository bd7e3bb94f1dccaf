import type { ApplicationKey } from '../model/installation.ts';
import type { Ref, RefKey } from '../model/object.ts';
import { groupKindKey, refKey } from '../model/object.ts';
import { SharedTexts } from '../model/shared-texts.ts';
import type { Sighting } from './sighting.ts';
import type { Expectation } from './suspicion.ts';

/** Everything known of one object: what was seen last and what is expected of it. No body, no managedFields. */
export interface Entry {
  readonly id: RefKey;
  /** Once on record the copy of the record, which is kept anyway. */
  ref: Ref;
  /** undefined: the watch does not show it. */
  seen: Sighting | undefined;
  /** undefined: on nobody's record. */
  expected: Expectation | undefined;
  /** resourceVersion of an answer that the watch has not caught up with: what is older tells nothing new. */
  awaits: string | undefined;
  /** The suspicion told last, so that it is not told again with every event. */
  reported: string | undefined;
  /** Other Applications that have it on record, too. */
  sharedBy: readonly ApplicationKey[];
}

/** Of an entry that nobody shares. */
export const nobody: readonly ApplicationKey[] = [];

/** Entries by ref, by kind and, while nobody expects them, by part-of label. */
export interface ObjectIndex {
  readonly size: number;
  get(id: RefKey): Entry | undefined;
  /** The entry of a ref, made when there is none. File it after it has got its content. */
  ensure(ref: Ref): Entry;
  /** Must follow every change of `seen` or `expected`; an entry with neither is dropped. */
  file(entry: Entry): void;
  ofKind(kind: string): readonly Entry[];
  countOfKind(kind: string): number;
  /** Seen with this part-of label, but on nobody's record. */
  unexpected(partOf: string): readonly Entry[];
}

export function createObjectIndex(): ObjectIndex {
  return new MapIndex();
}

class MapIndex implements ObjectIndex {
  readonly #kinds = new Map<string, Map<RefKey, Entry>>();
  readonly #byMark = new Map<string, Set<Entry>>();
  readonly #filedUnder = new Map<Entry, string>();
  readonly #texts = new SharedTexts();

  get size(): number {
    return this.#kinds.values().reduce((sum, entries) => sum + entries.size, 0);
  }

  get(id: RefKey): Entry | undefined {
    return this.#kinds.get(id.slice(0, id.indexOf('|')))?.get(id);
  }

  ensure(ref: Ref): Entry {
    const id = refKey(ref);
    const known = this.get(id);
    if (known !== undefined) return known;
    const entry: Entry = {
      id,
      ref: this.#texts.ref(ref),
      seen: undefined,
      expected: undefined,
      awaits: undefined,
      reported: undefined,
      sharedBy: nobody,
    };
    const kind = groupKindKey(ref);
    const entries = this.#kinds.get(kind) ?? new Map<RefKey, Entry>();
    this.#kinds.set(kind, entries.set(id, entry));
    return entry;
  }

  file(entry: Entry): void {
    const mark = entry.expected === undefined ? entry.seen?.observation.partOf : undefined;
    const before = this.#filedUnder.get(entry);
    if (mark !== before) this.#refile(entry, before, mark);
    if (entry.seen !== undefined || entry.expected !== undefined) return;
    const kind = groupKindKey(entry.ref);
    const entries = this.#kinds.get(kind);
    if (entries?.delete(entry.id) === true && entries.size === 0) this.#kinds.delete(kind);
  }

  #refile(entry: Entry, before: string | undefined, mark: string | undefined): void {
    if (before !== undefined) removeFrom(this.#byMark, before, entry);
    if (mark === undefined) {
      this.#filedUnder.delete(entry);
      return;
    }
    addTo(this.#byMark, mark, entry);
    this.#filedUnder.set(entry, mark);
  }

  ofKind(kind: string): readonly Entry[] {
    return [...(this.#kinds.get(kind)?.values() ?? [])];
  }

  countOfKind(kind: string): number {
    return this.#kinds.get(kind)?.size ?? 0;
  }

  unexpected(partOf: string): readonly Entry[] {
    return [...(this.#byMark.get(partOf) ?? [])];
  }
}

function addTo(groups: Map<string, Set<Entry>>, group: string, entry: Entry): void {
  const present = groups.get(group);
  if (present === undefined) groups.set(group, new Set([entry]));
  else present.add(entry);
}

function removeFrom(groups: Map<string, Set<Entry>>, group: string, entry: Entry): void {
  const present = groups.get(group);
  if (present?.delete(entry) === true && present.size === 0) groups.delete(group);
}
