import type { Health } from '../../model/health.ts';
import { objectAt } from '../../model/json.ts';
import type { KubeObject } from '../../model/object.ts';
import { conditionNamed, conditionThatIs, conditionsOf, explain } from '../conditions.ts';
import { counted, countAt, describeStaleness, isStale, statusCount } from '../counts.ts';
import { degraded, healthy, progressing, suspended } from '../verdict.ts';

/** Paused counts before everything else, as in Argo CD: nothing will move until somebody resumes it. */
export function assessDeployment(object: KubeObject): Health {
  if (objectAt(object, 'spec')['paused'] === true) return suspended('the Deployment is paused');
  if (isStale(object)) return progressing(describeStaleness(object));
  const conditions = conditionsOf(object);
  const progress = conditionNamed(conditions, 'Progressing');
  if (progress?.reason === 'ProgressDeadlineExceeded') return degraded(explain(progress));

  const waiting = rolloutWaitsFor(object);
  if (waiting === undefined)
    return healthy(`${counted(statusCount(object, 'availableReplicas'), 'replica')} available`);
  const failure = conditionThatIs(conditions, 'ReplicaFailure', 'True');
  return progressing(failure === undefined ? waiting : `${waiting}; ${explain(failure)}`);
}

function rolloutWaitsFor(object: KubeObject): string | undefined {
  const wanted = countAt(objectAt(object, 'spec'), 'replicas');
  const updated = statusCount(object, 'updatedReplicas');
  const old = statusCount(object, 'replicas') - updated;
  const available = statusCount(object, 'availableReplicas');
  if (wanted !== undefined && updated < wanted) return `${updated} of ${counted(wanted, 'replica')} updated`;
  if (old > 0) return `${counted(old, 'old replica')} to be terminated`;
  if (available < updated) return `${available} of ${counted(updated, 'updated replica')} available`;
  return undefined;
}
