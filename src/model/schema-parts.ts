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
export interface SchemaNode extends TextLimits, NumberLimits {
  readonly type?: string;
  readonly format?: string;
  readonly description?: string;
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: SchemaNode;
  readonly maxProperties?: number;
  readonly items?: SchemaNode;
  readonly maxItems?: number;
  readonly enum?: readonly string[];
  readonly fate?: Fate;
  /** True when the field means something even with a zero value, so that only its absence is absence. */
  readonly presence?: boolean;
  /** True for an object whose content is the user's own. */
  readonly open?: boolean;
  readonly intOrString?: boolean;
  readonly rules?: readonly CelRule[];
}

interface TextLimits {
  readonly maxLength?: number;
  readonly minLength?: number;
  readonly pattern?: string;
}

interface NumberLimits {
  readonly minimum?: number;
  readonly maximum?: number;
}

declare const described: unique symbol;

/** A schema that carries the type of what it describes; there is no such property at run time. */
export interface Schema<T> extends SchemaNode {
  readonly [described]?: T;
}

/** Type of what a schema describes. */
export type Described<S> = S extends Schema<infer T> ? T : never;

type Fields = Readonly<Record<string, Schema<unknown>>>;

type Block<O extends Fields, R extends object> = { [K in keyof O]?: Described<O[K]> } & {
  [K in keyof R]: Described<R[K]>;
};

/** An object of declared fields, all optional but those in `required`. */
export function block<O extends Fields, R extends object = object>(
  description: string,
  optional: O,
  { required, rules }: { readonly required?: R & Fields; readonly rules?: readonly CelRule[] } = {},
): Schema<Block<O, R>> {
  return {
    type: 'object',
    description,
    properties: { ...optional, ...required },
    required: Object.keys(required ?? {}),
    ...(rules === undefined ? {} : { rules }),
  };
}

export function text(description: string, limits: TextLimits = {}): Schema<string> {
  return { type: 'string', description, maxLength: 1024, ...limits };
}

/** Text as `parseDuration` reads it. */
export function duration(description: string) {
  return text(description, { maxLength: 32, pattern: '^([0-9]+|([0-9]+(\\.[0-9]+)?(ms|s|m|h))+)$' });
}

export function time(description: string): Schema<string> {
  return { type: 'string', description, format: 'date-time', maxLength: 64 };
}

export function flag(description: string): Schema<boolean> {
  return { type: 'boolean', description };
}

export function whole(description: string, limits: NumberLimits = {}): Schema<number> {
  return { type: 'integer', description, ...limits };
}

export function oneOf<const V extends string>(description: string, values: readonly V[]): Schema<V> {
  return { description, enum: values };
}

export function list<T>(items: Schema<T>, maxItems: number, description: string): Schema<T[]> {
  return { type: 'array', items, description, maxItems };
}

export function texts(description: string, maxItems = 64, limits: TextLimits = {}) {
  return list(text('', limits), maxItems, description);
}

/** What Kubernetes itself declares. */
export function metadata(): Schema<Record<string, unknown>> {
  return { type: 'object' };
}

/** String to string. */
export function labels(description: string, maxProperties = 128): Schema<Record<string, string>> {
  const additionalProperties = { type: 'string', maxLength: 16_384 };
  return { type: 'object', description, maxProperties, additionalProperties };
}

/** String to boolean. */
export function flags(description: string, maxProperties = 16): Schema<Record<string, boolean>> {
  const additionalProperties = { type: 'boolean' };
  return { type: 'object', description, maxProperties, additionalProperties };
}

/** An object whose content is the user's own. */
export function anyObject(description: string): Schema<Record<string, unknown>> {
  return { type: 'object', description, open: true };
}

export function intOrString(description: string): Schema<number | string> {
  return { description, intOrString: true };
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
export function notYet<S extends SchemaNode>(schema: S, why = ''): S {
  return tagged(schema, { kind: 'notYet', why });
}

export function ignored<S extends SchemaNode>(schema: S, why: string): S {
  return tagged(schema, { kind: 'ignored', why });
}

export function refused<S extends SchemaNode>(schema: S, why: string): S {
  return tagged(schema, { kind: 'refused', why });
}

/** Says that the mere presence of the field, also as `{}` or `[]`, is a wish of the user. */
export function present<S extends SchemaNode>(schema: S): S {
  return { ...schema, presence: true };
}

function tagged<S extends SchemaNode>(schema: S, fate: Fate): S {
  return { ...schema, fate };
}

const built: Fate = { kind: 'built' };

export function fateOf(schema: SchemaNode): Fate {
  return schema.fate ?? built;
}
