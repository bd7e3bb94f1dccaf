import type { Comparison } from '../diff/diff.ts';
import type { FieldWriter, Suspect } from '../model/live.ts';
import type { FieldDifference } from '../model/plan.ts';

export interface Drifted {
  /** Paths, never values. */
  readonly fields: readonly string[];
  /** Who has the fields now; undefined = removed by unknown. */
  readonly by: FieldWriter | undefined;
  /** Those of the fields that others own now with other values, by the newest owner. */
  readonly taken: readonly TakenFields[];
}

/** Fields of ours that one writer has taken. */
export interface TakenFields {
  readonly writer: FieldWriter;
  readonly fields: readonly string[];
}

/** What the watch said before the object was read. */
export type Suspicion = Pick<Suspect, 'why' | 'observation'>;

/** Somebody else owns the field and says otherwise. */
export function isTaken({ base, desired, live, who }: FieldDifference): boolean {
  return base === undefined && desired !== undefined && live !== undefined && who.length > 0;
}

/** Removals by nobody, values that only the server gave, and what is ours still were not taken. */
export function takenIn(fields: readonly FieldDifference[]): readonly TakenFields[] {
  const taken = fields.flatMap((field) => {
    const writer = isTaken(field) && field.guessed !== true ? newestOf(field.who) : undefined;
    return writer === undefined ? [] : [{ writer, path: field.path }];
  });
  const groups = Map.groupBy(taken, ({ writer }) => [writer.manager, writer.operation, writer.subresource].join('|'));
  return [...groups.values()].flatMap((group) => {
    const [first] = group;
    return first === undefined ? [] : [{ writer: first.writer, fields: group.map(({ path }) => path) }];
  });
}

function newestOf(writers: readonly FieldWriter[]): FieldWriter | undefined {
  return writers.toSorted((a, b) => (a.time < b.time ? 1 : -1)).at(0);
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
  const newest = newestOf(fields.flatMap(({ who }) => who));
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
