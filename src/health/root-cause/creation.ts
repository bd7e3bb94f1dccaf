import { objectAt } from '../../model/json.ts';
import type { KubeObject } from '../../model/object.ts';
import type { Surroundings } from '../../model/root-cause.ts';
import { conditionThatIs, conditionsOf } from '../conditions.ts';
import { countAt, statusCount } from '../counts.ts';
import type { Finding } from './finding.ts';
import { finding } from './finding.ts';
import { wordsAbout } from './warnings.ts';
import { quote, refusalWords } from './words.ts';

/** What keeps an object from getting what it is to own: quotas, admission, missing accounts, volumes. */
export function creationCauses(object: KubeObject, pods: number, around: Surroundings): readonly Finding[] {
  switch (object.kind) {
    case 'ReplicaSet':
      return [replicaFailure(object)].filter((one) => one !== undefined);
    case 'StatefulSet':
    case 'DaemonSet':
    case 'Job':
    case 'CronJob':
      // Events outlive what they tell of: they count only while Pods are missing.
      return pods < podsWanted(object) ? refusal(object, around) : [];
    case 'PersistentVolumeClaim':
      return unprovisioned(object, around);
    default:
      return [];
  }
}

function replicaFailure(object: KubeObject): Finding | undefined {
  const condition = conditionThatIs(conditionsOf(object), 'ReplicaFailure', 'True');
  return condition === undefined ? undefined : refused(condition.reason, condition.message);
}

function refused(reason: string, message: string): Finding {
  const isQuota = message.includes('exceeded quota');
  return finding(isQuota ? 'QuotaExceeded' : reason, `no pod can be created: ${refusalWords(message)}`);
}

function podsWanted(object: KubeObject): number {
  if (object.kind === 'DaemonSet') return statusCount(object, 'desiredNumberScheduled');
  const spec = objectAt(object, 'spec');
  return countAt(spec, object.kind === 'Job' ? 'parallelism' : 'replicas') ?? 1;
}

function refusal(object: KubeObject, { events }: Surroundings): Finding[] {
  const [event] = wordsAbout(object, events, ['FailedCreate']);
  return event === undefined ? [] : [refused(event.reason, event.message)];
}

function unprovisioned(object: KubeObject, { events }: Surroundings): Finding[] {
  const [event] = wordsAbout(object, events, ['ProvisioningFailed', 'FailedBinding', 'WaitForFirstConsumer']);
  return event === undefined ? [] : [finding(event.reason, quote(event.message))];
}
