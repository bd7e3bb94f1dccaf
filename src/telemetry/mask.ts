import type { JsonValue } from '../model/json.ts';
import { isJsonArray, isJsonObject } from '../model/json.ts';

/** Bounds of one log line: a huge object is cut and says so. Text is masked before it is cut, lest a cut hides the end of a URL. */
const limits = { depth: 8, items: 50, text: 4096, read: 65_536 } as const;

const masked = '[masked]';

const secretKey =
  /^(.*(password|passwd|passphrase|secret|credentials?|api-?key|private-?key)|.*token|(proxy-)?authorization|(set-)?cookie|data|stringdata|binarydata|last-applied-configuration|kubectl\.kubernetes\.io\/last-applied-configuration)$/i;

/**
 * A copy that may be logged: values under keys that name something secret are masked at any depth, texts lose the
 * credentials in their URLs and headers. `data` is always masked: it is what Secrets keep their values in.
 */
export function maskFields(fields: Readonly<Record<string, JsonValue | undefined>>): Record<string, JsonValue> {
  return Object.fromEntries(
    Object.entries(fields)
      .filter((entry): entry is [string, JsonValue] => entry[1] !== undefined)
      .map(([key, value]) => [key, maskAt(key, value, 0)]),
  );
}

function maskAt(key: string, value: JsonValue, depth: number): JsonValue {
  if (secretKey.test(key) && value !== null && typeof value !== 'boolean') return masked;
  return maskValue(value, depth);
}

function maskValue(value: JsonValue, depth: number): JsonValue {
  if (typeof value === 'string') return maskText(value);
  if (typeof value === 'bigint') return value.toString();
  if (depth >= limits.depth && typeof value === 'object' && value !== null) return '[too deep]';
  if (isJsonArray(value)) return maskList(value, depth);
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, maskAt(key, item, depth + 1)]));
}

function maskList(list: readonly JsonValue[], depth: number): JsonValue {
  const shown = list.slice(0, limits.items).map((item) => maskValue(item, depth + 1));
  const left = list.length - shown.length;
  return left > 0 ? [...shown, `[${left} more]`] : shown;
}

/** Text without credentials in URLs, Authorization headers and query parameters, cut to the length of a log line. */
export function maskText(text: string): string {
  const clean = text
    .slice(0, limits.read)
    .replace(/:\/\/[^\s/?#]*@/g, '://')
    .replace(/\b(authorization["']?\s*[:=]\s*["']?\w+\s+)[\w.~+/-]+=*/gi, `$1${masked}`)
    .replace(/\b(bearer\s+)[\w.~+/-]{16,}=*/gi, `$1${masked}`)
    .replace(/([?&](?:[\w-]*token|password|secret|key|signature|sig)=)[^\s&#]+/gi, `$1${masked}`);
  return clean.length > limits.text ? `${clean.slice(0, limits.text)} [cut]` : clean;
}

/** Longest line of somebody else's log that is told. */
const longestLine = 200;

/**
 * A line of a managed program's log, for people: as `maskText`, without values that are named as secrets, and cut.
 * Nobody can know every secret by its looks: whoever must be sure switches the lines off.
 */
export function maskLogLine(line: string): string {
  const clean = maskText(line)
    // Colours of terminals.
    .replace(/\u001b\[[0-9;]*[A-Za-z]/g, '')
    .replace(secretInText, `$1${masked}`)
    .trim();
  return clean.length <= longestLine ? clean : `${clean.slice(0, longestLine - 1)}…`;
}

/** `password=…`, `"apiKey": "…"`, `TOKEN: …`. */
const secretInText =
  /((?:pass(?:word|wd|phrase)|secret|token|credentials?|(?:api|private|access)[-_]?key)["']?\s*[:=]\s*)("[^"]*"|'[^']*'|[^\s,;&]+)/gi;
