import type { Health } from '../../model/health.ts';
import { isJsonObject, objectAt, stringAt } from '../../model/json.ts';
import type { KubeObject } from '../../model/object.ts';
import { counted, countAt, describeStaleness, isUnobserved, statusCount } from '../counts.ts';
import { healthy, progressing } from '../verdict.ts';

export function assessStatefulSet(object: KubeObject): Health {
  if (isUnobserved(object)) return progressing(describeStaleness(object));
  const wanted = countAt(objectAt(object, 'spec'), 'replicas');
  const ready = statusCount(object, 'readyReplicas');
  if (wanted !== undefined && ready < wanted) return progressing(`${ready} of ${counted(wanted, 'pod')} ready`);
  return assessRollout(object, ready);
}

function assessRollout(object: KubeObject, ready: number): Health {
  const strategy = objectAt(objectAt(object, 'spec'), 'updateStrategy');
  if (stringAt(strategy, 'type') === 'OnDelete') {
    return healthy(`${counted(ready, 'pod')} ready; updates wait for pods to be deleted (OnDelete)`);
  }
  const rolling = strategy['rollingUpdate'];
  if (isJsonObject(rolling)) return assessPartition(object, countAt(rolling, 'partition') ?? 0);
  return assessRevisions(object, ready);
}

/** Pods with an ordinal below the partition stay at the old revision on purpose. */
function assessPartition(object: KubeObject, partition: number): Health {
  const wanted = (countAt(objectAt(object, 'spec'), 'replicas') ?? 0) - partition;
  const updated = statusCount(object, 'updatedReplicas');
  const where = partition === 0 ? '' : ` (partition ${partition})`;
  if (updated < wanted) return progressing(`${updated} of ${counted(wanted, 'pod')} updated${where}`);
  return healthy(`${counted(statusCount(object, 'readyReplicas'), 'pod')} ready, ${updated} updated${where}`);
}

function assessRevisions(object: KubeObject, ready: number): Health {
  const status = objectAt(object, 'status');
  const target = stringAt(status, 'updateRevision') ?? '';
  if (target !== (stringAt(status, 'currentRevision') ?? '')) {
    return progressing(`${counted(statusCount(object, 'updatedReplicas'), 'pod')} at the new revision ${target}`);
  }
  return healthy(`${counted(ready, 'pod')} ready`);
}
