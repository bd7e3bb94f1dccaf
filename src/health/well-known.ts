import type { Health } from '../model/health.ts';
import type { GroupKind, KubeObject } from '../model/object.ts';
import { groupKindKey } from '../model/object.ts';
import type { ExpressionCompiler } from './cel/expression.ts';
import { createExpressionCompiler } from './cel/expression.ts';
import type { HealthRule } from './health-rule.ts';
import { compileHealthChecks, describeCheckError, isAbout } from './health-rule.ts';
import type { WellKnownRule } from './rules/rule.ts';
import { wellKnownRules } from './rules/rules.generated.ts';

export type Assess = (object: KubeObject) => Health | undefined;

/** The rule that is most exactly about a kind, compiled when it is first asked for; undefined when there is none. */
export type RuleFinder = (kind: GroupKind) => Assess | undefined;

export function createRuleFinder(rules: readonly WellKnownRule[] = wellKnownRules): RuleFinder {
  const exact = new Map(rules.flatMap((rule) => rule.kinds.map((kind) => [kind, rule] as const)));
  const patterns = rules.flatMap((rule) =>
    rule.kinds.filter((kind) => kind.includes('*')).map((kind) => ({ ...splitPattern(kind), rule })),
  );
  patterns.sort((a, b) => weightOf(b) - weightOf(a));
  const compiler = createExpressionCompiler();
  const compiled = new Map<WellKnownRule, Assess>();
  const found = new Map<string, Assess | undefined>();
  const compileOnce = (rule: WellKnownRule): Assess => {
    const known = compiled.get(rule) ?? compileRule(rule, compiler);
    compiled.set(rule, known);
    return known;
  };
  return (kind) => {
    const key = groupKindKey(kind);
    if (found.has(key)) return found.get(key);
    const rule = exact.get(key) ?? patterns.find((pattern) => isAbout(pattern, kind))?.rule;
    const assess = rule === undefined ? undefined : compileOnce(rule);
    if (found.size < mostKinds) found.set(key, assess);
    return assess;
  };
}

/** Kinds that are remembered; a cluster serves some hundred. */
const mostKinds = 10_000;

function splitPattern(pattern: string): GroupKind {
  const slash = pattern.indexOf('/');
  return { group: pattern.slice(0, slash), kind: pattern.slice(slash + 1) };
}

/** A group that is written out counts more than a kind that is; then the longer pattern. */
function weightOf({ group, kind }: GroupKind): number {
  return (group.includes('*') ? 0 : 10_000) + (kind.includes('*') ? 0 : 1_000) + group.length + kind.length;
}

/** All of them are compiled by a test, so that an error here is a broken build. */
function compileRule({ kinds, ...expressions }: WellKnownRule, compiler: ExpressionCompiler): Assess {
  const check = { apiVersion: '*/v1', kind: '*', ...expressions };
  const { rules, errors } = compileHealthChecks([check], kinds.join(' '), compiler);
  const [rule] = rules as readonly (HealthRule | undefined)[];
  const problem = errors.map(describeCheckError).join('; ');
  return rule?.assess ?? (() => ({ status: 'Unknown', message: `health rule is broken: ${problem}` }));
}
