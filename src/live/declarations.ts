import type { ApplicationKey, Installation } from '../model/installation.ts';
import { marksOf, trackerOf } from '../model/installation.ts';
import type { Ref, RefKey } from '../model/object.ts';
import { refKey } from '../model/object.ts';
import type { RecordEntry } from '../model/record.ts';
import type { ObjectIndex } from './object-index.ts';
import type { Sighting } from './sighting.ts';
import type { Tracker } from './tracker.ts';

interface Declared {
  readonly partOf: string;
  /** The list that was declared last: the same list again costs nothing. Whoever made it decides how long it lives. */
  record: WeakRef<readonly RecordEntry[]> | undefined;
  /** What it has on record, and what was written for it and is not on the record that was read last. */
  readonly refs: Map<RefKey, RecordEntry | 'written'>;
}

/** Which Application has which objects on record. */
export class Declarations {
  readonly #installation: Installation;
  readonly #index: ObjectIndex;
  readonly #tracker: Tracker;
  readonly #declared = new Map<ApplicationKey, Declared>();
  readonly #byMark = new Map<string, ApplicationKey>();

  constructor(installation: Installation, index: ObjectIndex, tracker: Tracker) {
    this.#installation = installation;
    this.#index = index;
    this.#tracker = tracker;
  }

  /**
   * The record may lag behind what was written since it was read: of a ref that is known already nothing is taken from
   * it, and a ref that was written but is not on it yet stays.
   */
  declare(key: ApplicationKey, record: readonly RecordEntry[]): void {
    const declared = this.#declaredOf(key);
    if (declared.record?.deref() === record) return;
    declared.record = new WeakRef(record);
    const recorded = new Set<RefKey>();
    for (const entry of record) {
      const id = refKey(entry.ref);
      recorded.add(id);
      const known = declared.refs.get(id);
      if (known === undefined || this.#isClaim(id)) this.#tracker.expect(key, entry);
      else if (known !== entry) this.#tracker.recall(entry);
      declared.refs.set(this.#copyOf(id), entry);
    }
    for (const [id, how] of declared.refs) {
      if (how === 'written' || recorded.has(id)) continue;
      declared.refs.delete(id);
      this.#tracker.unexpect(key, id);
    }
  }

  undeclare(key: ApplicationKey): void {
    const declared = this.#declared.get(key);
    if (declared === undefined) return;
    for (const id of declared.refs.keys()) this.#tracker.unexpect(key, id);
    this.#declared.delete(key);
    this.#byMark.delete(declared.partOf);
  }

  #declaredOf(key: ApplicationKey): Declared {
    const known = this.#declared.get(key);
    if (known !== undefined) return known;
    const { partOf } = marksOf(this.#installation, key);
    const declared: Declared = { partOf, record: undefined, refs: new Map() };
    this.#declared.set(key, declared);
    this.#byMark.set(partOf, key);
    return declared;
  }

  /** The copy of the index, where there is one: the same text need not be kept twice. */
  #copyOf(id: RefKey): RefKey {
    return this.#index.get(id)?.id ?? id;
  }

  #isClaim(id: RefKey): boolean {
    return this.#index.get(id)?.expected?.uid === '';
  }

  ownerOf({ observation }: Sighting): ApplicationKey | undefined {
    return this.#byMark.get(observation.partOf) ?? this.#index.get(refKey(observation.ref))?.expected?.key;
  }

  written(key: ApplicationKey, id: RefKey): void {
    const refs = this.#declared.get(key)?.refs;
    if (refs?.has(id) === false) refs.set(id, 'written');
  }

  /** Carry the Application's label and a tracking id that names them and it, but are not on its record. */
  unexplained(key: ApplicationKey): readonly Ref[] {
    const declared = this.#declared.get(key);
    if (declared === undefined) return [];
    const tracker = trackerOf(key);
    const found: Ref[] = [];
    for (const { id, ref, seen } of this.#index.unexpected(declared.partOf))
      if (!declared.refs.has(id) && seen?.observation.tracker === tracker) found.push(ref);
    return found;
  }
}
