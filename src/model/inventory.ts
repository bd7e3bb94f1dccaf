import type { KnownApplication } from './application.ts';
import { OperatorError } from './errors.ts';
import type { JsonObject, JsonValue } from './json.ts';
import { arrayAt, isJsonObject, jsonEqual, numberAt, objectAt, stringAt } from './json.ts';
import type { KubeObject, RefKey } from './object.ts';
import { refKey, uidOf } from './object.ts';
import type { RecordEntry } from './record.ts';
import { decodeEntry, encodeEntry, isSameEntry, sortEntries } from './record.ts';
import { SharedTexts } from './shared-texts.ts';
import { inlineEntries, inventoryEntries } from './status-schema.ts';

const apiVersion = 'evenkeel.dev/v1alpha1';
const format = 1;

/** Bytes of entries in `status.record` and in one Inventory. */
const inlineBytes = 48 * 1024;
const inventoryBytes = 200 * 1024;

/** An entry that is on record with uid and hashes has these many bytes beside its ref. */
const entryTail = '|'.length * 3 + 26 + 11 + 11;

/** `status.record` as it is written. */
interface StatusRecord {
  readonly format: number;
  readonly entries: readonly string[];
  /** How many Inventories hold the entries instead; absent when they stand here. */
  readonly inventories?: number;
}

/** One Inventory as it is to be written. */
export interface Inventory {
  readonly name: string;
  readonly object: KubeObject;
}

/**
 * How to store a record. Write the Inventories, then the status with `inline`, then delete `remove`, in this order:
 * whatever is read in between then holds everything that was on record before or is after.
 */
export interface StoragePlan {
  readonly inline: StatusRecord;
  readonly write: readonly Inventory[];
  readonly remove: readonly KubeObject[];
}

type Owner = Pick<KnownApplication, 'name' | 'namespace' | 'uid'>;

/** Name of the Application that an Inventory belongs to; undefined when the object is none of ours. */
export function isInventoryOf(object: KubeObject): string | undefined {
  const owner = ownerOf(object);
  const name = stringAt(owner, 'name') ?? '';
  return name !== '' && numberOf(object, name) !== undefined ? name : undefined;
}

function ownerOf(object: KubeObject): JsonObject | undefined {
  return arrayAt(object.metadata, 'ownerReferences')
    .filter(isJsonObject)
    .find((owner) => owner['kind'] === 'Application' && owner['apiVersion'] === apiVersion);
}

/** The number in `<application>-<n>`. */
function numberOf(object: KubeObject, application: string): number | undefined {
  const { name } = object.metadata;
  if (object.kind !== 'Inventory' || !name.startsWith(`${application}-`)) return undefined;
  const number = name.slice(application.length + 1);
  return /^[1-9][0-9]{0,5}$/.test(number) ? Number(number) : undefined;
}

/**
 * The record of an Application from its status or its Inventories, or what is wrong with it (reason InvalidRecord).
 * Inventories of a former Application of the same name are left out. Without a record in status, as after a loss of it,
 * the Inventories count. Of `known`, the record that was read before, what is the same is taken: it is kept in many places.
 */
export function readRecord(
  application: KubeObject,
  inventories: readonly KubeObject[],
  known: readonly RecordEntry[] = [],
): readonly RecordEntry[] | OperatorError {
  const status = objectAt(application, 'status');
  const stored = status['record'];
  const expected = numberAt(stored, 'inventories') ?? 0;
  if (isJsonObject(stored) && expected === 0) return decodeEntries(stored, 'status.record', known);
  if (stored !== undefined && !isJsonObject(stored)) return invalidRecord('status.record is no object');
  const own = inventories.filter((inventory) => stringAt(ownerOf(inventory), 'uid') === uidOf(application));
  if (own.length < expected) {
    return invalidRecord(`${expected - own.length} of ${expected} Inventories are missing`);
  }
  return union(own.map((object) => decodeEntries(object, `Inventory ${object.metadata.name}`, known)));
}

function union(parts: readonly (readonly RecordEntry[] | OperatorError)[]): RecordEntry[] | OperatorError {
  const entries = new Map<RefKey, RecordEntry>();
  for (const part of parts) {
    if (part instanceof OperatorError) return part;
    for (const entry of part) {
      const key = refKey(entry.ref);
      if (entry.uid !== '' || !entries.has(key)) entries.set(key, entry);
    }
  }
  return sortEntries(entries.values());
}

function decodeEntries(
  stored: JsonObject,
  where: string,
  known: readonly RecordEntry[],
): readonly RecordEntry[] | OperatorError {
  if (numberAt(stored, 'format') !== format) {
    return invalidRecord(`${where} has a format that this version does not know`);
  }
  const texts = new SharedTexts();
  const before = new Map(known.map((entry) => [refKey(entry.ref), entry]));
  const entries: RecordEntry[] = [];
  for (const [index, text] of arrayAt(stored, 'entries').entries()) {
    const entry = typeof text === 'string' ? decodeEntry(text) : undefined;
    if (entry === undefined) return invalidRecord(`${where}.entries[${index}] cannot be read`);
    entries.push(keptAs(entry, before.get(refKey(entry.ref)), texts));
  }
  return entries.length === known.length && entries.every((entry, index) => entry === known[index]) ? known : entries;
}

function keptAs(entry: RecordEntry, former: RecordEntry | undefined, texts: SharedTexts): RecordEntry {
  if (former === undefined) return { ...entry, ref: texts.ref(entry.ref) };
  return isSameEntry(former, entry) ? former : { ...entry, ref: former.ref };
}

/** Without the entries in its status, when these are what `record` is encoded to: then they need not be kept twice. */
export function withoutEntries(application: KubeObject, record: readonly RecordEntry[]): KubeObject | undefined {
  const entries = arrayAt(objectAt(objectAt(application, 'status'), 'record'), 'entries');
  return entries.length > 0 && jsonEqual(entries, record.map(encodeEntry)) ? withLines(application, []) : undefined;
}

/** The inverse of `withoutEntries`. */
export function withEntries(application: KubeObject, record: readonly RecordEntry[]): KubeObject {
  return withLines(application, record.map(encodeEntry));
}

function withLines(application: KubeObject, entries: readonly string[]): KubeObject {
  const status = objectAt(application, 'status');
  return { ...application, status: { ...status, record: { ...objectAt(status, 'record'), entries } } };
}

function invalidRecord(message: string): OperatorError {
  return new OperatorError(message, { step: 'spec', reason: 'InvalidRecord', retry: 'interval' });
}

/** How to store a record, given what is stored: an Inventory whose entries stay the same is not written again. */
export function planStorage(
  owner: Owner,
  record: readonly RecordEntry[],
  inventories: readonly KubeObject[],
): StoragePlan {
  const sorted = sortEntries(record);
  const own = inventories.filter((inventory) => stringAt(ownerOf(inventory), 'uid') === owner.uid);
  const lines = sorted.map(encodeEntry);
  if (lines.length <= inlineEntries && jsonBytes(lines) <= inlineBytes) {
    return { inline: { format, entries: lines }, write: [], remove: own };
  }
  const shelves = fill(owner.name, sorted, { own, taken: inventories });
  const full = shelves.filter((shelf) => shelf.lines.length > 0);
  const remove = shelves.flatMap((shelf) => (shelf.lines.length === 0 && shelf.stored ? [shelf.stored] : []));
  const write = full.filter((shelf) => !isStored(shelf)).map((shelf) => inventoryFrom(owner, shelf));
  return { inline: { format, entries: [], inventories: full.length }, write, remove };
}

/** One Inventory that is being filled. */
interface Shelf {
  readonly number: number;
  readonly stored?: KubeObject;
  readonly lines: string[];
  bytes: number;
}

/**
 * An entry stays in the Inventory where it is, so a change rewrites one Inventory; a new one goes to the first with
 * room. Room is counted as if every entry were complete: a claim that gets its uid never has to move, because between
 * two writes a moved entry would be in neither.
 */
function fill(
  application: string,
  entries: readonly RecordEntry[],
  { own, taken }: { readonly own: readonly KubeObject[]; readonly taken: readonly KubeObject[] },
): Shelf[] {
  const shelves: Shelf[] = own
    .map((stored) => ({ number: numberOf(stored, application) ?? 0, stored, lines: [], bytes: 0 }))
    .sort((a, b) => a.number - b.number);
  const used = new Set(taken.map((object) => numberOf(object, application)));
  const places = placesIn(shelves);
  const homeless = entries.filter((entry) => {
    const shelf = places.get(refKey(entry.ref));
    if (shelf !== undefined) put(entry, shelf);
    return shelf === undefined;
  });
  for (const entry of homeless) put(entry, shelves.find(hasRoomFor(entry)) ?? addShelf(shelves, used));
  return shelves;
}

function placesIn(shelves: readonly Shelf[]): Map<RefKey, Shelf> {
  const places = new Map<RefKey, Shelf>();
  for (const shelf of shelves) {
    for (const line of arrayAt(shelf.stored, 'entries')) {
      const entry = typeof line === 'string' ? decodeEntry(line) : undefined;
      if (entry !== undefined) places.set(refKey(entry.ref), shelf);
    }
  }
  return places;
}

function put(entry: RecordEntry, shelf: Shelf): void {
  shelf.lines.push(encodeEntry(entry));
  shelf.bytes += bytesOf(entry);
}

function hasRoomFor(entry: RecordEntry): (shelf: Shelf) => boolean {
  const bytes = bytesOf(entry);
  return (shelf) => shelf.lines.length < inventoryEntries && shelf.bytes + bytes <= inventoryBytes;
}

function addShelf(shelves: Shelf[], used: Set<number | undefined>): Shelf {
  let number = 1;
  while (used.has(number)) number++;
  used.add(number);
  const shelf: Shelf = { number, lines: [], bytes: 0 };
  shelves.push(shelf);
  return shelf;
}

/** Of a complete entry in JSON. */
function bytesOf(entry: RecordEntry): number {
  return Buffer.byteLength(refKey(entry.ref)) + entryTail + '"",'.length;
}

function jsonBytes(lines: readonly string[]): number {
  return lines.reduce((sum, line) => sum + Buffer.byteLength(line) + '"",'.length, 0);
}

function isStored(shelf: Shelf): boolean {
  const { stored, lines } = shelf;
  return stored?.['format'] === format && jsonEqual(stored['entries'], sortedLines(lines));
}

function sortedLines(lines: readonly string[]): JsonValue {
  return [...lines].sort();
}

function inventoryFrom(owner: Owner, { number, lines }: Shelf): Inventory {
  const name = `${owner.name}-${number}`;
  const ownerReferences = [{ apiVersion, kind: 'Application', name: owner.name, uid: owner.uid, controller: true }];
  const metadata = { name, namespace: owner.namespace, ownerReferences };
  return { name, object: { apiVersion, kind: 'Inventory', metadata, format, entries: sortedLines(lines) } };
}
