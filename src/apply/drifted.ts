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
  // Owned by us, other than what we wrote, in an entry that is not the one that we wrote: another client has our name.
  const isRewritten =
    why === 'fingerprint' && fields.some(({ base, live }) => base !== undefined && live !== undefined);
  if (why === 'entryTime' || isRewritten)
    return { manager, operation: 'Apply', subresource: '', time: observation.entryTime };
  return observation.foreign;
}
