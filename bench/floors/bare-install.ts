import { stringAt } from '../../src/model/json.ts';
import type { KubeObject } from '../../src/model/object.ts';
import type { ControlPlane } from '../../tools/control-plane/control-plane.ts';
import { applications } from '../../tools/world.ts';
import type { FleetShape, Member } from '../stage/fleet.ts';
import { objectsOf } from '../stage/fleet.ts';
import { inParallel } from '../stage/in-parallel.ts';

/** What a client needs that knows everything beforehand and looks at nothing. */
export interface BareClient {
  readonly connections: number;
  /** An unforced dry-run before each write, as the default preflight makes it. */
  readonly checked: boolean;
}

/** Where objects of these kinds are. */
const resources: Readonly<Record<string, string>> = {
  Deployment: 'deployments',
  ServiceAccount: 'serviceaccounts',
  Service: 'services',
  ConfigMap: 'configmaps',
};

/** Seconds for all objects and one status of each Application; namespaces and Applications are there already. */
export async function bareInstall(
  plane: ControlPlane,
  fleet: { readonly shape: FleetShape; readonly members: readonly Member[] },
  { connections, checked }: BareClient,
): Promise<number> {
  const began = performance.now();
  await inParallel(fleet.members, connections, async (member) => {
    for (const object of objectsOf(fleet.shape, member)) {
      if (checked) await applyObject(plane, object, '&dryRun=All');
      await applyObject(plane, object, '&force=true');
    }
    await writeStatus(plane, member.name);
  });
  return (performance.now() - began) / 1000;
}

export async function applyObject(plane: ControlPlane, object: KubeObject, parameters: string): Promise<void> {
  await plane.api.must({
    method: 'PATCH',
    path: `${pathOf(object)}?fieldManager=bare${parameters}`,
    contentType: 'application/apply-patch+yaml',
    body: object,
  });
}

function pathOf({ apiVersion, kind, metadata }: KubeObject): string {
  const root = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  return `${root}/namespaces/${stringAt(metadata, 'namespace') ?? 'default'}/${resources[kind] ?? ''}/${metadata['name']}`;
}

async function writeStatus(plane: ControlPlane, name: string): Promise<void> {
  const time = '2026-03-01T10:00:00Z';
  const ready = { type: 'Ready', status: 'True', reason: 'Succeeded', message: '', lastTransitionTime: time };
  await plane.api.must({
    method: 'PATCH',
    path: `${applications}/${name}/status`,
    contentType: 'application/merge-patch+json',
    body: { status: { sync: { status: 'Synced', revision: 'bare' }, conditions: [ready] } },
  });
}
