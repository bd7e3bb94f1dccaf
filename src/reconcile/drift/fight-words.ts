import type { DriftEntry } from '../../model/application.ts';
import type { FightAction } from '../../model/fight.ts';
import type { Ref } from '../../model/object.ts';
import { describeRef } from '../../model/object.ts';

/** Who takes what how often, what is done about it, and how to end it. */
export function describeFight(entry: DriftEntry): string {
  const { manager, operation, fight } = entry;
  if (fight === undefined) return '';
  const through = fight.subresource === '' ? operation : `${operation}, ${fight.subresource}`;
  const how = `${manager} (${through}) takes it again and again, ${fight.rate}; ${done[fight.action]}`;
  return `${subjectOf(entry)}: ${how}; to leave it to ${manager}, add to spec.conflicts.rules: ${fight.suggestion}`;
}

const done: Readonly<Record<FightAction, string>> = {
  BackOff: 'its corrections back off',
  Yield: 'it is left to it until that ends',
  Report: 'it is corrected each time',
};

const mostNamed = 5;

/** The object and what of it is fought over. */
export function subjectOf(entry: DriftEntry): string {
  const more = entry.fields.length - mostNamed;
  const fields = entry.fields.slice(0, mostNamed).join(', ');
  return `${describeRef(refOfDrift(entry))} ${fields}${more > 0 ? ` and ${more} more` : ''}`;
}

/** The entries, with the fights that go on: each at the newest entry of its object and manager, else as one of its own. */
export function withFights(entries: readonly DriftEntry[], fights: readonly DriftEntry[]): readonly DriftEntry[] {
  const shown = entries.map(withoutFight);
  for (const entry of fights) {
    const at = shown.findIndex((other) => other.manager === entry.manager && describeOf(other) === describeOf(entry));
    const present = shown[at];
    if (present === undefined || entry.fight === undefined) shown.unshift(entry);
    else shown[at] = { ...present, fight: entry.fight };
  }
  return shown;
}

/** What status has from before a restart is over, or is told anew. */
function withoutFight(entry: DriftEntry): DriftEntry {
  const { fight, ...rest } = entry;
  return fight === undefined ? entry : rest;
}

function describeOf(entry: DriftEntry): string {
  return describeRef(refOfDrift(entry));
}

export function refOfDrift({ group, kind, namespace, name }: DriftEntry): Ref {
  return { group, kind, namespace, name };
}
