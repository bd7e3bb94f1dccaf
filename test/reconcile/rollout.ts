import type { JsonObject } from '../../src/model/json.ts';
import { objectAt } from '../../src/model/json.ts';
import type { KubeObject, Ref } from '../../src/model/object.ts';
import { refOf, uidOf } from '../../src/model/object.ts';
import type { FakeCluster } from '../fakes/cluster.ts';
import type { Stage } from './stage.ts';

export const deploymentRef: Ref = { group: 'apps', kind: 'Deployment', namespace: 'shop', name: 'web' };

/** The Deployment `web` as it is in Git. */
export function deployment(replicas = 2): KubeObject {
  const labels = { app: 'web' };
  const containers = [{ name: 'main', image: 'web:1' }];
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web', namespace: 'shop' },
    spec: { replicas, selector: { matchLabels: labels }, template: { metadata: { labels }, spec: { containers } } },
  };
}

/** The controller's word about it. */
export function reportStatus(cluster: FakeCluster, available: number, more: JsonObject = {}): void {
  const by = { manager: 'kube-controller-manager', subresource: 'status' } as const;
  cluster.edit(
    deploymentRef,
    (object) => {
      const { generation } = object.metadata as JsonObject;
      const replicas = objectAt(object, 'spec')['replicas'] ?? 1;
      const counts = { replicas, updatedReplicas: replicas, availableReplicas: available };
      return { ...object, status: { observedGeneration: generation ?? 1, ...counts, ...more } };
    },
    by,
  );
}

export const deadlineExceeded: JsonObject = {
  conditions: [
    {
      type: 'Progressing',
      status: 'False',
      reason: 'ProgressDeadlineExceeded',
      message: 'ReplicaSet "web-1" has timed out progressing.',
    },
  ],
};

/** Its ReplicaSet, and Pods with this status. */
export function seedPods(cluster: FakeCluster, statuses: readonly JsonObject[]): void {
  const owner = cluster.peek(deploymentRef);
  if (owner === undefined) throw new Error('there is no Deployment');
  const set = cluster.seed(owned({ apiVersion: 'apps/v1', kind: 'ReplicaSet', metadata: { name: 'web-1' } }, owner));
  for (const [index, status] of statuses.entries()) cluster.seed(podOf(set, `web-1-${index}`, status));
}

export function podOf(owner: KubeObject, name: string, status: JsonObject): KubeObject {
  const spec = { nodeName: 'node-1', containers: [{ name: 'main', image: 'web:1' }] };
  return owned({ apiVersion: 'v1', kind: 'Pod', metadata: { name }, spec, status }, owner);
}

function owned(object: KubeObject, owner: KubeObject): KubeObject {
  const { kind } = refOf(owner);
  const reference = { apiVersion: 'apps/v1', kind, name: owner.metadata.name, uid: uidOf(owner), controller: true };
  const metadata = { ...object.metadata, namespace: 'shop', labels: { app: 'web' }, ownerReferences: [reference] };
  return { ...object, metadata };
}

export const imageMissing: JsonObject = {
  phase: 'Pending',
  containerStatuses: [
    {
      name: 'main',
      image: 'web:1',
      ready: false,
      restartCount: 0,
      state: {
        waiting: {
          reason: 'ErrImagePull',
          message:
            'rpc error: code = NotFound desc = failed to pull and unpack image "docker.io/library/web:1": failed to resolve reference "docker.io/library/web:1": docker.io/library/web:1: not found',
        },
      },
    },
  ],
};

export const crashing: JsonObject = {
  phase: 'Running',
  containerStatuses: [
    {
      name: 'main',
      image: 'web:1',
      ready: false,
      restartCount: 4,
      state: { waiting: { reason: 'CrashLoopBackOff', message: 'back-off 1m20s restarting failed container=main' } },
      lastState: { terminated: { exitCode: 3, reason: 'Error' } },
    },
  ],
};

/** Synced, with a Deployment that has not started yet. */
export async function deployed(stage: Stage, spec: JsonObject = {}, others: readonly KubeObject[] = []): Promise<void> {
  stage.repository.commit({ shop: [deployment(), ...others] });
  stage.apply('shop', { spec: { syncPolicy: { automated: {} }, ...spec } });
  await stage.start();
  await stage.quiet();
  reportStatus(stage.cluster, 0);
  await stage.quiet();
}
