import type { Health } from '../../model/health.ts';
import type { JsonObject, JsonValue } from '../../model/json.ts';
import { arrayAt, isJsonObject, objectAt, stringAt } from '../../model/json.ts';
import { annotationOf } from '../../model/object-annotations.ts';
import type { KubeObject } from '../../model/object.ts';
import { conditionThatIs, conditionsOf, explain } from '../conditions.ts';
import { countAt, counted } from '../counts.ts';
import { degraded, healthy, progressing, unknown } from '../verdict.ts';

/**
 * Pods that are to run for ever are Degraded as soon as a container cannot start. Pods with an end (`OnFailure`,
 * `Never`) stay Progressing until they end: what blocks them may pass, and their failure would be final for a hook.
 */
export function assessPod(object: KubeObject): Health {
  const stuck = stuckContainers(object);
  if (runsForever(object) && stuck.length > 0) return degraded(stuck.join('; '));
  switch (phaseOf(object)) {
    case 'Pending':
      return progressing(pendingBecause(object));
    case 'Running':
      return assessRunning(object);
    case 'Succeeded':
      return healthy(ownWords(object) || 'the Pod ended with success');
    case 'Failed':
      return degraded(failedBecause(object));
    default:
      return unknown(ownWords(object) || `phase ${phaseOf(object) || 'not reported yet'}`);
  }
}

function assessRunning(object: KubeObject): Health {
  const conditions = conditionsOf(object);
  if (!runsForever(object)) return progressing(ownWords(object) || 'the Pod runs and is to end');
  if (conditionThatIs(conditions, 'Ready', 'True') !== undefined)
    return healthy(ownWords(object) || 'the Pod is ready');
  const restarted = containers(object, 'containerStatuses').filter(hasEndedBefore);
  if (restarted.length > 0) return degraded(restarted.map(describeRestart).join('; '));
  const unready = conditionThatIs(conditions, 'Ready', 'False');
  return progressing(ownWords(object) || (unready === undefined ? 'the Pod is not ready yet' : explain(unready)));
}

function runsForever(object: KubeObject): boolean {
  // Argo CD's word for Pods that some controller makes anew: what they say they end for is not what they are there for.
  const asked = annotationOf(object, 'ignore-restart-policy', { prefix: 'evenkeel.dev/' })?.value.trim();
  return asked === 'true' || stringAt(objectAt(object, 'spec'), 'restartPolicy') === 'Always';
}

function phaseOf(object: KubeObject): string {
  return stringAt(objectAt(object, 'status'), 'phase') ?? '';
}

function ownWords(object: KubeObject): string {
  const status = objectAt(object, 'status');
  return [stringAt(status, 'reason'), stringAt(status, 'message')].filter(Boolean).join(': ');
}

function containers(object: KubeObject, list: 'containerStatuses' | 'initContainerStatuses'): readonly JsonObject[] {
  return arrayAt(objectAt(object, 'status'), list).filter((entry: JsonValue) => isJsonObject(entry));
}

/** `ErrImagePull`, `CreateContainerConfigError`, `CrashLoopBackOff`: the kubelet's names for what will not start. */
const stuckReason = /^Err|(Error|BackOff)$/;

function stuckContainers(object: KubeObject): string[] {
  return containers(object, 'containerStatuses').filter(isStuck).map(describeWaiting);
}

function isStuck(container: JsonObject): boolean {
  return stuckReason.test(stringAt(objectAt(objectAt(container, 'state'), 'waiting'), 'reason') ?? '');
}

function describeWaiting(container: JsonObject): string {
  const waiting = objectAt(objectAt(container, 'state'), 'waiting');
  const words = [stringAt(waiting, 'reason'), stringAt(waiting, 'message')].filter(Boolean).join(': ');
  return `container ${nameOf(container)}: ${words}`;
}

/** An init container that cannot start leaves the Pod Pending, as in Argo CD; the message says which and why. */
function pendingBecause(object: KubeObject): string {
  const waiting = [...containers(object, 'initContainerStatuses'), ...containers(object, 'containerStatuses')];
  const unscheduled = conditionThatIs(conditionsOf(object), 'PodScheduled', 'False');
  const words = [
    ownWords(object),
    unscheduled === undefined ? '' : explain(unscheduled),
    ...waiting.filter(isStuck).map(describeWaiting),
  ].filter((text) => text !== '');
  return words.length === 0 ? 'the Pod is pending' : words.join('; ');
}

function failedBecause(object: KubeObject): string {
  const words = ownWords(object);
  if (words !== '') return words;
  const ended = [...containers(object, 'initContainerStatuses'), ...containers(object, 'containerStatuses')];
  const failures = ended.map((container) => describeEnd(container, 'state')).filter((text) => text !== '');
  return failures[0] ?? 'the Pod failed without saying why';
}

function hasEndedBefore(container: JsonObject): boolean {
  return isJsonObject(objectAt(container, 'lastState')['terminated']);
}

function describeRestart(container: JsonObject): string {
  const end = describeEnd(container, 'lastState');
  const restarts = counted(countAt(container, 'restartCount') ?? 0, 'restart');
  return `${end || `container ${nameOf(container)} ended`} (${restarts}); the Pod is not ready`;
}

/** Empty when the container did not end, or ended well and said nothing. */
function describeEnd(container: JsonObject, state: 'state' | 'lastState'): string {
  const terminated = objectAt(objectAt(container, state), 'terminated');
  const code = countAt(terminated, 'exitCode') ?? 0;
  const reason = stringAt(terminated, 'reason') ?? '';
  const message = stringAt(terminated, 'message') ?? '';
  if (code === 0 && message === '' && reason !== 'OOMKilled') return '';
  const words = [`container ${nameOf(container)} ended with exit code ${code}`, reason, message];
  return words.filter((word) => word !== '').join(': ');
}

function nameOf(container: JsonObject): string {
  return stringAt(container, 'name') ?? '(unnamed)';
}
