import type { HealthJudge } from '../../health/health.ts';
import { compileHealthChecks, describeCheckError } from '../../health/health.ts';
import { OperatorError, OperatorErrors } from '../../model/errors.ts';
import type { HealthCheck } from '../../model/health.ts';
import type { ApplicationKey, Installation } from '../../model/installation.ts';
import { marksOf } from '../../model/installation.ts';
import type { ParsedApplication } from '../../model/parse-application.ts';

/** Checks of one Application as they were when they were compiled last. */
interface Taken {
  /** As JSON: reading an Application anew makes equal checks of other objects. */
  readonly written: string;
  readonly error: OperatorError | undefined;
}

/**
 * `spec.healthChecks` of all Applications: what is wrong with their expressions makes the Application invalid, and what
 * is right judges its objects from then on. Equal checks cost nothing when they are taken again.
 */
export class ApplicationChecks {
  readonly #installation: Installation;
  readonly #health: Pick<HealthJudge, 'setApplicationRules'>;
  readonly #taken = new Map<ApplicationKey, Taken>();

  constructor(installation: Installation, health: Pick<HealthJudge, 'setApplicationRules'>) {
    this.#installation = installation;
    this.#health = health;
  }

  /** Of an Application that is invalid for another reason, the rules stay as they were. */
  take(parsed: ParsedApplication): ParsedApplication {
    if (parsed.kind === 'invalid') return parsed;
    const { app } = parsed;
    const error = this.#compile(app.key, app.spec.healthChecks);
    // What is being deleted needs no health, and has to go whatever its spec says.
    return error === undefined || app.deleting ? parsed : { kind: 'invalid', app, error };
  }

  forget(key: ApplicationKey): void {
    if (this.#taken.delete(key)) this.#health.setApplicationRules(marksOf(this.#installation, key).partOf, []);
  }

  #compile(key: ApplicationKey, checks: readonly HealthCheck[]): OperatorError | undefined {
    const known = this.#taken.get(key);
    const written = JSON.stringify(checks);
    if (known?.written === written) return known.error;
    if (checks.length === 0) {
      this.forget(key);
      return undefined;
    }
    const { rules, errors } = compileHealthChecks(checks, 'spec.healthChecks');
    const error = errorOf(errors.map(describeCheckError));
    this.#taken.set(key, { written, error });
    if (error === undefined) this.#health.setApplicationRules(marksOf(this.#installation, key).partOf, rules);
    return error;
  }
}

function errorOf(messages: readonly string[]): OperatorError | undefined {
  const [first, ...more] = messages.map(
    (message) => new OperatorError(message, { step: 'spec', reason: 'InvalidSpec', retry: 'never' }),
  );
  return first === undefined ? undefined : new OperatorErrors([first, ...more]);
}
