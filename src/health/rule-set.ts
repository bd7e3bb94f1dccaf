import { LineCounter, parseDocument } from 'yaml';
import type { HealthCheck } from '../model/health.ts';
import { verdictFields } from '../model/health.ts';
import type { JsonValue } from '../model/json.ts';
import { isJsonArray, isJsonObject } from '../model/json.ts';
import { groupOf } from '../model/object.ts';

/** Rules for the whole cluster as a ConfigMap holds them. */
export interface RuleSet {
  /** As many as are written, so that numbers are right; one that is no check is for no kind at all. */
  readonly checks: readonly HealthCheck[];
  readonly scripts: readonly ScriptSource[];
  readonly flaws: readonly RuleFlaw[];
}

/** A script and the kinds it is for; `*` stands for any text. */
export interface ScriptSource {
  /** As it is written: `cert-manager.io/Certificate`. */
  readonly name: string;
  readonly group: string;
  readonly kind: string;
  readonly text: string;
}

/** What cannot be used, and where it is written. */
export interface RuleFlaw {
  readonly path: string;
  readonly message: string;
  /** The objects that it would have judged, if it says so much. */
  readonly about?: Judged;
}

export interface Judged {
  readonly group: string;
  readonly kind: string;
  readonly name?: string;
}

export function judgedBy({ apiVersion, kind, name }: HealthCheck): Judged {
  return { group: groupOf(apiVersion), kind, ...(name === undefined ? {} : { name }) };
}

/** Content of a ConfigMap. */
export type RuleData = Readonly<Record<string, string>>;

const customizations = 'resource.customizations';
const healthPrefix = `${customizations}.health.`;

/**
 * Reads `checks` (a list, as `spec.healthChecks`), `lua` (`group/Kind` to script), and Argo CD's own keys
 * `resource.customizations.health.<group>_<Kind>` and `resource.customizations`; all others are somebody else's.
 *
 * Guarantees: never throws; a text that is no YAML at all leaves what it said `before` in force.
 */
export function parseRuleSet(data: RuleData, before: RuleData = {}): RuleSet {
  const reader = new RuleReader(data, before);
  const checks = reader.checks();
  const scripts = [...reader.luaScripts(), ...reader.customizations(), ...reader.argoScripts()];
  const wild = (text: string): boolean => text.includes('*');
  const literals = ({ group, kind }: ScriptSource): number => `${group}${kind}`.replaceAll('*', '').length;
  // A key without a wildcard wins; of those with one the most definite.
  scripts.sort((a, b) => Number(wild(a.group + a.kind)) - Number(wild(b.group + b.kind)) || literals(b) - literals(a));
  return { checks, scripts, flaws: reader.flaws };
}

/** True when `parseRuleSet` can read the YAML texts of these data, so that they may stand for the former ones. */
export function readableRuleData(data: RuleData, before: RuleData): RuleData {
  const broken = ['checks', 'lua', customizations].filter((key) => isBroken(data[key]));
  const kept = broken.flatMap((key) => (before[key] === undefined ? [] : [[key, before[key]] as const]));
  const rest = Object.entries(data).filter(([key]) => !broken.includes(key));
  return Object.fromEntries([...rest, ...kept]);
}

function isBroken(text: string | undefined): boolean {
  return text !== undefined && 'problem' in readYaml(text);
}

type Reading = { readonly value: JsonValue } | { readonly problem: string };

function readYaml(text: string): Reading {
  const lineCounter = new LineCounter();
  const document = parseDocument(text, { lineCounter, prettyErrors: false });
  const [error] = document.errors;
  if (error !== undefined) {
    const { line, col } = lineCounter.linePos(error.pos[0]);
    return { problem: `line ${line}, column ${col}: ${error.message}` };
  }
  try {
    return { value: document.toJS() as JsonValue };
  } catch (failure) {
    return { problem: failure instanceof Error ? failure.message : String(failure) };
  }
}

class RuleReader {
  readonly flaws: RuleFlaw[] = [];
  readonly #data: RuleData;
  readonly #before: RuleData;

  constructor(data: RuleData, before: RuleData) {
    this.#data = data;
    this.#before = before;
  }

  checks(): HealthCheck[] {
    const list = this.#yaml('checks');
    if (list === null) return [];
    if (!isJsonArray(list)) return this.#flaw({ path: 'checks', message: 'expected a list' });
    return list.map((entry, i) => this.#check(entry, `checks[${i}]`) ?? forNothing);
  }

  luaScripts(): ScriptSource[] {
    return this.#fields('lua').flatMap(([key, text]) =>
      typeof text === 'string'
        ? this.#script(`lua[${JSON.stringify(key)}]`, key, text)
        : this.#flaw({ path: `lua[${JSON.stringify(key)}]`, message: 'expected a script' }),
    );
  }

  /** Argo CD's one key for everything: actions and differences that are ignored stand there, too. */
  customizations(): ScriptSource[] {
    return this.#fields(customizations).flatMap(([key, entry]) => {
      const text = isJsonObject(entry) ? entry['health.lua'] : undefined;
      return typeof text === 'string' ? this.#script(`${customizations}[${JSON.stringify(key)}]`, key, text) : [];
    });
  }

  argoScripts(): ScriptSource[] {
    return Object.entries(this.#data).flatMap(([key, text]) =>
      key.startsWith(healthPrefix) ? this.#script(key, key, text) : [],
    );
  }

  #yaml(key: string): JsonValue {
    const reading = readYaml(this.#data[key] ?? '');
    if ('value' in reading) return reading.value;
    this.flaws.push({ path: key, message: `${reading.problem}; what was there before stays in force` });
    const before = readYaml(this.#before[key] ?? '');
    return 'value' in before ? before.value : null;
  }

  #fields(key: string): readonly [string, JsonValue][] {
    const value = this.#yaml(key);
    if (value === null) return [];
    return isJsonObject(value) ? Object.entries(value) : this.#flaw({ path: key, message: 'expected a map' });
  }

  #check(entry: JsonValue, path: string): HealthCheck | undefined {
    const fields = isJsonObject(entry) ? entry : {};
    const { apiVersion, kind, name } = fields;
    if (typeof apiVersion !== 'string' || typeof kind !== 'string') {
      this.#flaw({ path, message: 'expected apiVersion, kind and expressions' });
      return undefined;
    }
    const wrong = Object.keys(fields).find((field) => !checkFields.has(field) || typeof fields[field] !== 'string');
    const check = { ...(fields as Readonly<Record<string, string>>), apiVersion, kind };
    if (wrong === undefined) return check;
    const about = judgedBy(typeof name === 'string' ? { apiVersion, kind, name } : { apiVersion, kind });
    this.#flaw({ path: `${path}.${wrong}`, message: describeField(wrong), about });
    return undefined;
  }

  #script(path: string, key: string, text: string): ScriptSource[] {
    const name = key.startsWith(healthPrefix) ? key.slice(healthPrefix.length).replace('_', '/') : key;
    const slash = name.indexOf('/');
    const [group, kind] = slash < 0 ? ['', name] : [name.slice(0, slash), name.slice(slash + 1)];
    if (kind === '' || kind.includes('/') || /[[\]{}?!\\\s]/.test(name))
      return this.#flaw({ path, message: 'expected group/Kind, or Kind of the core group; * stands for any text' });
    if (text.trim() === '') return [];
    // Argo CD matches a pattern with the whole of group/Kind, so a lone * is everything.
    return [{ name, group: name === '*' ? '*' : group, kind, text }];
  }

  #flaw(flaw: RuleFlaw): [] {
    this.flaws.push(flaw);
    return [];
  }
}

const forNothing: HealthCheck = { apiVersion: '', kind: '' };

const checkFields: ReadonlySet<string> = new Set([
  ...Object.keys(verdictFields),
  'apiVersion',
  'kind',
  'name',
  'message',
]);

function describeField(field: string): string {
  return checkFields.has(field) ? 'expected a text' : `is none of ${[...checkFields].join(', ')}`;
}
