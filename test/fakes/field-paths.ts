import type { JsonObject, JsonValue } from '../../src/model/json.ts';
import { canonicalJson, decodeJson, isJsonArray, isJsonObject } from '../../src/model/json.ts';
import { isAtomicMap, shapeOf } from './schema.ts';

/** One leaf of a field set: `f:` field, `k:` item by keys, `v:` item of a set; the item itself ends with `.`. */
export type FieldPath = readonly string[];

/** Paths by their text, so that sets can be compared. */
export class FieldSet {
  readonly #paths = new Map<string, FieldPath>();

  static of(paths: Iterable<FieldPath>): FieldSet {
    const set = new FieldSet();
    for (const path of paths) set.add(path);
    return set;
  }

  get size(): number {
    return this.#paths.size;
  }

  add(path: FieldPath): void {
    this.#paths.set(textOf(path), path);
  }

  delete(path: FieldPath): void {
    this.#paths.delete(textOf(path));
  }

  has(path: FieldPath): boolean {
    return this.#paths.has(textOf(path));
  }

  equals(other: FieldSet): boolean {
    return this.size === other.size && [...this].every((path) => other.has(path));
  }

  [Symbol.iterator](): Iterator<FieldPath> {
    return this.#paths.values();
  }
}

const textOf = (path: FieldPath): string => path.join('\u0000');

/** The leaves of an object as its fields are owned, without what names it and without what the server fills in. */
export function fieldsOf(object: JsonObject, leaveOut: ReadonlySet<string>): FieldSet {
  const set = new FieldSet();
  collect(object, [], (path) => {
    if (!isIdentity(path) && !leaveOut.has(path[0]?.slice(2) ?? '')) set.add(path);
  });
  return set;
}

const serverMetadata = new Set(
  [
    'name',
    'namespace',
    'uid',
    'resourceVersion',
    'generation',
    'creationTimestamp',
    'deletionTimestamp',
    'managedFields',
  ].map((key) => `f:${key}`),
);

function isIdentity(path: FieldPath): boolean {
  if (path[0] === 'f:apiVersion' || path[0] === 'f:kind') return true;
  return path[0] === 'f:metadata' && (path.length === 1 || serverMetadata.has(path[1] ?? ''));
}

function collect(value: JsonValue, path: FieldPath, found: (path: FieldPath) => void): void {
  if (isJsonObject(value)) collectMap(value, path, found);
  else if (isJsonArray(value)) collectList(value, path, found);
  else found(path);
}

function collectMap(value: JsonObject, path: FieldPath, found: (path: FieldPath) => void): void {
  const entries = Object.entries(value);
  if (path.length > 0 && (entries.length === 0 || isAtomicMap(namesIn(path)))) found(path);
  else for (const [key, child] of entries) collect(child, [...path, `f:${key}`], found);
}

function collectList(value: readonly JsonValue[], path: FieldPath, found: (path: FieldPath) => void): void {
  const shape = shapeOf(namesIn(path));
  if (shape === undefined || value.length === 0) {
    found(path);
    return;
  }
  for (const item of value) {
    const itemPath = [...path, itemStep(item, shape)];
    if (shape === 'set') found(itemPath);
    else {
      found([...itemPath, '.']);
      collect(item, itemPath, found);
    }
  }
}

function itemStep(item: JsonValue, shape: readonly string[] | 'set'): string {
  if (shape === 'set') return `v:${canonicalJson(item)}`;
  const fields = isJsonObject(item) ? item : {};
  const keys = shape.map((key) => [key, fields[key] ?? (key === 'protocol' ? 'TCP' : '')] as const);
  return `k:${canonicalJson(Object.fromEntries(keys))}`;
}

/** The field names on a path, without items. */
export function namesIn(path: FieldPath): string[] {
  return path.filter((step) => step.startsWith('f:')).map((step) => step.slice(2));
}

/** The step that finds an item of a list again. */
export function stepOf(item: JsonValue, names: readonly string[]): string | undefined {
  const shape = shapeOf(names);
  return shape === undefined ? undefined : itemStep(item, shape);
}

/** What an object has at a path; undefined when there is nothing. */
export function valueAt(object: JsonValue | undefined, path: FieldPath): JsonValue | undefined {
  let value = object;
  for (const [index, step] of path.entries()) {
    if (value === undefined || step === '.') return value;
    value = childOf(value, step, path.slice(0, index));
  }
  return value;
}

function childOf(value: JsonValue, step: string, above: FieldPath): JsonValue | undefined {
  if (step.startsWith('f:')) return isJsonObject(value) ? value[step.slice(2)] : undefined;
  const names = namesIn(above);
  return isJsonArray(value) ? value.find((item) => stepOf(item, names) === step) : undefined;
}

/** The object without the field or item; maps and lists that this empties go too. */
export function without(value: JsonValue, path: FieldPath, above: FieldPath = []): JsonValue | undefined {
  const [step, ...rest] = path;
  if (step === undefined || step === '.') return undefined;
  const child = childOf(value, step, above);
  if (child === undefined) return value;
  const left = without(child, rest, [...above, step]);
  const changed = replaceChild(value, { step, above }, left);
  const isEmpty = isJsonArray(changed)
    ? changed.length === 0
    : isJsonObject(changed) && Object.keys(changed).length === 0;
  return isEmpty && left === undefined ? undefined : changed;
}

function replaceChild(
  value: JsonValue,
  at: { step: string; above: FieldPath },
  child: JsonValue | undefined,
): JsonValue {
  if (isJsonArray(value)) {
    const names = namesIn(at.above);
    return value.flatMap((item) => (stepOf(item, names) === at.step ? (child === undefined ? [] : [child]) : [item]));
  }
  const entries = Object.entries(isJsonObject(value) ? value : {});
  const key = at.step.slice(2);
  return Object.fromEntries(
    entries.flatMap(([name, old]) => (name === key ? (child === undefined ? [] : [[name, child]]) : [[name, old]])),
  );
}

interface Tree {
  [step: string]: Tree;
}

/** `fieldsV1` of a set. */
export function toFieldsV1(set: FieldSet): JsonObject {
  const root: Tree = {};
  for (const path of set) {
    let node = root;
    for (const step of path) node = node[step] ??= {};
  }
  return root;
}

/** The set of a `fieldsV1`. */
export function fromFieldsV1(fields: JsonObject): FieldSet {
  const set = new FieldSet();
  const walk = (node: JsonValue, path: FieldPath) => {
    const entries = Object.entries(isJsonObject(node) ? node : {});
    if (entries.length === 0 && path.length > 0) set.add(path);
    for (const [step, child] of entries) walk(child, [...path, step]);
  };
  walk(fields, []);
  return set;
}

/** `.spec.ports[port=80,protocol="TCP"].name`: how the server names a path in causes. */
export function describePath(path: FieldPath): string {
  return path.map(describeStep).join('');
}

function describeStep(step: string): string {
  if (step === '.') return '';
  if (step.startsWith('f:')) return `.${step.slice(2)}`;
  if (step.startsWith('v:')) return `[=${step.slice(2)}]`;
  const keys = decodeJson(step.slice(2));
  const pairs = Object.entries(isJsonObject(keys) ? keys : {}).map(([key, value]) => `${key}=${canonicalJson(value)}`);
  return `[${pairs.join(',')}]`;
}
