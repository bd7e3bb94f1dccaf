import type { Claims, Records } from '../diff/diff.ts';
import type { Cluster } from '../kube/cluster.ts';
import { ApiError } from '../model/api-error.ts';
import type { ApplicationKey, Installation } from '../model/installation.ts';
import { applicationKey, applicationsOf } from '../model/installation.ts';
import { isInventoryOf } from '../model/inventory.ts';
import { stringAt } from '../model/json.ts';
import type { GroupKind, KubeObject, RefKey } from '../model/object.ts';
import { refKey } from '../model/object.ts';
import type { RecordEntry } from '../model/record.ts';
import { wasWritten } from '../model/record.ts';
import { knownApplication } from './application.ts';
import { applicationKind, inventoryKind } from './connection.ts';

/** Every Application of an installation that can be seen, by key, with its objects. */
export type Neighbours = ReadonlyMap<ApplicationKey, readonly RecordEntry[]>;

/**
 * What the Applications of an installation have on record. Throws ApiError, `forbidden` for who may not list them in
 * all namespaces.
 */
export async function readNeighbours(
  cluster: Cluster,
  installation: Installation,
  signal: AbortSignal,
): Promise<Neighbours> {
  const applications = await listed(cluster, applicationKind, { labelSelector: applicationsOf(installation), signal });
  const inventories = await listed(cluster, inventoryKind, { signal });
  const byOwner = Map.groupBy(inventories, (object) => keyOf(object, isInventoryOf(object) ?? ''));
  return new Map(
    applications.map((object) => {
      const key = keyOf(object, object.metadata.name);
      return [key, knownApplication(object, byOwner.get(key)).record ?? []] as const;
    }),
  );
}

async function listed(
  cluster: Cluster,
  kind: GroupKind,
  options: Parameters<Cluster['list']>[1],
): Promise<KubeObject[]> {
  const served = cluster.kinds.find(kind);
  if (served.state !== 'served')
    throw new ApiError(`the cluster does not serve ${kind.kind}.${kind.group}`, { kind: 'notServed', status: 404 });
  const items: KubeObject[] = [];
  for await (const page of cluster.list(served.kind, options)) items.push(...page.items);
  return items;
}

/** The Inventories of one Application; those of others do no harm. */
export function inventoriesOf(application: KubeObject, cluster: Cluster, signal: AbortSignal): Promise<KubeObject[]> {
  const namespace = stringAt(application.metadata, 'namespace') ?? '';
  return listed(cluster, inventoryKind, { namespace, signal });
}

function keyOf(object: KubeObject, name: string): ApplicationKey {
  return applicationKey(stringAt(object.metadata, 'namespace') ?? '', name);
}

/**
 * What the other Applications say about objects, as their records tell.
 * Caveats: which objects they desire at present only the operator knows: one that is on the record of another counts as
 * desired by it, and one that another desires for the first time is not known.
 */
export function claimsOf(key: ApplicationKey, neighbours: Neighbours): Claims {
  const [claimed, recorded] = [new Map<RefKey, ApplicationKey>(), new Map<RefKey, ApplicationKey>()];
  for (const [other, entries] of neighbours) {
    if (other === key) continue;
    for (const entry of entries) {
      claimed.set(refKey(entry.ref), other);
      if (wasWritten(entry)) recorded.set(refKey(entry.ref), other);
    }
  }
  return { claimedBy: (ref) => claimed.get(refKey(ref)), recordedBy: (ref) => recorded.get(refKey(ref)) };
}

export function recordsOf(neighbours: Neighbours): Records {
  const all = [...neighbours.values()].flat();
  return {
    sizeOf: (key) => neighbours.get(key)?.length ?? 0,
    sizeIn: (namespace) => all.filter(({ ref }) => ref.namespace === namespace).length,
  };
}
