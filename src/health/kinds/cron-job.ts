import type { Health } from '../../model/health.ts';
import { arrayAt, objectAt, stringAt } from '../../model/json.ts';
import type { KubeObject } from '../../model/object.ts';
import { counted } from '../counts.ts';
import { degraded, healthy, progressing, suspended } from '../verdict.ts';

/** Its last run, as in Argo CD; one that never ran is healthy, because nobody waits for a schedule. */
export function assessCronJob(object: KubeObject): Health {
  if (objectAt(object, 'spec')['suspend'] === true) return suspended('the CronJob is suspended');
  const status = objectAt(object, 'status');
  const active = arrayAt(status, 'active').length;
  if (active > 0) return progressing(`${counted(active, 'job')} active`);
  const scheduled = stringAt(status, 'lastScheduleTime');
  if (scheduled === undefined) return healthy('never scheduled yet');
  const succeeded = stringAt(status, 'lastSuccessfulTime');
  if (succeeded === undefined || Date.parse(succeeded) < Date.parse(scheduled))
    return degraded(`the run of ${scheduled} did not succeed (last success: ${succeeded ?? 'none'})`);
  return healthy(`the run of ${scheduled} succeeded`);
}
