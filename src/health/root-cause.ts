import { arrayAt, stringAt } from '../model/json.ts';
import type { KubeObject } from '../model/object.ts';
import { uidOf } from '../model/object.ts';
import type { Cause, CauseTree, LogWanted, Surroundings } from '../model/root-cause.ts';
import { counted } from './counts.ts';
import { creationCauses } from './root-cause/creation.ts';
import { crashedContainer, restartsOf } from './root-cause/containers.ts';
import type { Finding } from './root-cause/finding.ts';
import { podFindings } from './root-cause/pods.ts';

/**
 * Why an object does not progress, as far as what it owns tells: a tree from the object down to the Pods.
 *
 * Guarantees: pure; never throws, whatever a status holds; Pods with the same causes are one node; what most Pods have
 * comes first. The words of other sides (registry, scheduler, admission) are theirs.
 */
export function findCauses(around: Surroundings): CauseTree {
  return treeOf(around.object, around);
}

function treeOf(object: KubeObject, around: Surroundings): CauseTree {
  const owned = around.children.filter((child) => isOwnedBy(child, object) && child !== object);
  const pods = owned.filter(({ kind }) => kind === 'Pod');
  const others = owned.filter(({ kind }) => kind !== 'Pod').map((child) => treeOf(child, around));
  const children = [...alikeOf(pods, around), ...others].filter(hasCause).sort((a, b) => weightOf(b) - weightOf(a));
  const findings = object.kind === 'Pod' ? podFindings(object, around) : creationCauses(object, pods.length, around);
  return { kind: object.kind, name: object.metadata.name, alike: 1, causes: findings.map(causeOf), children };
}

function isOwnedBy(child: KubeObject, owner: KubeObject): boolean {
  return arrayAt(child.metadata, 'ownerReferences').some((entry) => stringAt(entry, 'uid') === uidOf(owner));
}

/** The Pod that was restarted most stands for those that have the same. */
function alikeOf(pods: readonly KubeObject[], around: Surroundings): CauseTree[] {
  const examined = pods
    .toSorted((a, b) => restartsOf(b) - restartsOf(a))
    .map((pod) => ({ pod, findings: podFindings(pod, around) }));
  const groups = Map.groupBy(examined, ({ findings }) => findings.map(({ same }) => same).join('\n'));
  return [...groups.values()].flatMap((group) => {
    const [first] = group;
    if (first === undefined) return [];
    const { pod, findings } = first;
    return [{ kind: 'Pod', name: pod.metadata.name, alike: group.length, causes: findings.map(causeOf), children: [] }];
  });
}

function causeOf({ reason, message }: Finding): Cause {
  return { reason, message };
}

function hasCause({ causes, children }: CauseTree): boolean {
  return causes.length > 0 || children.some(hasCause);
}

function weightOf({ kind, alike, children }: CauseTree): number {
  return kind === 'Pod' ? alike : children.reduce((sum, child) => sum + weightOf(child), 0);
}

/** At most so many causes are named in one sentence. */
const mostNamed = 3;

/** The causes in one sentence, what most Pods have first; empty when none was found. */
export function describeCauses(tree: CauseTree): string {
  const counts = new Map<string, { pods: number; isPod: boolean }>();
  const add = ({ kind, alike, causes, children }: CauseTree): void => {
    for (const { message } of causes) {
      const { pods = 0 } = counts.get(message) ?? {};
      counts.set(message, { pods: pods + alike, isPod: kind === 'Pod' });
    }
    children.forEach(add);
  };
  add(tree);
  const sorted = [...counts].sort(([, a], [, b]) => b.pods - a.pods);
  const shown = sorted.slice(0, mostNamed).map(([message, { pods, isPod }]) => {
    return sorted.length > 1 && isPod && tree.kind !== 'Pod' ? `${counted(pods, 'pod')}: ${message}` : message;
  });
  const more = sorted.length > mostNamed ? [`and ${counted(sorted.length - mostNamed, 'other cause')}`] : [];
  return [...shown, ...more].join('; ');
}

/** Logs are large and many: one of each kind of crash. */
const mostLogs = 3;

/** The containers that ended by themselves, and that stand for others that did the same way. */
export function logsWorthReading(around: Surroundings): readonly LogWanted[] {
  const pods = [around.object, ...around.children].filter(({ kind }) => kind === 'Pod');
  const crashes = pods
    .toSorted((a, b) => restartsOf(b) - restartsOf(a))
    .flatMap((pod) => {
      const crash = crashedContainer(pod);
      return crash === undefined ? [] : [{ pod, ...crash }];
    });
  const distinct = new Map(crashes.toReversed().map((crash) => [crash.container, crash]));
  return [...distinct.values()].slice(0, mostLogs);
}
