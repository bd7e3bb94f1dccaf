import type { Health, HealthCheck, HealthStatus, VerdictField } from '../model/health.ts';
import { verdictFields } from '../model/health.ts';
import { stringAt } from '../model/json.ts';
import type { GroupKind, KubeObject } from '../model/object.ts';
import { groupOf } from '../model/object.ts';
import type { Answer, Expression, ExpressionCompiler, ExpressionProblem } from './cel/expression.ts';
import { createExpressionCompiler } from './cel/expression.ts';
import { summarise } from './summary.ts';

/** How the health of some kinds is judged, whatever it is written in. */
export interface HealthRule {
  /** `*` stands for any text. */
  readonly group: string;
  /** `*` stands for any text. */
  readonly kind: string;
  /** Only the object of this name. */
  readonly name?: string;
  /** undefined: the rule says nothing about this object. Never throws. */
  readonly assess: (object: KubeObject) => Health | undefined;
}

/** One expression that cannot be used. */
export interface HealthCheckError extends ExpressionProblem {
  /** `spec.healthChecks[0].failed`. */
  readonly path: string;
}

export interface CompiledHealthChecks {
  readonly rules: readonly HealthRule[];
  /** Checks with an error are not among the rules. */
  readonly errors: readonly HealthCheckError[];
}

/**
 * Health checks as rules, in their order. `path` is where they are written, for errors.
 *
 * Guarantees: parses each expression once; nothing that the rules do later throws, waits, or takes more than a bounded
 * number of steps. An expression that fails on an object makes it Unknown and says where; one that asks for a field
 * that is not there is not true.
 */
export function compileHealthChecks(
  checks: readonly HealthCheck[],
  path: string,
  compiler: ExpressionCompiler = createExpressionCompiler(),
): CompiledHealthChecks {
  const compiled = checks.map((check, i) => compileCheck(check, `${path}[${i}]`, compiler));
  return { rules: compiled.flatMap(({ rules }) => rules), errors: compiled.flatMap(({ errors }) => errors) };
}

/** `path: line 1, column 5: what is wrong`. */
export function describeCheckError({ path, line, column, message }: HealthCheckError): string {
  return `${path}: line ${line}, column ${column}: ${message}`;
}

export function isAbout(rule: GroupKind, { group, kind }: GroupKind): boolean {
  return matchesPattern(rule.kind, kind) && matchesPattern(rule.group, group);
}

/** The verdict of the first rule that is about the object and says something; undefined when none does. */
export function assessWith(rules: readonly HealthRule[], object: KubeObject): Health | undefined {
  if (rules.length === 0) return undefined;
  const group = groupOf(stringAt(object, 'apiVersion') ?? '');
  const kind = stringAt(object, 'kind') ?? '';
  const name = stringAt(object['metadata'], 'name');
  for (const rule of rules) {
    const isMeant = isAbout(rule, { group, kind }) && (rule.name === undefined || rule.name === name);
    const verdict = isMeant ? rule.assess(object) : undefined;
    if (verdict !== undefined) return verdict;
  }
  return undefined;
}

/** True when the text is the pattern, with any text where the pattern has `*`. */
export function matchesPattern(pattern: string, text: string): boolean {
  const [first = '', ...rest] = pattern.split('*');
  const last = rest.pop();
  if (last === undefined) return pattern === text;
  const isFramed = text.length >= first.length + last.length && text.startsWith(first) && text.endsWith(last);
  return isFramed && holdsInOrder(text.slice(first.length, text.length - last.length), rest);
}

function holdsInOrder(text: string, parts: readonly string[]): boolean {
  let from = 0;
  return parts.every((part) => {
    const found = text.indexOf(part, from);
    from = found + part.length;
    return found >= 0;
  });
}

interface Verdict {
  readonly path: string;
  readonly status: HealthStatus;
  readonly expression: Expression;
}

function compileCheck(check: HealthCheck, path: string, compiler: ExpressionCompiler): CompiledHealthChecks {
  const errors: HealthCheckError[] = [];
  const compile = (field: VerdictField | 'message', type: 'bool' | 'string'): Expression | undefined => {
    const text = check[field];
    if (text === undefined) return undefined;
    const compiled = compiler.compile(text, type);
    if (compiled.kind === 'expression') return compiled;
    errors.push({ path: `${path}.${field}`, ...compiled.problem });
    return undefined;
  };
  const verdicts: Verdict[] = [];
  for (const [field, status] of Object.entries(verdictFields) as [VerdictField, HealthStatus][]) {
    const expression = compile(field, 'bool');
    if (expression !== undefined) verdicts.push({ path: `${path}.${field}`, status, expression });
  }
  const message = compile('message', 'string');
  if (errors.length > 0) return { rules: [], errors };
  const { apiVersion, kind, name } = check;
  const assess = (object: KubeObject): Health | undefined => judge(object, verdicts, message);
  return { rules: [{ group: groupOf(apiVersion), kind, ...(name === undefined ? {} : { name }), assess }], errors };
}

function judge(object: KubeObject, verdicts: readonly Verdict[], message: Expression | undefined): Health | undefined {
  for (const { path, status, expression } of verdicts) {
    const answer = expression.evaluate(object);
    if (answer.kind === 'broken')
      return { status: 'Unknown', message: `health check failed: ${describeCheckError({ path, ...answer.problem })}` };
    if (answer.value === true)
      return { status, message: textOf(message?.evaluate(object)) ?? summarise(object, status) };
  }
  return undefined;
}

/** A message that fails or is empty is no reason to doubt the verdict. */
function textOf(answer: Answer | undefined): string | undefined {
  if (answer?.kind !== 'value' || typeof answer.value !== 'string' || answer.value === '') return undefined;
  return answer.value.slice(0, longestMessage);
}

/** Characters; what is longer helps nobody in a status. */
const longestMessage = 2048;
