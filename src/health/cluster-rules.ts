import type { HealthCheck } from '../model/health.ts';
import type { Clock, LateVerdict, LateVerdicts } from '../model/ports.ts';
import { compileHealthChecks, type HealthRule } from './health-rule.ts';
import { healthScript, HealthScripts, type HealthScript } from './lua/scripts.ts';
import { judgedBy, parseRuleSet, readableRuleData } from './rule-set.ts';
import type { RuleData, RuleFlaw, ScriptSource } from './rule-set.ts';
import { unknown } from './verdict.ts';

export interface ClusterRulesOptions {
  readonly clock: Clock;
  /** Takes the rules whenever they are others; one that stays as it was is the same object. */
  readonly changed: (rules: readonly HealthRule[]) => void;
  /** A rule that cannot be used, or failed on an object: told once until the rules change. */
  readonly broken: (rule: { readonly path: string; readonly message: string }) => void;
}

/** Health rules for the whole cluster as they are configured; disposing ends the thread of the scripts. */
export interface ClusterRules extends LateVerdicts, AsyncDisposable {
  /** Replaces the rules by the content of a ConfigMap; undefined: there is none. */
  use(data: RuleData | undefined): void;
  /** Whether there is a thread for scripts at present. */
  readonly runsScripts: boolean;
}

export function createClusterRules(options: ClusterRulesOptions): ClusterRules {
  return new ConfiguredRules(options);
}

/** A rule and what it was made from: rules of equal origin say the same. */
interface Rule extends HealthRule {
  readonly origin: string;
}

/**
 * Checks come first, in their order, then scripts; what none of them judges is judged as without them.
 * Objects of a kind whose rule cannot be used are Unknown.
 */
class ConfiguredRules implements ClusterRules {
  readonly #options: ClusterRulesOptions;
  readonly #scripts: HealthScripts;
  readonly #listeners = new Set<(verdict: LateVerdict) => void>();
  #data: RuleData = {};
  #rules: readonly Rule[] = [];
  #told = new Set<string>();

  constructor(options: ClusterRulesOptions) {
    this.#options = options;
    this.#scripts = new HealthScripts({
      clock: options.clock,
      decided: (verdict) => {
        for (const listener of this.#listeners) listener(verdict);
      },
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
    const rules = scripts.map((entry) => this.#ruleOf(entry));
    this.#report(flaws);
    this.#scripts.retain(scripts.map(({ script }) => script));
    for (const { script } of scripts) if (!this.#has(script.hash)) void this.#scripts.check(script);
    this.#replace([...flaws.flatMap(unusable), ...checks.rules, ...rules]);
  }

  onVerdict(listener: (verdict: LateVerdict) => void): () => void {
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

  #has(origin: string): boolean {
    return this.#rules.some((rule) => rule.origin === origin);
  }

  #replace(rules: readonly Rule[]): void {
    const before = new Map(this.#rules.map((rule) => [rule.origin, rule]));
    const now = rules.map((rule) => before.get(rule.origin) ?? rule);
    const isSame = now.length === this.#rules.length && now.every((rule, i) => rule === this.#rules[i]);
    this.#rules = now;
    if (!isSame) this.#options.changed(now);
  }

  /** What was wrong before and still is was told already. */
  #report(flaws: readonly RuleFlaw[]): void {
    const told = new Map(flaws.map((flaw) => [`${flaw.path}: ${flaw.message}`, flaw]));
    for (const [text, flaw] of told) if (!this.#told.has(text)) this.#options.broken(flaw);
    this.#told = new Set(told.keys());
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
