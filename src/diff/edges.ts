import type { DesiredObject } from '../model/desired.ts';
import type { Installation } from '../model/installation.ts';
import type { KubeObject, Ref, RefKey } from '../model/object.ts';
import { groupKindKey, refKey } from '../model/object.ts';
import type { Change } from '../model/plan.ts';
import { turnOfLive } from '../model/turn.ts';
import { rankOf } from './kind-order.ts';
import { isBehind, referencesOf, servicesCalledBy } from './references.ts';

/**
 * What has to come before an object:
 * - `written`: named by it, and written by the same step;
 * - `available`: runs behind a Service that the API server is to call because of it: until it works, or has failed;
 * - `healthy`: what its `depends-on` names, wherever that is.
 */
export interface Need {
  readonly ref: Ref;
  readonly until: 'written' | 'available' | 'healthy';
}

/** A change that writes, with what has to come before it. */
export interface Needing<C extends Change> {
  readonly change: C;
  readonly needs: readonly Need[];
}

type Writing = Change & { readonly desired: DesiredObject };

/**
 * The writes of a step in the order of their kinds and of what they need: those of one batch are independent.
 * A reference that would close a cycle counts for nothing; those of `depends-on` were refused where they make one.
 */
export function writesInBatches<C extends Writing>(writes: readonly C[], step: readonly Change[]): Needing<C>[][] {
  const present = new Set(step.map(({ ref }) => refKey(ref)));
  const needing = writes.map((change) => ({ change, needs: needsOf(change.desired, step, present) }));
  const edges = needing.flatMap(({ change, needs }) =>
    needs.map(({ ref, until }) => ({ from: refKey(change.ref), to: refKey(ref), isAsked: until === 'healthy' })),
  );
  const asked = edges.toSorted((a, b) => Number(b.isAsked) - Number(a.isAsked));
  return inBatches(needing, { refOf: ({ change }) => change.ref, rank: rankOf, edges: acyclic(asked) });
}

/** Removals in the reverse of that order, by what the objects in the cluster say. */
export function removalsInBatches<C extends Change & { readonly live: KubeObject }>(
  removals: readonly C[],
  installation: Pick<Installation, 'prefix'>,
): C[][] {
  const edges = removals.flatMap(({ ref, live }) =>
    (turnOfLive(live, installation).dependsOn ?? []).map((on) => ({ from: refKey(on), to: refKey(ref) })),
  );
  return inBatches(removals, { refOf: ({ ref }) => ref, rank: (kind) => -rankOf(kind), edges: acyclic(edges) });
}

function needsOf(desired: DesiredObject, step: readonly Change[], present: ReadonlySet<RefKey>): readonly Need[] {
  const body = desired.body();
  const isOther = (ref: Ref): boolean => present.has(refKey(ref)) && refKey(ref) !== refKey(desired.ref);
  const called = isCalling.has(groupKindKey(desired.ref)) ? servicesCalledBy(body).filter(isOther) : [];
  return [
    ...(desired.dependsOn ?? []).map((ref): Need => ({ ref, until: 'healthy' })),
    ...[...referencesOf(body).filter(isOther), ...called].map((ref): Need => ({ ref, until: 'written' })),
    ...called.flatMap((service) => workloadsBehind(service, step)).map((ref): Need => ({ ref, until: 'available' })),
  ];
}

const isCalling: ReadonlySet<string> = new Set([
  'admissionregistration.k8s.io/MutatingWebhookConfiguration',
  'admissionregistration.k8s.io/ValidatingWebhookConfiguration',
  'apiregistration.k8s.io/APIService',
]);

const workloads: ReadonlySet<string> = new Set(['apps/Deployment', 'apps/StatefulSet', 'apps/DaemonSet']);

function workloadsBehind(service: Ref, step: readonly Change[]): Ref[] {
  const desired = step.flatMap((change) => ('desired' in change ? [change.desired] : []));
  const body = desired.find(({ ref }) => refKey(ref) === refKey(service))?.body();
  if (body === undefined) return [];
  return desired
    .filter(({ ref }) => ref.namespace === service.namespace && workloads.has(groupKindKey(ref)))
    .filter((workload) => isBehind(workload.body(), body))
    .map(({ ref }) => ref);
}

/** `to` comes before `from`. */
interface Edge {
  readonly from: RefKey;
  readonly to: RefKey;
}

type Edges = ReadonlyMap<RefKey, readonly RefKey[]>;

/** Of edges that would close a cycle the later one is left out. */
function acyclic(edges: readonly Edge[]): Edges {
  const accepted = new Map<RefKey, RefKey[]>();
  for (const { from, to } of edges) {
    if (reaches(accepted, to, from)) continue;
    accepted.set(from, [...(accepted.get(from) ?? []), to]);
  }
  return accepted;
}

function reaches(edges: Edges, start: RefKey, goal: RefKey): boolean {
  const seen = new Set<RefKey>([start]);
  for (const key of seen) {
    if (key === goal) return true;
    for (const next of edges.get(key) ?? []) seen.add(next);
  }
  return false;
}

interface Placing<T> {
  readonly refOf: (item: T) => Ref;
  readonly rank: (ref: Ref) => number;
  readonly edges: Edges;
}

/** Every item is in the batch of its rank, or in one behind all that it needs. */
function inBatches<T>(items: readonly T[], { refOf, rank, edges }: Placing<T>): T[][] {
  const byKey = new Map(items.map((item) => [refKey(refOf(item)), item]));
  const levels = new Map<RefKey, number>();
  const levelOf = (key: RefKey): number => {
    const known = levels.get(key);
    const item = byKey.get(key);
    if (known !== undefined || item === undefined) return known ?? Number.NEGATIVE_INFINITY;
    const behind = (edges.get(key) ?? []).map((needed) => levelOf(needed) + 1);
    const level = Math.max(rank(refOf(item)), ...behind);
    levels.set(key, level);
    return level;
  };
  const batches = Map.groupBy(items, (item) => levelOf(refKey(refOf(item))));
  return [...batches].sort(([a], [b]) => a - b).map(([, batch]) => batch);
}
