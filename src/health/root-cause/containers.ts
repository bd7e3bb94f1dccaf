import type { JsonObject } from '../../model/json.ts';
import { arrayAt, isJsonObject, objectAt, stringAt } from '../../model/json.ts';
import type { KubeObject } from '../../model/object.ts';
import type { LogWanted, Surroundings } from '../../model/root-cause.ts';
import { logKey } from '../../model/root-cause.ts';
import { countAt, counted } from '../counts.ts';
import type { Finding } from './finding.ts';
import { finding } from './finding.ts';
import { wordsAbout } from './warnings.ts';
import { describeExit, quote, registryWords } from './words.ts';

/** A container of a Pod as the kubelet sees it. */
export interface Container {
  readonly pod: KubeObject;
  readonly status: JsonObject;
  readonly name: string;
  /** `container "main"`, `init container "migrate"`. */
  readonly title: string;
}

/** Init containers first, as they run. */
export function containersOf(pod: KubeObject): readonly Container[] {
  const read = (list: string, noun: string): Container[] =>
    arrayAt(objectAt(pod, 'status'), list)
      .filter(isJsonObject)
      .map((status) => {
        const name = stringAt(status, 'name') ?? '';
        return { pod, status, name, title: `${noun} "${name}"` };
      });
  return [...read('initContainerStatuses', 'init container'), ...read('containerStatuses', 'container')];
}

/** Of all its containers together. */
export function restartsOf(pod: KubeObject): number {
  return containersOf(pod).reduce((sum, { status }) => sum + (countAt(status, 'restartCount') ?? 0), 0);
}

export function stateOf({ status }: Container, state: 'waiting' | 'running' | 'terminated'): JsonObject | undefined {
  const found = objectAt(status, 'state')[state];
  return isJsonObject(found) ? found : undefined;
}

/** How it ended, now or before the restart that is under way; undefined when it ended well, or did not end. */
function failedEnd(container: Container): { end: JsonObject; previous: boolean } | undefined {
  const now = stateOf(container, 'terminated');
  if (now !== undefined) return isFailure(now) ? { end: now, previous: false } : undefined;
  const before = objectAt(container.status, 'lastState')['terminated'];
  return isJsonObject(before) && isFailure(before) ? { end: before, previous: true } : undefined;
}

function isFailure(end: JsonObject): boolean {
  return (countAt(end, 'exitCode') ?? 0) !== 0 || stringAt(end, 'reason') === 'OOMKilled';
}

/** The container whose end keeps the Pod from working, and where its last words are. */
export function crashedContainer(pod: KubeObject): Omit<LogWanted, 'pod'> | undefined {
  for (const container of containersOf(pod)) {
    const failure = isReady(container) ? undefined : failedEnd(container);
    if (failure !== undefined) return { container: container.name, previous: failure.previous };
  }
  return undefined;
}

export function isReady({ status }: Container): boolean {
  return status['ready'] === true;
}

/** What keeps one container from working; undefined when nothing is to be seen. */
export function containerFinding(container: Container, around: Surroundings): Finding | undefined {
  if (isReady(container)) return undefined;
  return imageFinding(container, around) ?? crashFinding(container, around) ?? waitingFinding(container);
}

const imageReasons: ReadonlySet<string> = new Set([
  'ErrImagePull',
  'ImagePullBackOff',
  'InvalidImageName',
  'ErrImageNeverPull',
  'ImageInspectError',
  'RegistryUnavailable',
  'SignatureValidationFailed',
]);

function imageFinding(container: Container, { events }: Surroundings): Finding | undefined {
  const waiting = stateOf(container, 'waiting');
  const reason = stringAt(waiting, 'reason') ?? '';
  if (!imageReasons.has(reason)) return undefined;
  const image = imageOf(container);
  const failures = wordsAbout(container.pod, events, ['Failed', 'InspectFailed', 'ErrImageNeverPull']);
  const said = failures.find(({ message }) => message.includes(`"${image}"`) && /image/i.test(message))?.message ?? '';
  const words = registryWords(stringAt(waiting, 'message') ?? '') || registryWords(said) || reason;
  return finding(reason, `image "${image}" cannot be pulled (${words})`);
}

/** As the spec has it: the kubelet's own name for it may be another. */
function imageOf({ pod, name, status }: Container): string {
  const spec = objectAt(pod, 'spec');
  const all = [...arrayAt(spec, 'initContainers'), ...arrayAt(spec, 'containers')];
  const own = all.find((entry) => stringAt(entry, 'name') === name);
  return stringAt(own, 'image') ?? stringAt(status, 'image') ?? '';
}

function crashFinding(container: Container, around: Surroundings): Finding | undefined {
  const failure = failedEnd(container);
  if (failure === undefined) return undefined;
  const { title, pod, name, status } = container;
  const restarts = countAt(status, 'restartCount') ?? 0;
  const times = restarts === 0 ? '' : `, ${counted(restarts, 'restart')}`;
  const line = around.lastLines.get(logKey(pod.metadata.name, name));
  const last = line === undefined ? '' : `; its last line: ${line}`;
  const { reason, words } = describeEnd(container, failure.end, around);
  return finding(reason, `${title} ${words}${times}${last}`, `${title} ${words}`);
}

function describeEnd(container: Container, end: JsonObject, around: Surroundings): { reason: string; words: string } {
  const code = countAt(end, 'exitCode') ?? 0;
  const exit = describeExit(code, countAt(end, 'signal') ?? 0);
  const reason = stringAt(end, 'reason') ?? 'Error';
  if (reason === 'OOMKilled') return { reason, words: `ran out of memory (OOMKilled, ${exit}${limitOf(container)})` };
  const probe = failedProbe(container, around, /^(liveness|startup)/i);
  if (probe !== undefined) return { reason: 'Unhealthy', words: `is restarted: ${probe} (${exit})` };
  const message = quote(stringAt(end, 'message') ?? '');
  // Nothing ran: the runtime says why.
  if (/^(ContainerCannotRun|StartError)$/.test(reason))
    return { reason, words: `cannot start: ${message === '' ? reason : message} (${exit})` };
  return { reason: restartsOf(container.pod) > 0 ? 'CrashLoopBackOff' : reason, words: `ended with ${exit}` };
}

function limitOf({ pod, name }: Container): string {
  const spec = arrayAt(objectAt(pod, 'spec'), 'containers').find((entry) => stringAt(entry, 'name') === name);
  const memory = stringAt(objectAt(objectAt(spec, 'resources'), 'limits'), 'memory');
  return memory === undefined ? '' : `, its limit is ${memory}`;
}

/** The kubelet's words about the newest failure of such a probe. Events do not say which container; its name may. */
export function failedProbe({ pod, title }: Container, { events }: Surroundings, kind: RegExp): string | undefined {
  if (title.startsWith('init ')) return undefined;
  const failures = wordsAbout(pod, events, ['Unhealthy', 'ProbeError', 'ProbeWarning']);
  const words = failures.find(({ message }) => kind.test(message))?.message;
  return words === undefined ? undefined : quote(words).replace(/^(\w)/, (first) => first.toLowerCase());
}

/** Ordinary steps of a start: nothing is wrong yet. */
const ordinary: ReadonlySet<string> = new Set(['', 'ContainerCreating', 'PodInitializing']);

function waitingFinding(container: Container): Finding | undefined {
  const waiting = stateOf(container, 'waiting');
  const reason = stringAt(waiting, 'reason') ?? '';
  if (ordinary.has(reason)) return undefined;
  const message = quote(stringAt(waiting, 'message') ?? '');
  return finding(reason, `${container.title} cannot start: ${message === '' ? reason : message}`);
}
