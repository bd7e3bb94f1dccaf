import { objectAt, stringAt } from '../../model/json.ts';
import type { KubeObject } from '../../model/object.ts';
import type { Surroundings } from '../../model/root-cause.ts';
import { conditionThatIs, conditionsOf, explain } from '../conditions.ts';
import { containerFinding, containersOf, failedProbe, isReady, stateOf } from './containers.ts';
import type { Finding } from './finding.ts';
import { finding } from './finding.ts';
import { wordsAbout } from './warnings.ts';
import { quote } from './words.ts';

/** What keeps one Pod from working; none when it works, is done, or nothing is to be seen. */
export function podFindings(pod: KubeObject, around: Surroundings): readonly Finding[] {
  const conditions = conditionsOf(pod);
  if (phaseOf(pod) === 'Succeeded' || conditionThatIs(conditions, 'Ready', 'True') !== undefined) return [];
  const own = evicted(pod) ?? unscheduled(pod, around);
  if (own !== undefined) return [own];
  const found = containersOf(pod)
    .map((container) => containerFinding(container, around))
    .filter((one) => one !== undefined);
  if (found.length > 0) return found;
  const other = beingDeleted(pod) ?? unprepared(pod, around) ?? unready(pod, around);
  return other === undefined ? [] : [other];
}

function phaseOf(pod: KubeObject): string {
  return stringAt(objectAt(pod, 'status'), 'phase') ?? '';
}

/** The Pod as a whole was ended or refused: `Evicted`, `NodeShutdown`, `UnexpectedAdmissionError`, `NodeLost`. */
function evicted(pod: KubeObject): Finding | undefined {
  const status = objectAt(pod, 'status');
  const reason = stringAt(status, 'reason') ?? '';
  if (reason === '') return undefined;
  const message = quote(stringAt(status, 'message') ?? '');
  const words = reason === 'Evicted' ? 'was evicted' : `was ended (${reason})`;
  return finding(reason, `the pod ${words}${message === '' ? '' : `: ${message}`}`);
}

function unscheduled(pod: KubeObject, { events }: Surroundings): Finding | undefined {
  const condition = conditionThatIs(conditionsOf(pod), 'PodScheduled', 'False');
  const isPlaced = stringAt(objectAt(pod, 'spec'), 'nodeName') !== undefined;
  if (isPlaced || phaseOf(pod) === 'Failed') return undefined;
  const [event] = wordsAbout(pod, events, ['FailedScheduling']);
  const words = condition?.message ?? event?.message ?? '';
  if (words === '') return undefined;
  return finding(condition?.reason ?? 'Unschedulable', `the pod cannot be scheduled: ${quote(words)}`);
}

function beingDeleted(pod: KubeObject): Finding | undefined {
  if (stringAt(pod.metadata, 'deletionTimestamp') === undefined) return undefined;
  return finding('Terminating', 'the pod is being deleted');
}

const preparing = ['FailedMount', 'FailedAttachVolume', 'FailedMapVolume', 'FailedCreatePodSandBox', 'NetworkNotReady'];

/** On its node, and no container of it could be made yet. */
function unprepared(pod: KubeObject, { events }: Surroundings): Finding | undefined {
  const containers = containersOf(pod);
  if (containers.some((container) => stateOf(container, 'running') !== undefined)) return undefined;
  const [event] = wordsAbout(pod, events, preparing);
  if (event === undefined) return undefined;
  const what = event.reason === 'FailedCreatePodSandBox' || event.reason === 'NetworkNotReady' ? 'network' : 'volumes';
  return finding(event.reason, `the ${what} of the pod cannot be set up: ${quote(event.message)}`);
}

function unready(pod: KubeObject, around: Surroundings): Finding | undefined {
  for (const container of containersOf(pod)) {
    if (isReady(container) || stateOf(container, 'running') === undefined) continue;
    const probe = failedProbe(container, around, /^(readiness|startup|liveness)/i);
    if (probe !== undefined) return finding('Unhealthy', `${container.title} is not ready: ${probe}`);
    return finding('NotReady', `${container.title} runs and is not ready`);
  }
  return unmetGate(pod);
}

/** All containers are ready, and a readiness gate of somebody else is not. */
function unmetGate(pod: KubeObject): Finding | undefined {
  const ready = conditionThatIs(conditionsOf(pod), 'Ready', 'False');
  if (ready?.reason !== 'ReadinessGatesNotReady') return undefined;
  return finding(ready.reason, `the pod is not ready: ${quote(explain(ready))}`);
}
