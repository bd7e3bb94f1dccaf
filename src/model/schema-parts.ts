import type { TProperties, TSchema } from 'typebox';
import Type from 'typebox';

/**
 * What becomes of a field that has a value:
 * - `built`: it does what it says;
 * - `notYet`: refused until a later version builds it;
 * - `ignored`: accepted without effect, and said so;
 * - `refused`: never supported, and said why.
 */
export type Fate =
  | { readonly kind: 'built' }
  | { readonly kind: 'notYet'; readonly why: string }
  | { readonly kind: 'ignored'; readonly why: string }
  | { readonly kind: 'refused'; readonly why: string };

/** One CEL rule that the API server checks at admission. */
export interface CelRule {
  readonly rule: string;
  readonly message: string;
}

/** A schema read as data, by the parser and by the generator of the CRDs. */
export interface SchemaNode {
  readonly type?: string;
  readonly description?: string;
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: SchemaNode;
  readonly items?: SchemaNode;
  readonly enum?: readonly string[];
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly maxLength?: number;
  readonly fate?: Fate;
  /** True when the field means something even with a zero value, so that only its absence is absence. */
  readonly presence?: boolean;
  /** True for an object whose content is the user's own. */
  readonly open?: boolean;
  readonly intOrString?: boolean;
  readonly rules?: readonly CelRule[];
}

/** Any schema of ours, seen as data. */
export function nodeOf(schema: TSchema): SchemaNode {
  return schema;
}

type AllOptional<P extends TProperties> = { [K in keyof P]: ReturnType<typeof Type.Optional<P[K]>> };

/** An object of declared fields, all optional but those in `required`. */
export function block<O extends TProperties, R = unknown>(
  description: string,
  optional: O,
  extra: { readonly required?: R; readonly rules?: readonly CelRule[] } = {},
) {
  const loose: TProperties = {};
  for (const [name, schema] of Object.entries(optional)) loose[name] = Type.Optional(schema);
  const { required, rules } = extra;
  const properties = { ...loose, ...required } as AllOptional<O> & R;
  return Type.Object(properties, { description, ...(rules === undefined ? {} : { rules }) });
}

interface TextLimits {
  readonly maxLength?: number;
  readonly minLength?: number;
  readonly pattern?: string;
}

export function text(description: string, limits: TextLimits = {}) {
  return Type.String({ description, maxLength: 1024, ...limits });
}

/** Text as `parseDuration` reads it. */
export function duration(description: string) {
  return text(description, { maxLength: 32, pattern: '^([0-9]+|([0-9]+(\\.[0-9]+)?(ms|s|m|h))+)$' });
}

export function time(description: string) {
  return Type.String({ description, format: 'date-time', maxLength: 64 });
}

export function flag(description: string) {
  return Type.Boolean({ description });
}

export function whole(description: string, limits: { readonly minimum?: number; readonly maximum?: number } = {}) {
  return Type.Integer({ description, ...limits });
}

export function oneOf<const V extends string[]>(description: string, values: readonly [...V]) {
  return Type.Enum(values, { description });
}

export function list<S extends TSchema>(items: S, maxItems: number, description: string) {
  return Type.Array(items, { description, maxItems });
}

export function texts(description: string, maxItems = 64, limits: TextLimits = {}) {
  return list(text('', limits), maxItems, description);
}

/** String to string. */
export function labels(description: string, maxProperties = 128) {
  const additionalProperties = { type: 'string', maxLength: 16_384 };
  return Type.Unsafe<Record<string, string>>({ type: 'object', description, maxProperties, additionalProperties });
}

/** String to boolean. */
export function flags(description: string, maxProperties = 16) {
  const additionalProperties = { type: 'boolean' };
  return Type.Unsafe<Record<string, boolean>>({ type: 'object', description, maxProperties, additionalProperties });
}

/** An object whose content is the user's own. */
export function anyObject(description: string) {
  return Type.Unsafe<Record<string, unknown>>({ type: 'object', description, open: true });
}

export function intOrString(description: string) {
  return Type.Unsafe<number | string>({ description, intOrString: true });
}

/** Which object it is. */
export function refFields() {
  return {
    group: text('Empty for the core group.', { maxLength: 253 }),
    kind: text('Kind.', { maxLength: 63 }),
    namespace: text('Empty for cluster-scoped objects.', { maxLength: 63 }),
    name: text('Name.', { maxLength: 2048 }),
  };
}

/** Tags a field that a later version builds. */
export function notYet<S extends TSchema>(schema: S, why = ''): S {
  return tagged(schema, { kind: 'notYet', why });
}

export function ignored<S extends TSchema>(schema: S, why: string): S {
  return tagged(schema, { kind: 'ignored', why });
}

export function refused<S extends TSchema>(schema: S, why: string): S {
  return tagged(schema, { kind: 'refused', why });
}

/** Says that the mere presence of the field, also as `{}` or `[]`, is a wish of the user. */
export function present<S extends TSchema>(schema: S): S {
  return Object.assign(schema, { presence: true });
}

function tagged<S extends TSchema>(schema: S, fate: Fate): S {
  return Object.assign(schema, { fate });
}

const built: Fate = { kind: 'built' };

export function fateOf(schema: SchemaNode): Fate {
  return schema.fate ?? built;
}
