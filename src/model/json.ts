/** A JSON value as the API server means it: integers beyond ±2^53 are bigint, so that 64 bits survive both ways. */
export type JsonValue = null | boolean | number | bigint | string | readonly JsonValue[] | JsonObject;

export interface JsonObject {
  readonly [key: string]: JsonValue;
}

/** A JSON object that is being built. */
export type MutableJson = Record<string, JsonValue>;

declare global {
  /** Parse with source text access, which this TypeScript does not type yet (Node has it since 21). */
  interface JSON {
    parse(text: string, reviver: (key: string, value: unknown, context: { source?: string }) => unknown): unknown;
    rawJSON(text: string): object;
  }
}

const longInteger = /[0-9]{16}/;

/**
 * Reads JSON text; integers that a double cannot hold become bigint.
 * The reviver costs several times the parse, so it runs only on text that holds a run of 16 digits.
 * Throws SyntaxError.
 */
export function decodeJson(text: string): JsonValue {
  return longInteger.test(text) ? (JSON.parse(text, exactInteger) as JsonValue) : (JSON.parse(text) as JsonValue);
}

function exactInteger(_key: string, value: unknown, context: { source?: string }): unknown {
  if (typeof value !== 'number' || Number.isSafeInteger(value)) return value;
  const source = context.source ?? '';
  return /^-?[0-9]+$/.test(source) ? BigInt(source) : value;
}

/** Writes JSON text, bigint as a plain integer. */
export function encodeJson(value: JsonValue): string {
  return JSON.stringify(value, rawInteger);
}

function rawInteger(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? JSON.rawJSON(value.toString()) : value;
}

/** JSON text with object keys sorted at every level and lists in their order: equal text ⇔ equal value. */
export function canonicalJson(value: JsonValue): string {
  return encodeJson(sortKeys(value));
}

function sortKeys(value: JsonValue): JsonValue {
  if (isJsonArray(value)) return value.map(sortKeys);
  if (!isJsonObject(value)) return value;
  // fromEntries defines own properties, so a key named __proto__ stays data.
  const keys = Object.keys(value).sort();
  return Object.fromEntries(keys.map((key) => [key, sortKeys(value[key] ?? null)]));
}

export function isJsonObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function isJsonArray(value: JsonValue | undefined): value is readonly JsonValue[] {
  return Array.isArray(value);
}

/** The object at a key, or an empty one when there is none or it is something else. */
export function objectAt(value: JsonValue | undefined, key: string): JsonObject {
  const found = isJsonObject(value) ? value[key] : undefined;
  return isJsonObject(found) ? found : {};
}

/** The list at a key, or an empty one when there is none or it is something else. */
export function arrayAt(value: JsonValue | undefined, key: string): readonly JsonValue[] {
  const found = isJsonObject(value) ? value[key] : undefined;
  return isJsonArray(found) ? found : [];
}

/** The string at a key, or undefined when there is none or it is something else. */
export function stringAt(value: JsonValue | undefined, key: string): string | undefined {
  const found = isJsonObject(value) ? value[key] : undefined;
  return typeof found === 'string' ? found : undefined;
}

/** The number at a key, or undefined when there is none or it is something else. */
export function numberAt(value: JsonValue | undefined, key: string): number | undefined {
  const found = isJsonObject(value) ? value[key] : undefined;
  return typeof found === 'number' ? found : undefined;
}

/** Deep equality of two JSON values; -0 equals 0, key order does not matter. */
export function jsonEqual(a: JsonValue | undefined, b: JsonValue | undefined): boolean {
  if (a === b) return true;
  if (isJsonArray(a) && isJsonArray(b)) return a.length === b.length && a.every((item, i) => jsonEqual(item, b[i]));
  if (!isJsonObject(a) || !isJsonObject(b)) return false;
  const keys = Object.keys(a);
  return (
    keys.length === Object.keys(b).length && keys.every((key) => Object.hasOwn(b, key) && jsonEqual(a[key], b[key]))
  );
}

/** One step of an RFC 6901 pointer. */
export function pointerStep(name: string): string {
  return `/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`;
}
