import type { Environment } from '@marcbachmann/cel-js';
import { EvaluationError, ParseError, TypeError } from '@marcbachmann/cel-js';
import type { JsonObject } from '../../model/json.ts';
import type { Budget } from './budget.ts';
import { confine, refill } from './budget.ts';
import type { Subject } from './functions.ts';
import { createCelEnvironment } from './functions.ts';

/** What is wrong with an expression, and where: lines and columns count from 1. */
export interface ExpressionProblem {
  readonly message: string;
  readonly line: number;
  readonly column: number;
}

export type Answer =
  | { readonly kind: 'value'; readonly value: unknown }
  | { readonly kind: 'broken'; readonly problem: ExpressionProblem };

export interface Expression {
  readonly kind: 'expression';
  /** A field that is not there makes no value: `undefined`. Never throws. */
  evaluate(object: JsonObject): Answer;
}

export interface ExpressionCompiler {
  compile(
    text: string,
    type: 'bool' | 'string',
  ): Expression | { readonly kind: 'broken'; readonly problem: ExpressionProblem };
}

/** Everything that is compiled by one of these shares one environment, so that it is used by one thread at a time. */
export function createExpressionCompiler(): ExpressionCompiler {
  const subject: Subject = { object: {} };
  const budget: Budget = { left: 0 };
  const environment = createCelEnvironment(subject);
  return {
    compile: (text, type) => {
      try {
        return compile({ text, type, environment }, subject, budget);
      } catch (error) {
        return { kind: 'broken', problem: problemOf(error, text) };
      }
    },
  };
}

interface Source {
  readonly text: string;
  readonly type: 'bool' | 'string';
  readonly environment: Environment;
}

function compile({ text, type, environment }: Source, subject: Subject, budget: Budget): Expression {
  const parsed = environment.parse(text);
  const checked = parsed.check();
  if (checked.error !== undefined) throw checked.error;
  if (checked.type !== type && checked.type !== 'dyn')
    throw new ProblemAt(`yields ${checked.type ?? 'nothing'} where ${type} is wanted`, 0);
  const excess = confine(parsed.ast, budget);
  if (excess !== undefined) throw new ProblemAt(excess.message, excess.at);
  return {
    kind: 'expression',
    evaluate: (object) => {
      refill(budget);
      subject.object = object;
      try {
        return checkedAnswer(parsed({ object }), type);
      } catch (error) {
        return isAbsence(error) ? nothing : { kind: 'broken', problem: problemOf(error, text) };
      }
    },
  };
}

const nothing: Answer = { kind: 'value', value: undefined };

function checkedAnswer(value: unknown, type: 'bool' | 'string'): Answer {
  if (typeof value === (type === 'bool' ? 'boolean' : 'string')) return { kind: 'value', value };
  const message = `yields ${value === null ? 'null' : typeof value} where ${type} is wanted`;
  return { kind: 'broken', problem: { message, line: 1, column: 1 } };
}

/** A field, or an element, that is not there: controllers fill in their status bit by bit. */
function isAbsence(error: unknown): boolean {
  return error instanceof EvaluationError && (error.code === 'no_such_key' || error.code === 'index_out_of_bounds');
}

class ProblemAt extends Error {
  readonly at: number;

  constructor(message: string, at: number) {
    super(message);
    this.at = at;
  }
}

function problemOf(error: unknown, text: string): ExpressionProblem {
  if (error instanceof ProblemAt) return { message: error.message, ...positionIn(text, error.at) };
  if (error instanceof ParseError || error instanceof EvaluationError || error instanceof TypeError)
    return { message: error.summary, ...positionIn(text, error.range?.start ?? 0) };
  return { message: error instanceof Error ? error.message : String(error), line: 1, column: 1 };
}

function positionIn(text: string, at: number): { readonly line: number; readonly column: number } {
  const before = text.slice(0, at).split('\n');
  return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
}
