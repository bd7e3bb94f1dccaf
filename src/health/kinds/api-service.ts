import type { Health } from '../../model/health.ts';
import type { KubeObject } from '../../model/object.ts';
import { conditionNamed, conditionsOf, explain } from '../conditions.ts';
import { healthy, progressing } from '../verdict.ts';

/** Progressing while its server cannot be reached, as in Argo CD: it often is only starting. */
export function assessApiService(object: KubeObject): Health {
  const available = conditionNamed(conditionsOf(object), 'Available');
  if (available === undefined) return progressing('not looked at by the aggregator yet');
  return available.status === 'True' ? healthy(explain(available)) : progressing(explain(available));
}
