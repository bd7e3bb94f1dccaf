import type { Reading } from '../figures.ts';
import type { Member } from '../stage/fleet.ts';
import { mapName } from '../stage/fleet.ts';
import type { Place } from '../stage/foreign.ts';
import { modeChange, untilHealed } from '../stage/foreign.ts';
import { tapCollection } from '../stage/object-tap.ts';
import { isAboutWork, isBodyRead, isLeaseUpdate, isManagedWrite, isStatusWrite, summaryOf } from '../stage/requests.ts';
import type { Fleet } from '../stage/shared-fleet.ts';
import type { Bench, Workload } from '../workload.ts';

/** A new process over a fleet in which somebody has changed something meanwhile, and one over what was put back then. */
export const restart: Workload = { name: 'restart', measure };

const drifts = 10;

async function measure(bench: Bench): Promise<readonly Reading[]> {
  const fleet = await bench.fleet();
  const value = await healed(fleet);
  const drift: Reading = { figure: 'drift made meanwhile, healed after the Lease', unit: 's', value };
  await correct(fleet);
  return [...(await restartInSync(bench, fleet)), drift];
}

async function restartInSync({ say }: Bench, { stage, members }: Fleet): Promise<Reading[]> {
  const { world } = stage;
  await world.stopOperator();
  await world.plane.forgetRequests();
  await stage.launch();
  await stage.untilLookedAt(members.length);
  const looked = Date.now();
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
async function healed({ stage, members }: Fleet): Promise<number> {
  const { world } = stage;
  await world.stopOperator();
  const places = placesOf(members.slice(0, drifts));
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
  return (last - taken) / 1000;
}

/** What was corrected is known by its record, too: the restart that comes next does not look at it. */
async function correct({ stage, members }: Fleet): Promise<void> {
  const { plane } = stage.world;
  await using tap = await tapCollection(plane.api, `/api/v1/${modeChange.collection}`);
  for (const place of placesOf(members.slice(-drifts))) await untilHealed(plane, tap, place, modeChange);
  await stage.untilQuiet();
}

function placesOf(members: readonly Member[]): Place[] {
  return members.map(({ name, namespace }) => ({ namespace, name: mapName(name, 0) }));
}

/** Milliseconds since the epoch, by the API server's clock, which is that of this machine. */
async function leaseTaken({ world }: Fleet['stage']): Promise<number> {
  const [first] = await world.requests((request) => isLeaseUpdate(request) && request.code < 300);
  if (first === undefined) throw new Error('the operator has no Lease');
  return first.at;
}
