import type { Cluster, ServedKind } from '../kube/cluster.ts';
import { ApiError } from '../model/api-error.ts';
import type { JsonObject, JsonValue } from '../model/json.ts';
import { arrayAt, objectAt, stringAt } from '../model/json.ts';
import type { GroupKind, KubeObject, Ref } from '../model/object.ts';
import { groupKindKey, refOf, targetOf, uidOf } from '../model/object.ts';
import type { LogWanted, Surroundings } from '../model/root-cause.ts';
import { logKey } from '../model/root-cause.ts';

/** The cluster, as far as a look at the surroundings of an object needs it. */
export type SurroundingsCluster = Pick<Cluster, 'kinds' | 'read' | 'list' | 'readLog'>;

export interface SurroundingsOptions {
  readonly cluster: SurroundingsCluster;
  readonly signal: AbortSignal;
  /** Of which containers the last line is read; it is asked once, when everything else is known. */
  readonly logsOf: (around: Surroundings) => readonly LogWanted[];
}

/** So many objects of a kind are looked at; of more, the first. */
const mostObjects = 500;
/** Of a CronJob: the newest. */
const mostJobs = 3;
const logLimits = { lines: 5, bytes: 4_096 };

/** Kinds of which it is known what they own, and how that is found. */
const ways: ReadonlyMap<string, (look: Look, object: KubeObject) => Promise<readonly KubeObject[]>> = new Map([
  [
    'apps/Deployment',
    (look: Look, object: KubeObject) => look.underneath(object, { group: 'apps', kind: 'ReplicaSet' }),
  ],
  ['apps/ReplicaSet', (look: Look, object: KubeObject) => look.pods(object)],
  ['apps/StatefulSet', (look: Look, object: KubeObject) => look.pods(object)],
  ['apps/DaemonSet', (look: Look, object: KubeObject) => look.pods(object)],
  ['batch/Job', (look: Look, object: KubeObject) => look.pods(object)],
  ['batch/CronJob', (look: Look, object: KubeObject) => look.jobs(object)],
  ['/Pod', () => Promise.resolve([])],
  ['/PersistentVolumeClaim', () => Promise.resolve([])],
]);

/** Whether `readSurroundings` knows what objects of this kind own. */
export function hasSurroundings(kind: GroupKind): boolean {
  return ways.has(groupKindKey(kind));
}

/**
 * Reads an object, what it owns by `ownerReferences`, warnings about them, and last lines of logs.
 *
 * Guarantees: a few lists in one namespace, none of them longer than some hundred objects; what may not be read
 * (403), events and logs above all, is left out.
 * undefined: the object is not there, or nothing is known of what its kind owns. Throws ApiError.
 */
export async function readSurroundings(ref: Ref, options: SurroundingsOptions): Promise<Surroundings | undefined> {
  const way = ways.get(groupKindKey(ref));
  const served = options.cluster.kinds.find(ref);
  if (way === undefined || served.state !== 'served') return undefined;
  const { signal } = options;
  const object = await options.cluster.read({ ...ref, apiVersion: served.kind.apiVersion }, { signal });
  if (object === undefined) return undefined;
  const look = new Look(ref.namespace, options);
  const children = await way(look, object);
  const events = await look.events(object);
  const silent: Surroundings = { object, children, events, lastLines: new Map() };
  return { ...silent, lastLines: await look.lastLines(options.logsOf(silent)) };
}

/** Reads in one namespace. */
class Look {
  readonly #namespace: string;
  readonly #options: SurroundingsOptions;

  constructor(namespace: string, options: SurroundingsOptions) {
    this.#namespace = namespace;
    this.#options = options;
  }

  async pods(owner: KubeObject): Promise<readonly KubeObject[]> {
    return this.#owned(owner, { group: '', kind: 'Pod' });
  }

  /** Owned by it, with the Pods of all of them by the same selector. */
  async underneath(owner: KubeObject, kind: GroupKind): Promise<readonly KubeObject[]> {
    const between = await this.#owned(owner, kind);
    const uids = new Set(between.map(uidOf));
    const pods = await this.#select(owner, { group: '', kind: 'Pod' });
    return [...between, ...pods.filter((pod) => ownersOf(pod).some((uid) => uids.has(uid)))];
  }

  /** A CronJob has no selector. */
  async jobs(owner: KubeObject): Promise<readonly KubeObject[]> {
    const all = await this.#list({ group: 'batch', kind: 'Job' }, {});
    const owned = all.filter((job) => ownersOf(job).includes(uidOf(owner)));
    const newest = owned.toSorted((a, b) => (createdAt(a) < createdAt(b) ? 1 : -1)).slice(0, mostJobs);
    const pods = await Promise.all(newest.map((job) => this.pods(job)));
    return [...newest, ...pods.flat()];
  }

  async #owned(owner: KubeObject, kind: GroupKind): Promise<readonly KubeObject[]> {
    const found = await this.#select(owner, kind);
    return found.filter((object) => ownersOf(object).includes(uidOf(owner)));
  }

  #select(owner: KubeObject, kind: GroupKind): Promise<readonly KubeObject[]> {
    const labelSelector = selectorText(objectAt(objectAt(owner, 'spec'), 'selector'));
    return labelSelector === '' ? Promise.resolve([]) : this.#list(kind, { labelSelector });
  }

  async events(object: KubeObject): Promise<readonly KubeObject[]> {
    // A claim that waits is told of as a matter of course.
    const own = refOf(object).kind === 'PersistentVolumeClaim';
    const fieldSelector = own ? `involvedObject.uid=${uidOf(object)}` : 'type=Warning';
    return allowed(() => this.#list({ group: '', kind: 'Event' }, { fieldSelector }), []);
  }

  async lastLines(wanted: readonly LogWanted[]): Promise<ReadonlyMap<string, string>> {
    const lines = await Promise.all(
      wanted.map(async (one) => [logKey(one.pod.metadata.name, one.container), await this.#lastLine(one)] as const),
    );
    return new Map(lines.filter(([, line]) => line !== ''));
  }

  /** Empty when it is not to be had: the node is asked for it, and may be gone. */
  async #lastLine({ pod, container, previous }: LogWanted): Promise<string> {
    const { cluster, signal } = this.#options;
    try {
      return lastLineOf(await cluster.readLog(targetOf(pod), { container, previous, ...logLimits, signal }));
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      // The run before may be tidied away already: the present one says the same, as a rule.
      const isTidied = previous && (error.kind === 'invalid' || error.kind === 'notFound');
      return isTidied ? this.#lastLine({ pod, container, previous: false }) : '';
    }
  }

  async #list(kind: GroupKind, selectors: Selectors): Promise<readonly KubeObject[]> {
    const { cluster, signal } = this.#options;
    const served = cluster.kinds.find(kind);
    return served.state === 'served' ? this.#pages(served.kind, selectors, signal) : [];
  }

  async #pages(kind: ServedKind, selectors: Selectors, signal: AbortSignal): Promise<readonly KubeObject[]> {
    const found: KubeObject[] = [];
    for await (const { items } of this.#options.cluster.list(kind, {
      ...selectors,
      namespace: this.#namespace,
      signal,
    })) {
      found.push(...items);
      if (found.length >= mostObjects) break;
    }
    return found;
  }
}

interface Selectors {
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
}

/** What may not be read does not keep the rest from being told. */
async function allowed<T>(read: () => Promise<T>, otherwise: T): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof ApiError && error.kind === 'forbidden') return otherwise;
    throw error;
  }
}

function lastLineOf(text: string): string {
  return (
    text
      .split('\n')
      .findLast((line) => line.trim() !== '')
      ?.trim() ?? ''
  );
}

function ownersOf(object: KubeObject): readonly string[] {
  return arrayAt(object.metadata, 'ownerReferences').map((entry) => stringAt(entry, 'uid') ?? '');
}

function createdAt(object: KubeObject): string {
  return stringAt(object.metadata, 'creationTimestamp') ?? '';
}

/** A LabelSelector as the parameter of a list; empty when it selects nothing in particular. */
function selectorText(selector: JsonObject): string {
  const equal = Object.entries(objectAt(selector, 'matchLabels')).flatMap(([key, value]) =>
    typeof value === 'string' ? [`${key}=${value}`] : [],
  );
  return [...equal, ...arrayAt(selector, 'matchExpressions').map(expressionText)].join(',');
}

function expressionText(expression: JsonValue): string {
  const key = stringAt(expression, 'key') ?? '';
  const values = arrayAt(expression, 'values').filter((value) => typeof value === 'string');
  switch (stringAt(expression, 'operator')) {
    case 'In':
      return `${key} in (${values.join(',')})`;
    case 'NotIn':
      return `${key} notin (${values.join(',')})`;
    case 'DoesNotExist':
      return `!${key}`;
    default:
      return key;
  }
}
