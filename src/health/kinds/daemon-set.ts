import type { Health } from '../../model/health.ts';
import { objectAt, stringAt } from '../../model/json.ts';
import type { KubeObject } from '../../model/object.ts';
import { counted, describeStaleness, isUnobserved, statusCount } from '../counts.ts';
import { healthy, progressing } from '../verdict.ts';

export function assessDaemonSet(object: KubeObject): Health {
  if (isUnobserved(object)) return progressing(describeStaleness(object));
  const wanted = statusCount(object, 'desiredNumberScheduled');
  const updated = statusCount(object, 'updatedNumberScheduled');
  const available = statusCount(object, 'numberAvailable');
  const strategy = objectAt(objectAt(object, 'spec'), 'updateStrategy');
  if (stringAt(strategy, 'type') === 'OnDelete') {
    return healthy(`${updated} of ${counted(wanted, 'pod')} updated; updates wait for pods to be deleted (OnDelete)`);
  }
  if (updated < wanted) return progressing(`${updated} of ${counted(wanted, 'pod')} updated`);
  if (available < wanted) return progressing(`${available} of ${counted(wanted, 'pod')} available`);
  return healthy(`${counted(available, 'pod')} available`);
}
