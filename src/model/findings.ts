import { OperatorError } from './errors.ts';
import type { Reason } from './reasons.ts';

/** A field that was accepted without effect. */
interface IgnoredField {
  readonly path: string;
  readonly why: string;
}

interface Problem {
  readonly path: string;
  readonly error: OperatorError;
}

/** What reading an Application found wrong or without effect; nothing is thrown, so that all of it is told at once. */
export class Findings {
  readonly problems: Problem[] = [];
  readonly ignored: IgnoredField[] = [];

  invalid(path: string, expected: string): void {
    this.refuse(path, 'InvalidSpec', expected);
  }

  notYet(path: string, why: string): void {
    this.refuse(path, 'NotYetSupported', why === '' ? 'is not supported yet' : `is not supported yet: ${why}`);
  }

  refuse(path: string, reason: Reason, message: string): void {
    const error = new OperatorError(`${path}: ${message}`, { step: 'spec', reason, retry: 'never' });
    this.problems.push({ path, error });
  }

  ignore(path: string, why: string): void {
    this.ignored.push({ path, why });
  }

  /** True when something is wrong at the path or below it. */
  spoils(path: string): boolean {
    return this.problems.some(
      (problem) => problem.path === path || problem.path.startsWith(`${path}.`) || problem.path.startsWith(`${path}[`),
    );
  }
}
