import type { Health, HealthCheck } from '../model/health.ts';
import type { GroupKind, KubeObject } from '../model/object.ts';
import type { Clock, HealthChanges, HealthNews, HealthRules } from '../model/ports.ts';
import { healthScript, HealthScripts, type HealthScript } from './lua/scripts.ts';
import {
  judgedBy,
  parseRuleSet,
  readableRuleData,
  type RuleData,
  type RuleFlaw,
  type ScriptSource,
} from './rule-set.ts';
import { compileHealthChecks, matchesPattern, type HealthRule } from './rules.ts';
import { unknown } from './verdict.ts';

export interface ClusterRulesOptions {
  readonly clock: Clock;
  /** A rule that cannot be used, or failed on an object: told once until the rules change. */
  readonly broken: (rule: { readonly path: string; readonly message: string }) => void;
}

/** Health rules with those of the cluster; disposing ends the thread of the scripts. */
export interface ClusterRules extends HealthRules, HealthChanges, AsyncDisposable {
  /** Replaces the rules by the content of a ConfigMap; undefined: there is none. */
  use(data: RuleData | undefined): void;
  /** Whether there is a thread for scripts at present. */
  readonly runsScripts: boolean;
}

/** What is said of an object that no rule of the cluster judges, and how rules are applied. */
export interface Assessment {
  needsStatus(kind: GroupKind): boolean;
  assess(object: KubeObject, rules: readonly HealthRule[]): Health;
}

/** A rule and what it was made from: rules of equal origin say the same. */
interface Rule extends HealthRule {
  readonly origin: string;
}

/**
 * Checks come first, in their order, then scripts; a kind that none of them is about is judged as without them.
 * Objects of a kind whose rule cannot be used are Unknown.
 */
export class ConfiguredRules implements ClusterRules {
  readonly #options: ClusterRulesOptions;
  readonly #builtIn: Assessment;
  readonly #scripts: HealthScripts;
  readonly #listeners = new Set<HealthNews>();
  #data: RuleData = {};
  #rules: readonly Rule[] = [];
  #told = new Set<string>();

  constructor(options: ClusterRulesOptions, builtIn: Assessment) {
    this.#options = options;
    this.#builtIn = builtIn;
    this.#scripts = new HealthScripts({
      clock: options.clock,
      decided: (verdict) => this.#tell((listener) => listener.decided(verdict)),
      failed: ({ name }, message) => options.broken({ path: name, message }),
    });
  }

  get runsScripts(): boolean {
    return this.#scripts.isRunning;
  }

  use(data: RuleData | undefined): void {
    const set = parseRuleSet(data ?? {}, this.#data);
    this.#data = readableRuleData(data ?? {}, this.#data);
    const scripts = set.scripts.map((source) => ({ source, script: healthScript(source.name, source.text) }));
    const checks = compileChecks(set.checks);
    const flaws = [...set.flaws, ...checks.flaws];
    const before = this.#rules;
    const rules = scripts.map((entry) => this.#ruleOf(entry));
    this.#rules = [...flaws.flatMap(unusable), ...checks.rules, ...rules];
    this.#report(flaws);
    this.#scripts.retain(scripts.map(({ script }) => script));
    for (const { script } of scripts)
      if (!before.some(({ origin }) => origin === script.hash)) void this.#scripts.check(script);
    this.#changed(before);
  }

  needsStatus(kind: GroupKind): boolean {
    return this.#builtIn.needsStatus(kind) || this.#rules.some((rule) => isAbout(rule, kind));
  }

  assess(object: KubeObject): Health {
    return this.#builtIn.assess(object, this.#rules);
  }

  onNews(listener: HealthNews): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  settled(): Promise<void> | undefined {
    return this.#scripts.settled();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listeners.clear();
    await this.#scripts[Symbol.asyncDispose]();
  }

  #ruleOf({ source, script }: { readonly source: ScriptSource; readonly script: HealthScript }): Rule {
    const { group, kind } = source;
    return { group, kind, origin: script.hash, assess: (object) => this.#scripts.verdict(script, object) };
  }

  /** What was wrong before and still is was told already. */
  #report(flaws: readonly RuleFlaw[]): void {
    const told = new Map(flaws.map((flaw) => [`${flaw.path}: ${flaw.message}`, flaw]));
    for (const [text, flaw] of told) if (!this.#told.has(text)) this.#options.broken(flaw);
    this.#told = new Set(told.keys());
  }

  #changed(before: readonly Rule[]): void {
    const [old, now] = [originsOf(before), originsOf(this.#rules)];
    const changed = [...before, ...this.#rules].filter(({ origin }) => old.has(origin) !== now.has(origin));
    if (changed.length === 0) return;
    this.#tell((listener) => listener.changed((kind) => changed.some((rule) => isAbout(rule, kind))));
  }

  #tell(what: (listener: HealthNews) => void): void {
    for (const listener of this.#listeners) what(listener);
  }
}

function compileChecks(checks: readonly HealthCheck[]): { readonly rules: Rule[]; readonly flaws: RuleFlaw[] } {
  const { rules, errors } = compileHealthChecks(checks, 'checks');
  const broken = new Set<HealthCheck>();
  const flaws = errors.map((error): RuleFlaw => {
    const check = checks[Number(/^checks\[([0-9]+)\]/.exec(error.path)?.[1])];
    const { path, line, column, message } = error;
    const flaw = { path, message: `line ${line}, column ${column}: ${message}` };
    if (check === undefined) return flaw;
    broken.add(check);
    return { ...flaw, about: judgedBy(check) };
  });
  const usable = checks.flatMap((check, i) => (broken.has(check) ? [] : [`${i} ${JSON.stringify(check)}`]));
  return { rules: rules.map((rule, i) => ({ ...rule, origin: usable[i] ?? '' })), flaws };
}

/** A wrong verdict is worse than none. */
function unusable({ path, message, about }: RuleFlaw): Rule[] {
  if (about === undefined) return [];
  const text = `health check cannot be used: ${path}: ${message}`;
  return [{ ...about, origin: text, assess: () => unknown(text) }];
}

function isAbout(rule: HealthRule, { group, kind }: GroupKind): boolean {
  return matchesPattern(rule.group, group) && matchesPattern(rule.kind, kind);
}

function originsOf(rules: readonly Rule[]): ReadonlySet<string> {
  return new Set(rules.map(({ origin }) => origin));
}
