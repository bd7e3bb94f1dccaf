import type { Health } from '../../model/health.ts';
import type { KubeObject } from '../../model/object.ts';
import { conditionNamed, conditionThatIs, conditionsOf, explain } from '../conditions.ts';
import { degraded, healthy, progressing } from '../verdict.ts';

export function assessCustomResourceDefinition(object: KubeObject): Health {
  const conditions = conditionsOf(object);
  if (conditions.length === 0) return progressing('no conditions reported yet');
  const terminating = conditionThatIs(conditions, 'Terminating', 'True');
  if (terminating !== undefined) return progressing(`is being deleted: ${explain(terminating)}`);
  const names = conditionThatIs(conditions, 'NamesAccepted', 'False');
  if (names !== undefined) return degraded(`names not accepted: ${explain(names)}`);
  if (conditionThatIs(conditions, 'Established', 'True') === undefined) {
    const established = conditionNamed(conditions, 'Established');
    return degraded(`not established: ${established === undefined ? 'no such condition' : explain(established)}`);
  }
  const violations = conditionThatIs(conditions, 'NonStructuralSchema', 'True');
  return violations === undefined ? healthy('established') : degraded(`schema violations: ${explain(violations)}`);
}
