import type { JsonValue } from '../model/json.ts';
import type { FieldDifference } from '../model/plan.ts';
import { isLeaf, isMember } from './field-set.ts';
import type { Place } from './place.ts';
import { isOwned, ownersOf } from './place.ts';

/** One thing that a comparison found, and how sure it is. */
export interface Finding {
  readonly kind: 'different' | 'doubtful' | 'lost';
  /** Absent for what goes with the marks of another tool. */
  readonly place?: Place;
  readonly difference: FieldDifference;
}

export function different(place: Place, desired: JsonValue, live: JsonValue | undefined): Finding {
  return { kind: 'different', place, difference: differenceAt(place, desired, live) };
}

export function doubtful(place: Place, desired: JsonValue, live: JsonValue | undefined): Finding {
  return { kind: 'doubtful', place, difference: differenceAt(place, desired, live) };
}

/** Equal, and not ours. */
export function lost(place: Place, value: JsonValue): Finding {
  return { kind: 'lost', place, difference: differenceAt(place, value, value) };
}

/**
 * The removal of what is ours and not desired: of the whole place when the field set names it and nobody else owns
 * anything in it; undefined when one has to look below.
 */
export function removal(place: Place, live: JsonValue): Finding | undefined {
  const whole = isLeaf(place.own) || (isMember(place.own) && place.others.length === 0);
  if (!whole) return undefined;
  return { kind: 'different', place, difference: { path: place.path, base: live, live, who: ownersOf(place) } };
}

function differenceAt(place: Place, desired: JsonValue, live: JsonValue | undefined): FieldDifference {
  const base = isOwned(place) && live !== undefined ? { base: live } : {};
  const present: { readonly live?: JsonValue } = live === undefined ? {} : { live };
  return { path: place.path, desired, ...base, ...present, ...whoAt(place, live) };
}

function whoAt(place: Place, live: JsonValue | undefined): Pick<FieldDifference, 'who' | 'guessed'> {
  const owners = ownersOf(place);
  if (owners.length > 0 || live === undefined || isOwned(place)) return { who: owners };
  return { who: place.newest, guessed: true };
}
