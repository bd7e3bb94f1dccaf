import type { Comparison } from '../diff/diff.ts';
import type { FieldWriter, Suspect } from '../model/live.ts';
import type { FieldDifference } from '../model/plan.ts';

export interface Drifted {
  /** Paths, never values. */
  readonly fields: readonly string[];
  /** Who has the fields now; undefined = removed by unknown. */
  readonly by: FieldWriter | undefined;
}

/** What the watch said before the object was read. */
export type Suspicion = Pick<Suspect, 'why' | 'observation'>;

/** Somebody else owns the field and says otherwise. */
export function isTaken({ base, desired, live, who }: FieldDifference): boolean {
  return base === undefined && desired !== undefined && live !== undefined && who.length > 0;
}

/** What differed before and does not differ any more. */
export function healedBetween(before: Comparison, after: Comparison): FieldDifference[] {
  const standing = new Set([...after.differences, ...after.doubts].map(({ path }) => path));
  return [...before.differences, ...before.doubts].filter(({ path }) => !standing.has(path));
}

/**
 * Who has what differs. Where nobody has it the suspicion tells: an entry of ours that somebody else wrote, or the newest
 * writer. A removal leaves no trace of who did it.
 */
export function writerOf(
  fields: readonly FieldDifference[],
  { why, observation }: Suspicion,
  manager: string,
): FieldWriter | undefined {
  const [newest] = fields.flatMap(({ who }) => who).toSorted((a, b) => (a.time < b.time ? 1 : -1));
  if (newest !== undefined) return newest;
  if (fields.every(({ live }) => live === undefined)) return undefined;
  return isOurName(fields, { why, observation })
    ? { manager, operation: 'Apply', subresource: '', time: observation.entryTime }
    : observation.foreign;
}

/** Other than what we wrote, and in an entry of ours that is not the one we wrote: another client applied as us. */
function isOurName(fields: readonly FieldDifference[], { why, observation }: Suspicion): boolean {
  if (why === 'entryTime') return true;
  const isOurs = fields.some(({ base, live }) => base !== undefined && live !== undefined);
  // An entry of somebody else that is as new tells who it was, even if it is hidden by now.
  return why === 'fingerprint' && isOurs && (observation.foreign?.time ?? '') < observation.entryTime;
}
