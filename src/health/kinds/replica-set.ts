import type { Health } from '../../model/health.ts';
import { objectAt } from '../../model/json.ts';
import type { KubeObject } from '../../model/object.ts';
import { conditionThatIs, conditionsOf, explain } from '../conditions.ts';
import { counted, countAt, describeStaleness, isStale, statusCount } from '../counts.ts';
import { degraded, healthy, progressing } from '../verdict.ts';

export function assessReplicaSet(object: KubeObject): Health {
  if (isStale(object)) return progressing(describeStaleness(object));
  const failure = conditionThatIs(conditionsOf(object), 'ReplicaFailure', 'True');
  if (failure !== undefined) return degraded(explain(failure));
  const wanted = countAt(objectAt(object, 'spec'), 'replicas');
  const available = statusCount(object, 'availableReplicas');
  if (wanted !== undefined && available < wanted) {
    return progressing(`${available} of ${counted(wanted, 'replica')} available`);
  }
  return healthy(`${counted(available, 'replica')} available`);
}
