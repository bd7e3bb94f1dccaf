import type { Findings } from './findings.ts';
import type { JsonObject, JsonValue } from './json.ts';
import { encodeJson, isJsonArray, isJsonObject } from './json.ts';
import { nearestName } from './nearest-name.ts';
import type { SchemaNode } from './schema-parts.ts';
import { fateOf } from './schema-parts.ts';

/** A value with where it stands and what is known of it. */
interface Field {
  readonly schema: SchemaNode;
  readonly path: string;
  readonly value: JsonValue;
}

/**
 * Compares a value with its schema: unknown fields, fields that are not built, ignored or refused, and wrong types.
 * The API server has checked most types; it does not see unknown fields, which the CRDs let through on purpose.
 */
export function inspectFields(field: Field, findings: Findings): void {
  inspect(field, findings, false);
}

/** `told`: a block above was reported, so what is built or not inside it says nothing new. */
function inspect(field: Field, findings: Findings, told: boolean): void {
  const { schema, path, value } = field;
  const covered = told || reportFate(field, findings);
  const expected = expectation(schema, value);
  if (expected !== undefined) {
    findings.invalid(path, `expected ${expected}, got ${shown(value)}`);
    return;
  }
  if (isJsonArray(value)) inspectItems(schema, { path, value }, (item) => inspect(item, findings, covered));
  if (isJsonObject(value) && schema.open !== true) inspectObject({ schema, path, value }, findings, covered);
}

function inspectItems(
  schema: SchemaNode,
  { path, value }: { readonly path: string; readonly value: readonly JsonValue[] },
  visit: (item: Field) => void,
): void {
  const { items } = schema;
  if (items === undefined) return;
  value.forEach((item, index) => visit({ schema: items, path: `${path}[${index}]`, value: item }));
}

function inspectObject(field: Field & { readonly value: JsonObject }, findings: Findings, told: boolean): void {
  const { schema, path, value } = field;
  for (const [name, child] of Object.entries(value)) {
    const known = fieldNamed(schema, name);
    const at = `${path}.${name}`;
    if (known === undefined) findings.refuse(at, 'UnknownField', unknownMessage(name, schema));
    else inspect({ schema: known, path: at, value: child }, findings, told);
  }
  for (const name of schema.required ?? []) {
    if (value[name] === undefined || value[name] === null) findings.invalid(`${path}.${name}`, 'is required');
  }
}

function fieldNamed(schema: SchemaNode, name: string): SchemaNode | undefined {
  const { properties = {}, additionalProperties } = schema;
  return Object.hasOwn(properties, name) ? properties[name] : additionalProperties;
}

function unknownMessage(name: string, schema: SchemaNode): string {
  const known = Object.keys(schema.properties ?? {});
  const nearest = nearestName(name, known);
  return nearest === undefined
    ? `unknown field; known are ${known.join(', ')}`
    : `unknown field; did you mean ${nearest}?`;
}

/** True when the field was reported. A zero value counts as absent, as Argo CD writes it. */
function reportFate({ schema, path, value }: Field, findings: Findings): boolean {
  const fate = fateOf(schema);
  if (fate.kind === 'built') return false;
  if (schema.presence !== true && isZero(value)) return false;
  if (fate.kind === 'notYet') findings.notYet(path, fate.why);
  else if (fate.kind === 'ignored') findings.ignore(path, fate.why);
  else findings.refuse(path, 'Refused', `is not supported: ${fate.why}`);
  return true;
}

/** True for null, false, 0, '', and lists and objects of nothing but these. */
export function isZero(value: JsonValue): boolean {
  if (isJsonArray(value)) return value.length === 0;
  if (isJsonObject(value)) return Object.values(value).every(isZero);
  return value === null || value === false || value === '' || value === 0;
}

/** What the schema wants, when the value is something else. */
function expectation(schema: SchemaNode, value: JsonValue): string | undefined {
  if (schema.intOrString === true) return isIntOrString(value) ? undefined : 'a number or text';
  if (schema.enum !== undefined) return isOneOf(schema.enum, value) ? undefined : `one of ${schema.enum.join(', ')}`;
  if (!hasType(schema.type, value)) return typeNames.get(schema.type ?? '') ?? 'another type';
  if (typeof value === 'number') return outOfRange(schema, value);
  return typeof value === 'string' ? mismatch(schema, value) : undefined;
}

function mismatch({ pattern }: SchemaNode, value: string): string | undefined {
  return pattern === undefined || new RegExp(pattern, 'u').test(value) ? undefined : `text that matches ${pattern}`;
}

const typeNames = new Map([
  ['string', 'text'],
  ['boolean', 'true or false'],
  ['integer', 'a whole number'],
  ['array', 'a list'],
  ['object', 'an object'],
]);

function hasType(type: string | undefined, value: JsonValue): boolean {
  if (type === 'integer') return isInteger(value);
  if (type === 'array') return isJsonArray(value);
  return type === 'object' ? isJsonObject(value) : type === undefined || typeof value === type;
}

function isInteger(value: JsonValue): boolean {
  return Number.isSafeInteger(value);
}

function isIntOrString(value: JsonValue): boolean {
  return isInteger(value) || typeof value === 'string';
}

function isOneOf(values: readonly string[], value: JsonValue): boolean {
  return typeof value === 'string' && values.includes(value);
}

function outOfRange({ minimum = -Infinity, maximum = Infinity }: SchemaNode, value: number): string | undefined {
  if (value < minimum) return `a number of at least ${minimum}`;
  return value > maximum ? `a number of at most ${maximum}` : undefined;
}

/** Short enough for a message. */
function shown(value: JsonValue): string {
  const text = encodeJson(value);
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}
