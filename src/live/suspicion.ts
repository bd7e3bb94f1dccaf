import type { ApplicationKey } from '../model/installation.ts';
import type { SuspectWhy } from '../model/live.ts';
import type { Reclaimers } from './reclaimers.ts';
import type { Sighting } from './sighting.ts';

/** What our own last write, or the record of it, lets us expect of an object. */
export interface Expectation {
  readonly key: ApplicationKey;
  /** Empty for a claim: its creation was announced and nothing is known of it yet. */
  readonly uid: string;
  readonly fp: string;
  /** Hash of the body that was last applied. */
  readonly desired: string;
  /**
   * The newest state known to be as we left it: the answer to our write, or a later event that changed nothing of
   * ours. undefined: loaded from the record and not seen with the recorded fingerprint yet.
   */
  verified: Sighting | undefined;
}

/**
 * Why an object may differ from what was applied, or undefined when nothing says so (apply-rules, sections 1 and 2).
 * An object that is being deleted is none of our business before it is gone, and of a claim nothing is expected.
 */
export function suspicion(seen: Sighting, expected: Expectation, reclaimers: Reclaimers): SuspectWhy | undefined {
  const { observation } = seen;
  const { verified } = expected;
  if (expected.uid === '' || observation.deleting) return undefined;
  if (observation.uid !== expected.uid) return 'recreated';
  if (observation.fp !== expected.fp) return isRewritten(seen, verified) ? 'entryTime' : 'fingerprint';
  // At start the state found is taken as verified when the fingerprint is the recorded one; the rest is the audit's.
  if (verified === undefined) return undefined;
  const why = unseenWrite(seen, verified);
  return why === undefined && isReclaimed(seen, verified, (manager) => reclaimers.includes(expected.key, manager))
    ? 'foreignEntry'
    : why;
}

/** Labels and annotations move no generation: only the newest writer tells that somebody may have added one. */
function isReclaimed(
  { observation: { foreign } }: Sighting,
  verified: Sighting,
  isFrom: (manager: string) => boolean,
): boolean {
  if (foreign === undefined) return false;
  const known = verified.observation.foreign;
  return (known?.manager !== foreign.manager || known.time !== foreign.time) && isFrom(foreign.manager);
}

/** Our entry has its fields and another time: somebody applied under our name. */
function isRewritten(seen: Sighting, verified: Sighting | undefined): boolean {
  return seen.fields !== '' && seen.fields === verified?.fields;
}

/** A write that our entry does not show. */
function unseenWrite(seen: Sighting, verified: Sighting): SuspectWhy | undefined {
  const { generation } = seen.observation;
  if (generation === 0) return unexplainedWrite(seen, verified);
  return generation === verified.observation.generation ? undefined : 'generation';
}

/** Kinds without generation: every write counts whose author is not known to have left our fields alone. */
function unexplainedWrite(seen: Sighting, verified: Sighting): SuspectWhy | undefined {
  if (seen.foreign !== verified.foreign) return 'foreignEntry';
  if (seen.subresources !== verified.subresources) return undefined;
  return seen.observation.resourceVersion === verified.observation.resourceVersion ? undefined : 'unverifiable';
}

/** Where nothing of ours is known to have changed, so that only a verify can tell. */
export function asksForVerify(why: SuspectWhy): boolean {
  return why === 'generation' || why === 'foreignEntry' || why === 'unverifiable';
}

/** Equal for two states of one object that call for the same suspicion: it is told once. */
export function suspicionMark(why: SuspectWhy, seen: Sighting): string {
  const { uid, fp, generation, resourceVersion, foreign } = seen.observation;
  const writer = why === 'foreignEntry' ? `${foreign?.manager ?? ''}|${foreign?.time ?? ''}` : '';
  const state = `${why}|${uid}|${fp}|${generation}|${seen.foreign}|${writer}`;
  return why === 'unverifiable' ? `${state}|${resourceVersion}` : state;
}
