import type { Reading } from '../figures.ts';
import { filesOf, mapName, mapsEach } from '../stage/fleet.ts';
import { modeChange, untilHealed } from '../stage/foreign.ts';
import { tapCollection } from '../stage/object-tap.ts';
import { isManagedWrite } from '../stage/requests.ts';
import { percentile } from '../statistics.ts';
import { isSynced } from '../../tools/world.ts';
import { eventually } from '../../tools/eventually.ts';
import type { Bench, Workload } from '../workload.ts';

/** Foreign changes while a commit that touches every Application is being applied. */
export const lane: Workload = { name: 'lane', measure };

/** The commit changes every ConfigMap of each Application but the last, which is what others change. */
async function measure(bench: Bench): Promise<readonly Reading[]> {
  const { stage, shape, members } = await bench.fleet();
  const { plane } = stage.world;
  const last = mapsEach(shape) - 1;
  const value = `lane ${performance.now()}`;
  const files = members.map((member) => filesOf(shape, member, (number) => (number === last ? 'one' : value)));
  const revision = await stage.repository.commit(Object.assign({}, ...files) as Record<string, string>, 'all');
  await using tap = await tapCollection(plane.api, '/api/v1/configmaps');
  await plane.forgetRequests();
  const began = performance.now();
  await stage.notify();
  await eventually('the sync to write', async () => (await stage.world.requests(isManagedWrite)).length > 0, {
    every: 5,
  });
  const sync = { ended: 0 };
  const synced = stage.applications
    .untilEach(
      'synced anew',
      members.map(({ name }) => name),
      ({ status = {} }) => isSynced(status, revision),
    )
    .then((at) => (sync.ended = at));
  const durations: number[] = [];
  for (const { name, namespace } of members) {
    if (sync.ended > 0) break;
    durations.push(await untilHealed(plane, tap, { namespace, name: mapName(name, last) }, modeChange));
  }
  const ended = await synced;
  await stage.untilQuiet();
  bench.say(`${durations.length} corrections during a sync of ${((ended - began) / 1000).toFixed(1)} s`);
  return [
    { figure: 'p50', unit: 'ms', value: percentile(durations, 50) },
    { figure: 'p99', unit: 'ms', value: percentile(durations, 99) },
    { figure: 'sync of all', unit: 's', value: (ended - began) / 1000 },
  ];
}
