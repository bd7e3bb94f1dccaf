import type { Reading } from '../figures.ts';
import type { Member } from '../stage/fleet.ts';
import { filesOf, mapName } from '../stage/fleet.ts';
import { modeChange } from '../stage/foreign.ts';
import { tapCollection } from '../stage/object-tap.ts';
import { isAboutWork, isBodyRead, isLeaseUpdate, isManagedWrite, isStatusWrite, summaryOf } from '../stage/requests.ts';
import type { Fleet } from '../stage/shared-fleet.ts';
import { isSynced } from '../../tools/world.ts';
import { eventually } from '../../tools/eventually.ts';
import type { Bench, Workload } from '../workload.ts';

/** A new process over a fleet in sync, and once more over one in which somebody has changed something meanwhile. */
export const restart: Workload = { name: 'restart', measure };

const driftsMeanwhile = 10;

async function measure(bench: Bench): Promise<readonly Reading[]> {
  const fleet = await bench.fleet();
  const inSync = await restartInSync(bench, fleet);
  return [...inSync, { figure: 'drift made meanwhile, healed after the Lease', unit: 's', value: await healed(fleet) }];
}

async function restartInSync({ say }: Bench, { stage, members }: Fleet): Promise<Reading[]> {
  const { world } = stage;
  await world.stopOperator();
  await world.plane.forgetRequests();
  await stage.launch();
  const looked = await eventually('every Application to be looked at', async () => {
    const runs = (await stage.operator.metric('evenkeel_reconcile_duration_seconds_count')) ?? 0;
    return runs >= members.length && (await stage.operator.metric('evenkeel_queue_depth')) === 0 && Date.now();
  });
  await stage.untilQuiet();
  const requests = await world.requests(isAboutWork);
  say(summaryOf(requests));
  const renders = (await stage.operator.metric('evenkeel_renders_total', { outcome: 'miss' })) ?? 0;
  return [
    { figure: 'converged after the Lease', unit: 's', value: (looked - (await leaseTaken(stage))) / 1000 },
    { figure: 'writes', unit: 'requests', value: requests.filter(isManagedWrite).length },
    { figure: 'status writes', unit: 'requests', value: requests.filter(isStatusWrite).length },
    { figure: 'bodies read', unit: 'requests', value: requests.filter(isBodyRead).length },
    { figure: 'renders', unit: 'renders', value: renders },
    { figure: 'requests', unit: 'requests', value: requests.length },
  ];
}

/** Seconds from the Lease until the last of several foreign changes is taken back. */
async function healed(fleet: Fleet): Promise<number> {
  const { stage, members } = fleet;
  const { world } = stage;
  const touched = members.slice(0, driftsMeanwhile);
  await world.stopOperator();
  const places = touched.map(({ name, namespace }) => ({ namespace, name: mapName(name, 0) }));
  for (const place of places) await modeChange.act(world.plane, place);
  await using tap = await tapCollection(world.plane.api, '/api/v1/configmaps');
  await world.plane.forgetRequests();
  const restored = places.map(async (place) => {
    await tap.when(
      `${place.name} healed`,
      (object) => object.metadata.name === place.name && modeChange.isRestored(object),
    );
    return Date.now();
  });
  await stage.launch();
  const last = Math.max(...(await Promise.all(restored)));
  const taken = await leaseTaken(stage);
  await stage.untilQuiet();
  await syncAnew(fleet, touched);
  return (last - taken) / 1000;
}

/** What was corrected differs from the record until the next sync, so that the next restart would read it. */
async function syncAnew({ stage, shape }: Fleet, touched: readonly Member[]): Promise<void> {
  const value = `restart ${performance.now()}`;
  const files = touched.map((member) => filesOf(shape, member, () => value));
  const revision = await stage.repository.commit(Object.assign({}, ...files) as Record<string, string>, 'anew');
  await stage.notify();
  const names = touched.map(({ name }) => name);
  await stage.applications.untilEach('synced anew', names, ({ status = {} }) => isSynced(status, revision));
  await stage.untilQuiet();
}

/** Milliseconds since the epoch, by the API server's clock, which is that of this machine. */
async function leaseTaken({ world }: Fleet['stage']): Promise<number> {
  const [first] = await world.requests((request) => isLeaseUpdate(request) && request.code < 300);
  if (first === undefined) throw new Error('the operator has no Lease');
  return first.at;
}
