import type {
  KindAnswer,
  ListOptions,
  ListPage,
  Reflector,
  ReflectorSpec,
  RequestOptions,
  ServedKind,
} from '../../src/kube/cluster.ts';
import { createLive } from '../../src/live/live.ts';
import type { Live, LiveLimits, LivePorts } from '../../src/live/live.ts';
import { ApiError } from '../../src/model/api-error.ts';
import { installationNamed, marksOf, trackingId } from '../../src/model/installation.ts';
import type { Installation } from '../../src/model/installation.ts';
import type { JsonObject } from '../../src/model/json.ts';
import type { Suspect } from '../../src/model/live.ts';
import { observe } from '../../src/model/managed-fields.ts';
import type { GroupKind, KubeObject, Ref, Target } from '../../src/model/object.ts';
import { groupKindKey, groupOf, refKey, refOf } from '../../src/model/object.ts';
import type { Clock, HealthRules } from '../../src/model/ports.ts';
import type { RecordEntry } from '../../src/model/record.ts';

/** A clock that moves when it is told to. */
export class HandClock implements Clock {
  #now = 1_000;
  readonly #timers = new Set<{ readonly at: number; readonly call: () => void }>();

  now(): number {
    return this.#now;
  }

  monotonic(): number {
    return this.#now;
  }

  after(ms: number, call: () => void): () => void {
    const timer = { at: this.#now + ms, call };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  get pending(): number {
    return this.#timers.size;
  }

  advance(ms: number): void {
    this.#now += ms;
    for (const timer of [...this.#timers].sort((a, b) => a.at - b.at)) {
      if (timer.at > this.#now || !this.#timers.delete(timer)) continue;
      timer.call();
    }
  }
}

/** A reflector whose events the test sends by hand. */
export class HandReflector implements Reflector {
  readonly spec: ReflectorSpec;
  complete = false;
  stopped = false;

  constructor(spec: ReflectorSpec) {
    this.spec = spec;
  }

  stop(): void {
    this.stopped = true;
  }

  changed(...objects: readonly KubeObject[]): void {
    for (const object of objects) this.spec.listener.changed(object);
  }

  deleted(object: KubeObject): void {
    this.spec.listener.deleted(object);
  }

  /** The list is complete, with these objects. */
  synced(...objects: readonly KubeObject[]): void {
    this.changed(...objects);
    this.complete = true;
    this.spec.listener.synced();
  }

  interrupted(why: string): void {
    this.spec.listener.interrupted(why);
  }
}

/** As much of a cluster as `live/` uses: discovery, reads and reflectors, all driven by hand. */
export class HandCluster {
  readonly reads: Target[] = [];
  /** Label selectors of the lists made. */
  readonly lists: string[] = [];
  readonly objects = new Map<string, KubeObject | ApiError>();
  readonly reflectors = new Map<string, HandReflector>();
  readonly #answers = new Map<string, KindAnswer>();
  readonly #listeners = new Set<() => void>();

  readonly kinds = {
    find: (kind: GroupKind, apiVersion?: string): KindAnswer => {
      const answer = this.#answers.get(groupKindKey(kind)) ?? { state: 'gone' };
      if (answer.state !== 'served' || apiVersion === undefined) return answer;
      return answer.kind.apiVersion === apiVersion ? answer : { state: 'gone' };
    },
    refresh: (): Promise<void> => Promise.resolve(),
    onChange: (listener: () => void): (() => void) => {
      this.#listeners.add(listener);
      return () => this.#listeners.delete(listener);
    },
  };

  get subscribers(): number {
    return this.#listeners.size;
  }

  serve(...kinds: readonly ServedKind[]): void {
    for (const kind of kinds) this.#answers.set(groupKindKey(kind), { state: 'served', kind });
    for (const listener of this.#listeners) listener();
  }

  answer(kind: GroupKind, answer: KindAnswer): void {
    this.#answers.set(groupKindKey(kind), answer);
    for (const listener of this.#listeners) listener();
  }

  reflect(spec: ReflectorSpec): Reflector {
    const reflector = new HandReflector(spec);
    this.reflectors.set(groupKindKey(spec.kind), reflector);
    return reflector;
  }

  async *list(kind: ServedKind, { labelSelector = '' }: ListOptions): AsyncGenerator<ListPage> {
    this.lists.push(`${kind.kind} ${labelSelector}`);
    for (const found of this.objects.values()) {
      await Promise.resolve();
      if (found instanceof ApiError) throw found;
      if (found.kind === kind.kind) yield { items: [found], resourceVersion: '99' };
    }
  }

  read(target: Target, options: RequestOptions): Promise<KubeObject | undefined> {
    options.signal?.throwIfAborted();
    this.reads.push(target);
    const found = this.objects.get(refKey(target));
    return found instanceof ApiError ? Promise.reject(found) : Promise.resolve(found);
  }
}

export function served(apiVersion: string, kind: string, resource = `${kind.toLowerCase()}s`): ServedKind {
  const verbs = ['get', 'list', 'watch', 'patch', 'delete'];
  return { group: groupOf(apiVersion), kind, apiVersion, resource, namespaced: true, verbs };
}

export const deployments = served('apps/v1', 'Deployment');
export const configMaps = served('v1', 'ConfigMap');

/** Health by one field, for Deployments only. */
export const health: HealthRules = {
  needsStatus: (kind) => kind.kind === 'Deployment',
  assess: (object) => ({
    status: object['status'] === undefined ? 'Progressing' : 'Healthy',
    message: JSON.stringify(object['status'] ?? ''),
  }),
  onChange: () => () => undefined,
};

export const installation: Installation = installationNamed('');

export interface Stage extends Disposable {
  readonly cluster: HandCluster;
  readonly clock: HandClock;
  readonly live: Live;
  readonly suspects: Suspect[];
  readonly wakes: string[];
  reflector(kind: GroupKind): HandReflector;
  /** What was told since the last call, as `why kind name`. */
  told(): string[];
}

export function setStage(
  limits: Partial<LiveLimits> = {},
  judged: Pick<LivePorts, 'health' | 'verdicts'> = { health },
): Stage {
  const cluster = new HandCluster();
  cluster.serve(deployments, configMaps);
  const clock = new HandClock();
  const live = createLive({ cluster, installation, clock, ...judged, limits });
  const suspects: Suspect[] = [];
  const wakes: string[] = [];
  live.onSuspect((suspect) => suspects.push(suspect));
  live.onWake((key, why) => wakes.push(`${key}: ${why}`));
  return {
    cluster,
    clock,
    live,
    suspects,
    wakes,
    reflector(kind) {
      const reflector = cluster.reflectors.get(groupKindKey(kind));
      if (reflector === undefined) throw new Error(`no watch of ${kind.kind}`);
      return reflector;
    },
    told() {
      return suspects.splice(0).map(({ why, ref }) => `${why} ${ref.kind} ${ref.name}`);
    },
    [Symbol.dispose]: () => live[Symbol.dispose](),
  };
}

export interface ObjectState {
  readonly kind: ServedKind;
  readonly name: string;
  readonly key: string;
  readonly uid: string;
  readonly resourceVersion: number;
  readonly generation: number;
  /** Names of the fields in our entry; undefined: we have no entry. */
  readonly ours: readonly string[] | undefined;
  readonly oursAt: string;
  readonly others: readonly { readonly manager: string; readonly time: string; readonly subresource?: string }[];
  readonly deleting: boolean;
  readonly status: JsonObject | undefined;
  readonly trackingId: string | undefined;
}

const plainState: ObjectState = {
  kind: deployments,
  name: 'web',
  key: 'ns/app',
  uid: 'u1',
  resourceVersion: 10,
  generation: 1,
  ours: ['image', 'replicas'],
  oursAt: at(0),
  others: [],
  deleting: false,
  status: undefined,
  trackingId: undefined,
};

/** Whole seconds after an arbitrary beginning. */
export function at(second: number): string {
  return new Date(Date.UTC(2026, 0, 1, 0, 0, second)).toISOString().replace('.000Z', 'Z');
}

export function stateOf(changes: Partial<ObjectState> = {}): ObjectState {
  const kind = changes.kind ?? plainState.kind;
  return { ...plainState, generation: kind.kind === 'ConfigMap' ? 0 : 1, ...changes };
}

/** The object as the API server would tell it. */
export function objectOf(state: ObjectState): KubeObject {
  const { kind, name, key, uid, deleting } = state;
  const ref: Ref = { group: kind.group, kind: kind.kind, namespace: 'ns', name };
  return {
    apiVersion: kind.apiVersion,
    kind: kind.kind,
    metadata: {
      name,
      namespace: 'ns',
      uid,
      resourceVersion: String(state.resourceVersion),
      ...(state.generation === 0 ? {} : { generation: state.generation }),
      labels: { [installation.partOfLabel]: marksOf(installation, key).partOf },
      annotations: { [installation.trackingAnnotation]: state.trackingId ?? trackingId(key, ref) },
      ...(deleting ? { deletionTimestamp: at(0) } : {}),
      managedFields: managedFieldsOf(state),
    },
    ...(state.status === undefined ? {} : { status: state.status }),
  };
}

function managedFieldsOf({ kind, ours, oursAt, others }: ObjectState): JsonObject[] {
  const entry = (fields: readonly string[]): JsonObject => ({
    apiVersion: kind.apiVersion,
    fieldsType: 'FieldsV1',
    fieldsV1: { 'f:spec': Object.fromEntries(fields.map((field) => [`f:${field}`, {}])) },
  });
  const own = { ...entry(ours ?? []), manager: installation.manager, operation: 'Apply', time: oursAt };
  const foreign = others.map((other) => ({ ...entry(['x']), operation: 'Update', ...other }));
  return ours === undefined ? foreign : [own, ...foreign];
}

export function recordOf(object: KubeObject, desired = 'd1'): RecordEntry {
  const { uid, fp } = observe(object, installation);
  return { ref: refOf(object), uid, desired, fp };
}
