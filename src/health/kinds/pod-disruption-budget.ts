import type { Health } from '../../model/health.ts';
import type { KubeObject } from '../../model/object.ts';
import { conditionsOf, explain } from '../conditions.ts';
import { counted, describeStaleness, isStale, statusCount } from '../counts.ts';
import { degraded, healthy, progressing } from '../verdict.ts';

/** A budget that allows no disruption does its work, as long as the pods it asks for are there. */
export function assessPodDisruptionBudget(object: KubeObject): Health {
  if (isStale(object)) return progressing(describeStaleness(object));
  const allowed = conditionsOf(object).filter(({ type }) => type === 'DisruptionAllowed');
  if (allowed.length === 0) return progressing('no status reported yet');
  const failed = allowed.find(({ reason }) => reason === 'SyncFailed');
  if (failed !== undefined) return degraded(explain(failed));
  const present = statusCount(object, 'currentHealthy');
  const wanted = statusCount(object, 'desiredHealthy');
  const counts = `${present} of ${counted(wanted, 'healthy pod')} that it asks for`;
  if (present < wanted) return progressing(counts);
  return healthy(`${counts}; ${counted(statusCount(object, 'disruptionsAllowed'), 'disruption')} allowed`);
}
