import type { JsonObject, JsonValue, MutableJson } from '../../model/json.ts';
import { isJsonArray, isJsonObject } from '../../model/json.ts';
import type { MappingNode, ScalarNode, SequenceNode, YamlNode } from './nodes.ts';
import { YamlError } from './nodes.ts';
import { floatKey, resolvePlain, resolveTagged } from './scalars.ts';

export interface YamlBudgets {
  /** Levels of collections, those behind aliases included. */
  readonly depth: number;
  /** Values that aliases of one document repeat: a few nested aliases can mean billions. */
  readonly aliasedValues: number;
}

export interface Composed {
  readonly value: JsonValue;
  /** Offset of each mapping near the root, so that an item of a List can be named by its line. */
  readonly offsets: WeakMap<object, number>;
}

/** The JSON value that a document means, with Go's rules. Throws YamlError. */
export function compose(root: YamlNode, budgets: YamlBudgets): Composed {
  const composer = new Composer(budgets);
  return { value: composer.compose(root, 0), offsets: composer.offsets };
}

interface Anchor {
  readonly value: JsonValue;
  /** How many values it stands for, itself included. */
  readonly size: number;
  /** Levels of collections in it. */
  readonly height: number;
}

/** What was built of a mapping so far. */
interface Draft {
  readonly pairs: MutableJson;
  /** Resolved keys as `tag:text`, because Go compares keys before it makes them strings. */
  readonly seen: Set<string>;
}

const markedLevels = 3;

class Composer {
  readonly offsets = new WeakMap<object, number>();
  readonly #budgets: YamlBudgets;
  readonly #anchors = new Map<string, Anchor | 'open'>();
  #values = 0;
  #aliased = 0;
  #deepest = 0;

  constructor(budgets: YamlBudgets) {
    this.#budgets = budgets;
  }

  compose(node: YamlNode, depth: number): JsonValue {
    this.#reach(depth, node.offset);
    if (node.kind === 'alias') return this.#alias(node.name, node.offset, depth);
    if (node.anchor === undefined) return this.#plainNode(node, depth);
    return this.#anchored(node, node.anchor, depth);
  }

  #plainNode(node: Exclude<YamlNode, { kind: 'alias' }>, depth: number): JsonValue {
    this.#values++;
    if (node.kind === 'scalar') return scalarValue(node);
    if (node.kind === 'sequence') return this.#sequence(node, depth);
    const value = this.#mapping(node, depth);
    if (depth < markedLevels) this.offsets.set(value, node.offset);
    return value;
  }

  #anchored(node: Exclude<YamlNode, { kind: 'alias' }>, name: string, depth: number): JsonValue {
    this.#anchors.set(name, 'open');
    const outer = { values: this.#values + this.#aliased, deepest: this.#deepest };
    this.#deepest = depth;
    const value = this.#plainNode(node, depth);
    const size = this.#values + this.#aliased - outer.values;
    this.#anchors.set(name, { value, size, height: this.#deepest - depth });
    this.#deepest = Math.max(this.#deepest, outer.deepest);
    return value;
  }

  #alias(name: string, offset: number, depth: number): JsonValue {
    const anchor = this.#anchors.get(name);
    if (anchor === undefined) throw new YamlError(`unknown anchor '${name}' referenced`, offset);
    if (anchor === 'open') throw new YamlError(`anchor '${name}' value contains itself`, offset);
    this.#aliased += anchor.size;
    if (this.#aliased > this.#budgets.aliasedValues) {
      throw new YamlError(`aliases repeat more than ${this.#budgets.aliasedValues} values`, offset);
    }
    this.#reach(depth + anchor.height, offset);
    return anchor.value;
  }

  #reach(depth: number, offset: number): void {
    if (depth > this.#budgets.depth) throw new YamlError(`nested more than ${this.#budgets.depth} levels deep`, offset);
    if (depth > this.#deepest) this.#deepest = depth;
  }

  #sequence(node: SequenceNode, depth: number): JsonValue {
    return node.items.map((item) => this.compose(item, depth + 1));
  }

  #mapping(node: MappingNode, depth: number): JsonObject {
    const draft: Draft = { pairs: {}, seen: new Set() };
    for (const [key, value] of node.entries) {
      if (isMerge(key)) this.#merge(draft, value, depth);
      else this.#pair(draft, key, this.compose(value, depth + 1));
    }
    return draft.pairs;
  }

  #pair(draft: Draft, keyNode: YamlNode, value: JsonValue): void {
    const { name, identity } = this.#key(keyNode);
    if (draft.seen.has(identity)) throw new YamlError(`key "${name}" is there twice in one mapping`, keyNode.offset);
    draft.seen.add(identity);
    define(draft.pairs, name, value);
  }

  #key(node: YamlNode): { name: string; identity: string } {
    if (node.kind === 'scalar' && node.anchor === undefined) return keyOf(node);
    const value = this.compose(node, 0);
    if (typeof value !== 'string') throw new YamlError('a key must be text, a number or a boolean', node.offset);
    return { name: value, identity: `str:${value}` };
  }

  /**
   * `<<` takes what the mapping does not have yet; later keys of the mapping override it. A merge after a key that it
   * would replace is refused: Go then lets the merge win, the YAML specification the key.
   */
  #merge(draft: Draft, node: YamlNode, depth: number): void {
    const composed = this.compose(node, depth + 1);
    const sources = isJsonArray(composed) ? composed : [composed];
    const merged: MutableJson = {};
    for (const source of sources.toReversed()) {
      if (!isJsonObject(source)) throw new YamlError('<< needs a mapping or a list of mappings', node.offset);
      for (const name of Object.keys(source)) define(merged, name, source[name] ?? null);
    }
    for (const name of Object.keys(merged)) {
      if (draft.seen.has(`str:${name}`)) {
        throw new YamlError(`key "${name}" stands before the << that sets it again; put << first`, node.offset);
      }
      define(draft.pairs, name, merged[name] ?? null);
    }
  }
}

/** An own property also for `__proto__`. */
function define(target: MutableJson, name: string, value: JsonValue): void {
  if (name !== '__proto__') target[name] = value;
  else Object.defineProperty(target, name, { value, enumerable: true, configurable: true, writable: true });
}

function isMerge(key: YamlNode): boolean {
  return key.kind === 'scalar' && key.plain && key.tag === undefined && key.text === '<<';
}

function scalarValue(node: ScalarNode): JsonValue {
  if (node.tag !== undefined && node.tag !== '!') return taggedValue(node, node.tag);
  if (!node.plain || node.tag === '!') return node.text;
  const scalar = resolvePlain(node.text);
  if (scalar.tag === 'float' && !Number.isFinite(scalar.value)) {
    throw new YamlError(`${node.text} is no number that JSON has`, node.offset);
  }
  return scalar.value;
}

function taggedValue(node: ScalarNode, tag: string): JsonValue {
  const value = resolveTagged(tag, node.text);
  if (value === undefined) throw new YamlError(`"${node.text.slice(0, 40)}" cannot be read as ${tag}`, node.offset);
  return value;
}

/** Go resolves a key, compares it with the others, and only then makes it a string. */
function keyOf(node: ScalarNode): { name: string; identity: string } {
  if (!node.plain || node.tag !== undefined) {
    const value = node.tag === undefined ? node.text : taggedValue(node, node.tag);
    return nameOf(value, node);
  }
  const scalar = resolvePlain(node.text);
  if (scalar.tag === 'float') {
    const name = floatKey(scalar.value);
    return { name, identity: `float:${name}` };
  }
  return nameOf(scalar.value, node);
}

function nameOf(value: JsonValue, node: ScalarNode): { name: string; identity: string } {
  if (typeof value === 'string') return { name: value, identity: `str:${value}` };
  if (typeof value === 'boolean') return { name: String(value), identity: `bool:${value}` };
  if (typeof value === 'number' || typeof value === 'bigint') return { name: String(value), identity: `int:${value}` };
  throw new YamlError('a key must be text, a number or a boolean, not null', node.offset);
}
