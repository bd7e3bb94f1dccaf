import type { Health } from '../model/health.ts';
import { isSameHealth } from '../model/health.ts';
import type { ApplicationKey } from '../model/installation.ts';
import type { KubeObject, RefKey } from '../model/object.ts';
import { describeRef, groupKindKey, refKey, refOf, resourceVersionOf } from '../model/object.ts';
import type { Clock, LateVerdict } from '../model/ports.ts';
import type { RecordEntry } from '../model/record.ts';
import { SharedTexts } from '../model/shared-texts.ts';
import type { Entry, ObjectIndex } from './object-index.ts';
import { nobody } from './object-index.ts';
import type { Sighting } from './sighting.ts';
import { isOlder } from './sighting.ts';
import type { Suspects } from './suspects.ts';

/** An event of the watch, reduced to what is kept of it. */
export interface WatchEvent {
  readonly kind: 'changed' | 'deleted';
  readonly sighting: Sighting;
  /** Monotonic milliseconds. */
  readonly seenAt: number;
}

export interface TrackerPorts {
  readonly index: ObjectIndex;
  readonly clock: Clock;
  readonly suspects: Suspects;
  /** True when a complete list of the kind (`group/Kind`) stands. */
  isListed(kind: string): boolean;
  wake(key: ApplicationKey, why: string): void;
  /** How long a restored watch may lag behind the answer to a write before the object counts as gone. */
  readonly watchLagMs: number;
}

/**
 * Keeps what the watch shows beside what our own writes let us expect, object by object.
 *
 * Guarantees: every difference that an event, a list or a declaration shows becomes a suspect; no echo of our own
 * write does.
 * Assumptions: events come in the server's order; the answer to a write may come before or after its event.
 */
export class Tracker implements Disposable {
  readonly #ports: TrackerPorts;
  readonly #texts = new SharedTexts();
  readonly #sweeps = new Set<() => void>();
  /** What the list that is being made again has shown so far, by kind. */
  readonly #shown = new Map<string, Set<RefKey>>();

  constructor(ports: TrackerPorts) {
    this.#ports = ports;
  }

  take(event: WatchEvent): void {
    if (event.kind === 'changed') this.#changed(event);
    else this.#deleted(event);
  }

  #changed({ sighting, seenAt }: WatchEvent): void {
    const id = refKey(sighting.observation.ref);
    this.#shown.get(groupKindKey(sighting.observation.ref))?.add(id);
    const entry = this.#ports.index.get(id);
    if (entry?.expected === undefined) {
      this.#stranger(sighting, entry);
      return;
    }
    if (isBeforeAnswer(sighting, entry)) return;
    const before = entry.seen?.observation.health;
    this.#see(entry, sighting);
    this.#tellHealth(entry, before);
    this.#ports.suspects.examine(entry, seenAt);
  }

  #tellHealth({ ref, expected, seen }: Entry, before: Health | undefined): void {
    if (expected === undefined || isSameHealth(before, seen?.observation.health)) return;
    if (this.#ports.isListed(groupKindKey(ref))) this.#ports.wake(expected.key, `health of ${describeRef(ref)}`);
  }

  /** The verdict on what was seen came later; if something else is seen by now, so will its verdict. */
  decided({ ref, uid, resourceVersion, health }: LateVerdict): void {
    const entry = this.#ports.index.get(refKey(ref));
    const seen = entry?.seen;
    if (entry === undefined || seen === undefined) return;
    const { observation } = seen;
    if (observation.uid !== uid || observation.resourceVersion !== resourceVersion) return;
    entry.seen = { ...seen, observation: { ...observation, health } };
    this.#tellHealth(entry, observation.health);
  }

  /** Nobody's record names it: worth remembering only when its tracking annotation is its own. */
  #stranger(sighting: Sighting, known: Entry | undefined): void {
    const isOwn = sighting.observation.tracker !== '';
    const entry = known ?? (isOwn ? this.#ports.index.ensure(sighting.observation.ref) : undefined);
    if (entry === undefined) return;
    if (isOwn) this.#see(entry, sighting);
    else this.#unsee(entry);
  }

  #deleted({ sighting, seenAt }: WatchEvent): void {
    const entry = this.#ports.index.get(refKey(sighting.observation.ref));
    // From before our answer: the object is there again by our hand, and the watch is about to say so.
    if (entry?.seen === undefined || isBeforeAnswer(sighting, entry)) return;
    const { observation } = entry.seen;
    const { expected } = entry;
    this.#unsee(entry);
    if (expected !== undefined && observation.deleting)
      this.#ports.wake(expected.key, `${describeRef(entry.ref)} is gone`);
    this.#ports.suspects.missing(entry, observation, seenAt);
  }

  #see(entry: Entry, sighting: Sighting): void {
    entry.seen = this.#kept(sighting, entry);
    entry.awaits = undefined;
    this.#ports.index.file(entry);
  }

  /** With one copy of what many objects have in common, and of what the entry has already. */
  #kept(sighting: Sighting, { ref, expected }: Entry): Sighting {
    const one = (text: string): string => this.#texts.one(text);
    const { foreign, ...observation } = sighting.observation;
    return {
      observation: {
        ...observation,
        ref,
        uid: sameText(observation.uid, expected?.uid),
        fp: sameText(observation.fp, expected?.fp),
        entryTime: one(observation.entryTime),
        partOf: one(observation.partOf),
        tracker: one(observation.tracker),
        ...(foreign === undefined
          ? {}
          : { foreign: { ...foreign, manager: one(foreign.manager), time: one(foreign.time) } }),
      },
      fields: one(sighting.fields),
      foreign: one(sighting.foreign),
      subresources: one(sighting.subresources),
    };
  }

  #unsee(entry: Entry): void {
    entry.seen = undefined;
    entry.awaits = undefined;
    entry.reported = undefined;
    this.#ports.index.file(entry);
  }

  /** Loads what the record expects, unless more is known already. */
  expect(key: ApplicationKey, recorded: RecordEntry): void {
    const { index, clock, suspects } = this.#ports;
    const entry = index.ensure(recorded.ref);
    entry.ref = recorded.ref;
    const present = entry.expected;
    if (present !== undefined && (present.uid !== '' || recorded.uid === '')) {
      share(entry, present.key, key);
      return;
    }
    if (present !== undefined) share(entry, key, present.key);
    entry.expected = { key, uid: recorded.uid, fp: recorded.fp, desired: recorded.desired, verified: undefined };
    entry.seen = entry.seen === undefined ? undefined : this.#kept(entry.seen, entry);
    index.file(entry);
    suspects.examine(entry, clock.monotonic());
  }

  /** What is known and recorded alike is kept in the copy of the record. */
  recall({ ref, uid, fp, desired }: RecordEntry): void {
    const entry = this.#ports.index.get(refKey(ref));
    if (entry === undefined) return;
    entry.ref = ref;
    const { seen, expected } = entry;
    if (expected?.uid !== uid || expected.fp !== fp || expected.desired !== desired) return;
    entry.expected = { ...expected, uid, fp, desired };
    entry.seen = seen === undefined ? undefined : this.#kept(seen, entry);
    if (seen === expected.verified) entry.expected.verified = entry.seen;
  }

  /** The Application does not have it on record any more; who shares it takes over. */
  unexpect(key: ApplicationKey, id: RefKey): void {
    const entry = this.#ports.index.get(id);
    if (entry?.expected === undefined) return;
    if (entry.expected.key !== key) {
      entry.sharedBy = entry.sharedBy.filter((other) => other !== key);
      return;
    }
    const [heir, ...others] = entry.sharedBy;
    if (heir === undefined) {
      this.#letGo(entry);
      return;
    }
    entry.sharedBy = others;
    entry.expected = { ...entry.expected, key: heir };
  }

  /** The server's answer to a write or a verify of ours. */
  answered(key: ApplicationKey, answer: Sighting, desired: string): void {
    const { index } = this.#ports;
    const { ref, uid, fp, resourceVersion } = answer.observation;
    const entry = index.ensure(ref);
    const shown = entry.awaits === undefined && entry.seen?.observation.resourceVersion === resourceVersion;
    this.#see(entry, answer);
    if (entry.expected !== undefined) share(entry, key, entry.expected.key);
    entry.awaits = shown ? undefined : resourceVersion;
    entry.reported = undefined;
    entry.expected = { key, uid, fp, desired, verified: entry.seen };
    index.file(entry);
  }

  /** Read, and found as the Application wants it; it says nothing about another state that was seen by now. */
  found(key: ApplicationKey, object: KubeObject, desired: string): void {
    const entry = this.#ports.index.get(refKey(refOf(object)));
    if (entry?.expected?.key !== key || entry.seen?.observation.resourceVersion !== resourceVersionOf(object)) return;
    const { uid, fp } = entry.seen.observation;
    entry.reported = undefined;
    entry.expected = { key, uid, fp, desired, verified: entry.seen };
  }

  /** Gone by our hand, or let go: nothing is expected of it. */
  gone(id: RefKey): void {
    const entry = this.#ports.index.get(id);
    if (entry !== undefined) this.#letGo(entry);
  }

  #letGo(entry: Entry): void {
    entry.expected = undefined;
    if (entry.seen !== undefined && entry.seen.observation.tracker === '') entry.seen = undefined;
    entry.awaits = undefined;
    entry.reported = undefined;
    entry.sharedBy = nobody;
    this.#ports.index.file(entry);
  }

  /** A complete list of the kind stands, for the first time or again. */
  listed(kind: string): void {
    const { index, clock, suspects, watchLagMs } = this.#ports;
    const now = clock.monotonic();
    this.#forgetUnshown(kind);
    const waiting: { readonly entry: Entry; readonly awaits: string }[] = [];
    for (const entry of index.ofKind(kind)) {
      suspects.examine(entry, now);
      if (entry.awaits !== undefined) waiting.push({ entry, awaits: entry.awaits });
    }
    if (waiting.length === 0) return;
    const cancel = clock.after(watchLagMs, () => {
      this.#sweeps.delete(cancel);
      for (const { entry, awaits } of waiting) if (entry.awaits === awaits) this.#neverShown(entry);
    });
    this.#sweeps.add(cancel);
  }

  /** Another list of the kind begins; what the last one showed holds until this one is complete. */
  relisting(kind: string): void {
    this.#shown.set(kind, new Set());
  }

  /** Went while the kind was listed again: the watch before did not tell. */
  #forgetUnshown(kind: string): void {
    const shown = this.#shown.get(kind);
    this.#shown.delete(kind);
    if (shown === undefined) return;
    for (const entry of this.#ports.index.ofKind(kind))
      if (entry.seen !== undefined && entry.awaits === undefined && !shown.has(entry.id)) this.#neverShown(entry);
  }

  /** What we wrote while the watch was down did not come when it was restored: it was deleted in between. */
  #neverShown(entry: Entry): void {
    const last = entry.seen;
    this.#unsee(entry);
    if (last !== undefined) this.#ports.suspects.missing(entry, last.observation, this.#ports.clock.monotonic());
  }

  /** Nothing is suspicious about it before the next complete list. */
  unseeKind(kind: string): void {
    this.#shown.delete(kind);
    for (const entry of this.#ports.index.ofKind(kind)) this.#unsee(entry);
  }

  /** Nobody needs the kind any more. */
  forgetKind(kind: string): void {
    this.#shown.delete(kind);
    for (const entry of this.#ports.index.ofKind(kind)) {
      entry.expected = undefined;
      this.#unsee(entry);
    }
  }

  [Symbol.dispose](): void {
    for (const cancel of this.#sweeps) cancel();
    this.#sweeps.clear();
  }
}

function isBeforeAnswer({ observation }: Sighting, { awaits }: Entry): boolean {
  return awaits !== undefined && isOlder(observation.resourceVersion, awaits);
}

/** The copy that is there already, when the text is the same. */
function sameText(text: string, known: string | undefined): string {
  return text === known ? known : text;
}

function share(entry: Entry, owner: ApplicationKey, other: ApplicationKey): void {
  if (owner === other && entry.sharedBy.length === 0) return;
  const others = entry.sharedBy.filter((key) => key !== owner && key !== other);
  entry.sharedBy = owner === other ? others : [...others, other];
}
