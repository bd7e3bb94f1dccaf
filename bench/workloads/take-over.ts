import { applications } from '../../tools/world.ts';
import type { Reading } from '../figures.ts';
import { tapCollection } from '../stage/object-tap.ts';
import type { Fleet } from '../stage/shared-fleet.ts';
import type { Bench, Workload } from '../workload.ts';

/** A commit that arrives while the one before waits for a Deployment that never comes up. */
export const takeOver: Workload = { name: 'take-over', measure };

const namespace = 'default';

async function measure(bench: Bench): Promise<readonly Reading[]> {
  const { stage } = await bench.fleet();
  const name = `waiting-${Math.round(performance.now())}`;
  await using tap = await tapCollection(stage.world.plane.api, `/api/v1/namespaces/${namespace}/configmaps`);
  await stage.repository.commit(files(name, 'one'), 'waits');
  await stage.declare({ applications: 1, objectsEach: 2 }, [{ index: 0, name, namespace }]);
  await stage.applications.untilEach('waiting for the Deployment', [name], ({ status }) => {
    return status?.operationState?.phase === 'Running' && status.health?.status === 'Progressing';
  });
  await stage.repository.commit(files(name, 'two'), 'takes over');
  const live = tap.when(
    'the newer commit live',
    ({ metadata, data }) => metadata.name === name && data?.['value'] === 'two',
  );
  const began = performance.now();
  await stage.notify();
  const value = (await live) - began;
  await remove(stage, name);
  return [{ figure: 'newer commit live', unit: 'ms', value }];
}

/** Nothing is scheduled here, so no replica ever runs. */
function files(name: string, value: string): Record<string, string> {
  const labels = { app: name };
  const deployment = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name },
    spec: {
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [{ name: 'web', image: 'example.invalid/web:1.0.0' }] } },
    },
  };
  const configMap = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data: { value } };
  const after = { ...deployment, metadata: { name: `${name}-after`, annotations: { 'evenkeel.dev/sync-wave': '1' } } };
  const manifests = [configMap, deployment, after].map((object) => JSON.stringify(object));
  return { [`apps/${name}/all.yaml`]: manifests.join('\n---\n') };
}

/** Its objects stay: there is no finalizer. */
async function remove({ world }: Fleet['stage'], name: string): Promise<void> {
  await world.plane.api.must({ method: 'DELETE', path: `${applications}/${name}` });
}
