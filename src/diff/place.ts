import type { JsonObject, JsonValue } from '../model/json.ts';
import type { FieldWriter } from '../model/live.ts';
import type { ManagedEntry } from '../model/managed-fields.ts';
import type { Reach } from './field-set.ts';
import { fieldOf, isLeaf, keyedItemOf, setItemOf, touches } from './field-set.ts';
import { fieldPath, itemPath, valuePath } from './path.ts';
import type { Step } from './field-steps.ts';

/** How far another manager's field set reaches at a place. */
export interface OtherReach {
  readonly writer: ManagedEntry;
  readonly reach: Reach;
}

/** One path of an object, with what every manager's field set says there. */
export interface Place {
  /** For people: `spec.containers[name=web].image`. */
  readonly path: string;
  /** Names of fields only, items left out: `spec.containers.image`. */
  readonly schema: string;
  readonly kind: string;
  /** From the object to here. */
  readonly steps: readonly Step[];
  readonly own: Reach;
  readonly others: readonly OtherReach[];
  /** The newest other writer of the object, if any: named where nobody owns what is there. */
  readonly newest: readonly FieldWriter[];
}

export function rootOf(kind: string, own: ManagedEntry | undefined, others: readonly ManagedEntry[]): Place {
  return {
    path: '',
    schema: '',
    kind,
    steps: [],
    own: { ...(own === undefined ? {} : { node: own.fields }), covered: false },
    others: others.map((writer) => ({ writer, reach: { node: writer.fields, covered: false } })),
    newest: newestOf(others).map(writerOf),
  };
}

export function atField(place: Place, name: string): Place {
  const schema = place.schema === '' ? name : `${place.schema}.${name}`;
  const step = { field: name };
  return moved(place, { path: fieldPath(place.path, name), schema, step }, (reach) => fieldOf(reach, name));
}

/** `item` must have all key fields: pass the live item, for the server fills in defaulted ones. */
export function atItem(place: Place, keys: readonly string[], item: JsonObject): Place {
  const step = { item: Object.fromEntries(keys.map((key) => [key, item[key] ?? null])) };
  const at = { path: itemPath(place.path, keys, item), schema: place.schema, step };
  return moved(place, at, (reach) => keyedItemOf(reach, item));
}

export function atValue(place: Place, value: JsonValue): Place {
  const at = { path: valuePath(place.path, value), schema: place.schema, step: { value } };
  return moved(place, at, (reach) => setItemOf(reach, value));
}

interface At extends Pick<Place, 'path' | 'schema'> {
  readonly step: Step;
}

function moved(place: Place, { path, schema, step }: At, move: (reach: Reach) => Reach): Place {
  const others = place.others
    .map(({ writer, reach }) => ({ writer, reach: move(reach) }))
    .filter(({ reach }) => touches(reach));
  const { kind, newest } = place;
  return { kind, newest, path, schema, steps: [...place.steps, step], own: move(place.own), others };
}

export function isOwned(place: Place): boolean {
  return touches(place.own);
}

/** The other managers that own the place, or something below it. */
export function ownersOf(place: Place): FieldWriter[] {
  return place.others.map(({ writer }) => writerOf(writer));
}

/**
 * True when some manager owns the place as one value. A granular map or list that a manager wrote empty looks the same;
 * then nobody has said anything about its content, and comparing it as one value errs towards asking the server.
 */
export function isAtomic(place: Place): boolean {
  const reaches = [place.own, ...place.others.map(({ reach }) => reach)];
  const split = reaches.some((reach) => reach.node !== undefined && !isLeaf(reach));
  return !split && reaches.some((reach) => reach.covered || isLeaf(reach));
}

function writerOf({ manager, operation, subresource, time }: FieldWriter): FieldWriter {
  return { manager, operation, subresource, time };
}

/** Subresources only count when nobody wrote the object itself. */
function newestOf(entries: readonly ManagedEntry[]): ManagedEntry[] {
  const main = entries.filter(({ subresource }) => subresource === '');
  const sorted = (main.length > 0 ? main : [...entries]).toSorted((a, b) => (a.time < b.time ? 1 : -1));
  return sorted.slice(0, 1);
}
