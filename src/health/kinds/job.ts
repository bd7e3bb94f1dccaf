import type { Health } from '../../model/health.ts';
import type { KubeObject } from '../../model/object.ts';
import { conditionThatIs, conditionsOf, explain } from '../conditions.ts';
import { counted, statusCount } from '../counts.ts';
import { degraded, healthy, progressing, suspended } from '../verdict.ts';

/** A Job that was resumed keeps `Suspended: False` and is Progressing here; Argo CD calls it Healthy. */
export function assessJob(object: KubeObject): Health {
  const conditions = conditionsOf(object);
  const failed = conditionThatIs(conditions, 'Failed', 'True');
  if (failed !== undefined) return degraded(explain(failed));
  const paused = conditionThatIs(conditions, 'Suspended', 'True');
  if (paused !== undefined) return suspended(explain(paused));
  if (conditionThatIs(conditions, 'Complete', 'True') !== undefined) {
    return healthy(`${counted(statusCount(object, 'succeeded'), 'pod')} succeeded`);
  }
  return progressing(describeProgress(object));
}

function describeProgress(object: KubeObject): string {
  const [active, succeeded, failed] = ['active', 'succeeded', 'failed'].map((key) => statusCount(object, key));
  return `${counted(active ?? 0, 'pod')} active, ${succeeded ?? 0} succeeded, ${failed ?? 0} failed`;
}
