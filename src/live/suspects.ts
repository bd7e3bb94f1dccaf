import type { Installation } from '../model/installation.ts';
import { marksOf, trackerOf } from '../model/installation.ts';
import type { Observation, Suspect, SuspectWhy } from '../model/live.ts';
import type { RefKey } from '../model/object.ts';
import { groupKindKey } from '../model/object.ts';
import { wasWritten } from '../model/record.ts';
import type { Entry, ObjectIndex } from './object-index.ts';
import type { Reclaimers } from './reclaimers.ts';
import type { Expectation } from './suspicion.ts';
import { asksForVerify, suspicion, suspicionMark } from './suspicion.ts';
import type { VerifyLimit } from './verify-limit.ts';

export interface SuspectsPorts {
  readonly index: ObjectIndex;
  readonly installation: Installation;
  readonly verifyLimit: VerifyLimit;
  readonly reclaimers: Reclaimers;
  /** True when a complete list of the kind (`group/Kind`) stands: before it nothing missing means anything. */
  isListed(kind: string): boolean;
  tell(suspect: Suspect): void;
}

/** Tells each suspicious state of an object once, and those that only a verify can settle at a limited rate. */
export class Suspects {
  readonly #ports: SuspectsPorts;

  constructor(ports: SuspectsPorts) {
    this.#ports = ports;
  }

  /** Compares the two sides of an entry; call it whenever one of them changed, and for all when the list is complete. */
  examine(entry: Entry, seenAt: number): void {
    const { seen, expected } = entry;
    if (expected === undefined) return;
    if (seen === undefined) {
      if (this.#isListed(entry))
        this.missing(entry, expectedObservation(entry, expected, this.#ports.installation), seenAt);
      return;
    }
    // So that the end of a list of all objects is no long block: nearly every one was found to be in order on arrival.
    if (seen === expected.verified) return;
    const why = suspicion(seen, expected, this.#ports.reclaimers);
    if (why !== undefined) {
      if (this.#isListed(entry)) this.#report(entry, why, seenAt);
      return;
    }
    entry.reported = undefined;
    if (expected.uid !== '' && !seen.observation.deleting) expected.verified = seen;
  }

  /** The watch does not show an object that is on record; `observation` is the last state known. */
  missing(entry: Entry, observation: Observation, seenAt: number): void {
    const { expected } = entry;
    if (expected === undefined || !wasWritten(expected) || entry.reported === 'left' || !this.#isListed(entry)) return;
    entry.reported = 'left';
    this.#ports.tell({ key: expected.key, ref: entry.ref, why: 'left', observation, seenAt });
  }

  #report(entry: Entry, why: SuspectWhy, seenAt: number): void {
    if (entry.seen === undefined) return;
    const mark = suspicionMark(why, entry.seen);
    if (entry.reported === mark) return;
    entry.reported = mark;
    if (!asksForVerify(why)) this.#tell(entry, why, seenAt);
    else this.#ports.verifyLimit.run(entry.id, () => this.#tellIfStill(entry.id, seenAt));
  }

  /** A verify may have been put off, and the object may have been put right since. */
  #tellIfStill(id: RefKey, seenAt: number): void {
    const entry = this.#ports.index.get(id);
    if (entry?.seen === undefined || entry.expected === undefined) return;
    const why = suspicion(entry.seen, entry.expected, this.#ports.reclaimers);
    if (why !== undefined) this.#tell(entry, why, seenAt);
  }

  #tell({ ref, seen, expected }: Entry, why: SuspectWhy, seenAt: number): void {
    if (seen === undefined || expected === undefined) return;
    this.#ports.tell({ key: expected.key, ref, why, observation: seen.observation, seenAt });
  }

  #isListed(entry: Entry): boolean {
    return this.#ports.isListed(groupKindKey(entry.ref));
  }
}

/** Of an object that was never seen: what its record says of it. */
function expectedObservation(entry: Entry, { key, uid, fp }: Expectation, installation: Installation): Observation {
  return {
    ref: entry.ref,
    uid,
    resourceVersion: '',
    generation: 0,
    fp,
    entryTime: '',
    partOf: marksOf(installation, key).partOf,
    tracker: trackerOf(key),
    deleting: false,
    controlled: false,
  };
}
