import type { HealthRule } from '../../health/health.ts';
import { assessWith, compileHealthChecks, describeCheckError } from '../../health/health.ts';
import type { Dependency } from '../../model/application.ts';
import { OperatorError, OperatorErrors } from '../../model/errors.ts';
import type { Health } from '../../model/health.ts';
import type { KubeObject, Target } from '../../model/object.ts';
import { groupOf } from '../../model/object.ts';

/** One thing that has to be ready. */
export interface DependencyCondition {
  readonly target: Target;
  /** `ready` of the user; undefined: by Ready of an Application, by health of everything else. */
  readonly assess: ((object: KubeObject) => Health) | undefined;
}

export interface CompiledDependencies {
  readonly conditions: readonly DependencyCondition[];
  /** What is wrong with the expressions. */
  readonly error: OperatorError | undefined;
}

/** `spec.dependsOn` of an Application in this namespace, ready to be asked. */
export function compileDependencies(dependsOn: readonly Dependency[], namespace: string): CompiledDependencies {
  const errors: OperatorError[] = [];
  const conditions = dependsOn.map(({ ready, ...named }, index): DependencyCondition => {
    const target = { ...named, group: groupOf(named.apiVersion), namespace: named.namespace || namespace };
    if (ready === undefined) return { target, assess: undefined };
    const check = { apiVersion: named.apiVersion, kind: named.kind, current: ready };
    const compiled = compileHealthChecks([check], 'spec.dependsOn');
    for (const error of compiled.errors)
      errors.push(invalidSpec(describeCheckError({ ...error, path: `spec.dependsOn[${index}].ready` })));
    return { target, assess: (object) => judge(compiled.rules, object) };
  });
  const [first, ...more] = errors;
  return { conditions, error: first === undefined ? undefined : new OperatorErrors([first, ...more]) };
}

/** An expression that is not true says nothing, and one that fails says why. */
function judge(rules: readonly HealthRule[], object: KubeObject): Health {
  const verdict = assessWith(rules, object) ?? { status: 'Progressing', message: '`ready` is not true' };
  if (verdict.status !== 'Unknown') return verdict;
  return { ...verdict, message: verdict.message.replace(/spec\.dependsOn\[0\]\.current/, '`ready`') };
}

export function invalidSpec(message: string): OperatorError {
  return new OperatorError(message, { step: 'plan', reason: 'InvalidSpec', retry: 'never' });
}
