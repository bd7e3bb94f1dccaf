import { base32 } from './hash.ts';
import type { Ref } from './object.ts';
import { parseRefKey, refKey } from './object.ts';

/** One object that an Application has written, or (without uid) is about to create. */
export interface RecordEntry {
  readonly ref: Ref;
  /** Empty for a claim: the creation was announced, its answer is not on record yet. */
  readonly uid: string;
  /** Hash of the desired body that was last applied; empty for the claim of a first creation, and for a hook. */
  readonly desired: string;
  /** Ownership fingerprint that the server's answer to that apply had. */
  readonly fp: string;
}

/** A hook: nothing of it is ever corrected, so that no hash says what it was applied with. */
export function isHookEntry({ uid, desired }: RecordEntry): boolean {
  return uid !== '' && desired === '';
}

/** Says the same of the same object. */
export function isSameEntry(one: RecordEntry, other: RecordEntry): boolean {
  const { ref, uid, desired, fp } = one;
  return uid === other.uid && desired === other.desired && fp === other.fp && refKey(ref) === refKey(other.ref);
}

/** False for the claim of a first creation. An object that is gone and about to be created anew stays one of ours. */
export function wasWritten({ uid, desired }: Pick<RecordEntry, 'uid' | 'desired'>): boolean {
  return uid !== '' || desired !== '';
}

/** The record with claims for what is about to be created, also for what it has with the uid of an object that is gone. */
export function withClaims(record: readonly RecordEntry[], creations: Iterable<Ref>): RecordEntry[] {
  const entries = new Map(record.map((entry) => [refKey(entry.ref), entry]));
  for (const ref of creations) {
    const desired = entries.get(refKey(ref))?.desired ?? '';
    entries.set(refKey(ref), { ref, uid: '', desired, fp: '' });
  }
  return sortEntries(entries.values());
}

/** `group/Kind|namespace|name|uid|desired|fp`, uid as 26 base32 characters. */
export function encodeEntry(entry: RecordEntry): string {
  return `${refKey(entry.ref)}|${entry.uid === '' ? '' : packUid(entry.uid)}|${entry.desired}|${entry.fp}`;
}

/** The inverse of `encodeEntry`; undefined when the text is none, so that a damaged record is seen and not guessed at. */
export function decodeEntry(text: string): RecordEntry | undefined {
  const parts = text.split('|');
  if (parts.length !== 6) return undefined;
  const ref = parseRefKey(parts.slice(0, 3).join('|'));
  const [uid = '', desired = '', fp = ''] = parts.slice(3);
  const unpacked = uid === '' ? '' : unpackUid(uid);
  return ref === undefined || unpacked === undefined ? undefined : { ref, uid: unpacked, desired, fp };
}

function packUid(uid: string): string {
  const hex = uid.replaceAll('-', '');
  return /^[0-9a-f]{32}$/.test(hex) ? base32(Buffer.from(hex, 'hex')) : uid;
}

function unpackUid(text: string): string | undefined {
  if (/^[0-9a-f]+-/.test(text)) return text;
  if (!/^[a-z2-7]{26}$/.test(text)) return undefined;
  const hex = base32Bytes(text).toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

/** The inverse of `base32`; the bits of the last letter that belong to no byte are dropped. */
function base32Bytes(text: string): Buffer {
  const bytes = Buffer.alloc(Math.floor((text.length * 5) / 8));
  let bits = 0;
  let value = 0;
  let at = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    value = ((value << 5) | (code < letterA ? code - digit2 + 26 : code - letterA)) & 0xfff;
    for (bits += 5; bits >= 8; bits -= 8) bytes[at++] = value >>> (bits - 8);
  }
  return bytes;
}

const letterA = 'a'.charCodeAt(0);
const digit2 = '2'.charCodeAt(0);

/** Entries by ref, in the order of their text. */
export function sortEntries(entries: Iterable<RecordEntry>): RecordEntry[] {
  const keyed = Array.from(entries, (entry) => ({ key: refKey(entry.ref), entry }));
  return keyed.sort((a, b) => (a.key < b.key ? -1 : 1)).map(({ entry }) => entry);
}
