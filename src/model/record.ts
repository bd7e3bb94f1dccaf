import type { Ref } from './object.ts';
import { parseRefKey, refKey } from './object.ts';

/** One object that an Application has written, or (without uid) is about to create. */
export interface RecordEntry {
  readonly ref: Ref;
  /** Empty for a claim: the creation was announced, its answer is not on record yet. */
  readonly uid: string;
  /** Hash of the desired body that was last applied; empty for a claim, and for a hook. */
  readonly desired: string;
  /** Ownership fingerprint that the server's answer to that apply had. */
  readonly fp: string;
}

/** A hook: nothing of it is ever corrected, so that no hash says what it was applied with. */
export function isHookEntry({ uid, desired }: RecordEntry): boolean {
  return uid !== '' && desired === '';
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

const alphabet = 'abcdefghijklmnopqrstuvwxyz234567';

function packUid(uid: string): string {
  const hex = uid.replaceAll('-', '');
  if (!/^[0-9a-f]{32}$/.test(hex)) return uid;
  let rest = BigInt(`0x${hex}`) << 2n;
  let text = '';
  for (let i = 0; i < 26; i++, rest >>= 5n) text = alphabet.charAt(Number(rest & 31n)) + text;
  return text;
}

function unpackUid(text: string): string | undefined {
  if (/^[0-9a-f]+-/.test(text)) return text;
  if (!/^[a-z2-7]{26}$/.test(text)) return undefined;
  let value = 0n;
  for (const letter of text) value = (value << 5n) | BigInt(alphabet.indexOf(letter));
  const hex = (value >> 2n).toString(16).padStart(32, '0');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

/** Entries by ref, in the order of their text. */
export function sortEntries(entries: Iterable<RecordEntry>): RecordEntry[] {
  const keyed = Array.from(entries, (entry) => ({ key: refKey(entry.ref), entry }));
  return keyed.sort((a, b) => (a.key < b.key ? -1 : 1)).map(({ entry }) => entry);
}
