import type { JsonValue } from '../../model/json.ts';

/** What plain text means to Go's YAML reader; a float may be infinite or no number, which JSON then refuses. */
export type Scalar =
  | { readonly tag: 'null'; readonly value: null }
  | { readonly tag: 'bool'; readonly value: boolean }
  | { readonly tag: 'int'; readonly value: number | bigint }
  | { readonly tag: 'float'; readonly value: number }
  | { readonly tag: 'str'; readonly value: string }
  | { readonly tag: 'merge'; readonly value: string };

const words: ReadonlyMap<string, Scalar> = new Map<string, Scalar>([
  ...['', '~', 'null', 'Null', 'NULL'].map((text) => [text, { tag: 'null', value: null }] as const),
  ...spellings('y', 'yes', 'true', 'on').map((text) => [text, { tag: 'bool', value: true }] as const),
  ...spellings('n', 'no', 'false', 'off').map((text) => [text, { tag: 'bool', value: false }] as const),
  ...spellings('.nan').map((text) => [text, { tag: 'float', value: NaN }] as const),
  ['.NaN', { tag: 'float', value: NaN }],
  ...spellings('.inf', '+.inf').map((text) => [text, { tag: 'float', value: Infinity }] as const),
  ...spellings('-.inf').map((text) => [text, { tag: 'float', value: -Infinity }] as const),
  ['<<', { tag: 'merge', value: '<<' }],
]);

/** `yes` → yes, Yes, YES; a sign or dot before the first letter stays. */
function spellings(...lower: string[]): string[] {
  return lower.flatMap((text) => [text, text.replace(/[a-z]/, (letter) => letter.toUpperCase()), text.toUpperCase()]);
}

const float = /^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$/;
const integers: readonly (readonly [pattern: RegExp, prefix: string])[] = [
  [/^[-+]?(0|[1-9][0-9]*)$/, ''],
  [/^[-+]?0[xX][0-9a-fA-F]+$/, '0x'],
  [/^[-+]?0[oO]?[0-7]+$/, '0o'],
  [/^[-+]?0[bB][01]+$/, '0b'],
];

/** Resolves plain text as sigs.k8s.io/yaml does: YAML 1.1 words, Go's integers and floats, nothing sexagesimal. */
export function resolvePlain(text: string): Scalar {
  const word = words.get(text);
  if (word !== undefined) return word;
  const first = text.charCodeAt(0);
  if (first === 0x2e) return float.test(text) ? asFloat(text, text) : { tag: 'str', value: text };
  if (!isDigitOrSign(first)) return { tag: 'str', value: text };
  const digits = text.replaceAll('_', '');
  const integer = asInteger(digits);
  if (integer !== undefined) return { tag: 'int', value: integer };
  return float.test(digits) ? asFloat(digits, text) : { tag: 'str', value: text };
}

function isDigitOrSign(code: number): boolean {
  return (code >= 0x30 && code <= 0x39) || code === 0x2b || code === 0x2d;
}

/** Go reports a float that overflows as no float at all; it then stays text. */
function asFloat(digits: string, text: string): Scalar {
  const value = Number(digits);
  return Number.isFinite(value) ? { tag: 'float', value } : { tag: 'str', value: text };
}

const minInt64 = -(2n ** 63n);
const maxUint64 = 2n ** 64n - 1n;

/** undefined when the text is no integer of 64 bits (with its sign), as Go's ParseInt and ParseUint say. */
function asInteger(text: string): number | bigint | undefined {
  const prefix = integers.find(([pattern]) => pattern.test(text))?.[1];
  if (prefix === undefined) return undefined;
  const unsigned = text.replace(/^[-+]/, '');
  const magnitude = BigInt(prefix === '' ? unsigned : prefix + unsigned.replace(/^0[xXoObB]?/, '0'));
  const value = text.startsWith('-') ? -magnitude : magnitude;
  // Go's unsigned reading takes no sign, not even a plus.
  const max = unsigned === text ? maxUint64 : 2n ** 63n - 1n;
  if (value < minInt64 || value > max) return undefined;
  return value >= BigInt(Number.MIN_SAFE_INTEGER) && value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : value;
}

/** A scalar with an explicit tag; undefined when the text cannot have it. Unknown tags leave text as it is. */
export function resolveTagged(tag: string, text: string): JsonValue | undefined {
  switch (tag.replace(/^(tag:yaml\.org,2002:|!!)/, '')) {
    case 'null':
    case 'bool':
    case 'int':
      return ofTag(tag.replace(/^(tag:yaml\.org,2002:|!!)/, ''), text);
    case 'float': {
      const scalar = resolvePlain(text);
      return scalar.tag === 'float' || scalar.tag === 'int' ? Number(scalar.value) : undefined;
    }
    case 'binary':
      return decodeBinary(text);
    default:
      return text;
  }
}

function ofTag(tag: string, text: string): JsonValue | undefined {
  const scalar = resolvePlain(text);
  return scalar.tag === tag ? scalar.value : undefined;
}

function decodeBinary(text: string): string | undefined {
  const packed = text.replace(/[\r\n]/g, '');
  if (!/^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(packed)) return undefined;
  return Buffer.from(packed, 'base64').toString('utf8');
}

/** How Go prints a float that is a mapping's key: %g of 32 bits. */
export function floatKey(value: number): string {
  if (Number.isNaN(value)) return '.nan';
  if (!Number.isFinite(value)) return value > 0 ? '.inf' : '-.inf';
  const digits = shortestOf32Bits(value);
  const [mantissa = '', exponent = '0'] = digits.toExponential().split('e');
  const power = Number(exponent);
  if (power >= -4 && power < 21)
    return power < 6 || !Number.isInteger(digits) ? String(digits) : scientific(mantissa, power);
  return scientific(mantissa, power);
}

function scientific(mantissa: string, power: number): string {
  return `${mantissa}e${power < 0 ? '-' : '+'}${String(Math.abs(power)).padStart(2, '0')}`;
}

/** The shortest decimal that names the nearest float of 32 bits. */
function shortestOf32Bits(value: number): number {
  const target = Math.fround(value);
  for (let precision = 1; precision <= 9; precision++) {
    const candidate = Number(value.toPrecision(precision));
    if (Math.fround(candidate) === target) return candidate;
  }
  return value;
}
