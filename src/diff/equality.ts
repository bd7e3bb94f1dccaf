import { parseDuration } from '../model/duration.ts';
import type { JsonValue } from '../model/json.ts';
import { isJsonArray, isJsonObject, jsonEqual } from '../model/json.ts';

/**
 * True when two different values may mean the same to the server: quantities (`1000m`, 1), numbers as text, durations,
 * instants, base64 with line breaks. Only the server knows whether the field is of such a type, so this is a doubt,
 * never a proof.
 */
export function maySayTheSame(desired: JsonValue, live: JsonValue): boolean {
  const [a, b] = [textOf(desired), textOf(live)];
  if (a === undefined || b === undefined) return false;
  return a === b || sameQuantity(a, b) || sameDuration(a, b) || sameInstant(a, b) || sameBase64(a, b);
}

/**
 * True when live says everything that desired says, perhaps in other words, perhaps with more fields in maps: what the
 * server makes of a list whose items it fills with defaults.
 */
export function mayBeDefaulted(desired: JsonValue, live: JsonValue | undefined): boolean {
  if (live === undefined) return isBlank(desired);
  if (isJsonArray(desired) && isJsonArray(live)) {
    return desired.length === live.length && desired.every((item, index) => mayBeDefaulted(item, live[index]));
  }
  if (isJsonObject(desired) && isJsonObject(live)) {
    return Object.entries(desired).every(([key, value]) => mayBeDefaulted(value, live[key]));
  }
  return jsonEqual(desired, live) || maySayTheSame(desired, live);
}

/** True for what the server leaves out of built-in kinds: false, 0, empty text, and maps and lists of nothing else. */
export function isBlank(value: JsonValue): boolean {
  if (isJsonArray(value)) return value.length === 0;
  if (isJsonObject(value)) return Object.values(value).every(isBlank);
  return value === null || value === false || value === 0 || value === '';
}

function textOf(value: JsonValue): string | undefined {
  if (typeof value === 'string') return value;
  return typeof value === 'number' || typeof value === 'bigint' ? String(value) : undefined;
}

interface Quantity {
  readonly digits: bigint;
  /** Powers of 10 and of 2 that `digits` is to be multiplied with. */
  readonly tens: number;
  readonly twos: number;
}

const decimalSuffixes: Readonly<Record<string, number>> = {
  n: -9,
  u: -6,
  m: -3,
  '': 0,
  k: 3,
  M: 6,
  G: 9,
  T: 12,
  P: 15,
  E: 18,
};
const binarySuffixes: Readonly<Record<string, number>> = { Ki: 10, Mi: 20, Gi: 30, Ti: 40, Pi: 50, Ei: 60 };

/** Longer text is no quantity that anybody writes, and exact arithmetic on it would cost. */
const longestQuantity = 40;

function readQuantity(text: string): Quantity | undefined {
  if (text.length > longestQuantity) return undefined;
  const match =
    /^([+-]?(?=\.?[0-9])[0-9]*)(?:\.([0-9]*))?(?:[eE]([+-]?[0-9]{1,2}))?(n|u|m|k|M|G|T|P|E|[KMGTPE]i)?$/.exec(text);
  if (match === null) return undefined;
  const [, whole = '', fraction = '', exponent = '0', suffix = ''] = match;
  const digits = BigInt(`${whole}${fraction}`.replace('+', '').replace(/^-/, ''));
  return {
    digits: whole.startsWith('-') ? -digits : digits,
    tens: Number(exponent) + (decimalSuffixes[suffix] ?? 0) - fraction.length,
    twos: binarySuffixes[suffix] ?? 0,
  };
}

function sameQuantity(a: string, b: string): boolean {
  const [x, y] = [readQuantity(a), readQuantity(b)];
  if (x === undefined || y === undefined) return false;
  const [tens, twos] = [Math.min(x.tens, y.tens), Math.min(x.twos, y.twos)];
  return scale(x, tens, twos) === scale(y, tens, twos);
}

function scale({ digits, tens, twos }: Quantity, fromTens: number, fromTwos: number): bigint {
  return digits * 10n ** BigInt(tens - fromTens) * 2n ** BigInt(twos - fromTwos);
}

function sameDuration(a: string, b: string): boolean {
  if (!/[a-z]$/.test(a) || !/[a-z]$/.test(b)) return false;
  const x = parseDuration(a);
  return x !== undefined && x === parseDuration(b);
}

const instant = /^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+(Z|[+-][0-9]{2}:[0-9]{2})$/;

function sameInstant(a: string, b: string): boolean {
  return instant.test(a) && instant.test(b) && Date.parse(a) === Date.parse(b);
}

const base64 = /^[A-Za-z0-9+/\s]*={0,2}\s*$/;

function sameBase64(a: string, b: string): boolean {
  return /\s/.test(a + b) && base64.test(a) && base64.test(b) && a.replaceAll(/\s/g, '') === b.replaceAll(/\s/g, '');
}
