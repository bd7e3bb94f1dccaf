import type { Reading } from '../figures.ts';
import { bareCorrections } from '../floors/bare-correction.ts';
import type { Member } from '../stage/fleet.ts';
import { mapName, mapsEach } from '../stage/fleet.ts';
import type { ForeignAct, Place } from '../stage/foreign.ts';
import { modeChange, portChange, untilHealed } from '../stage/foreign.ts';
import { tapCollection } from '../stage/object-tap.ts';
import { isBodyRead, isManagedWrite, isStatusWrite } from '../stage/requests.ts';
import type { Fleet } from '../stage/shared-fleet.ts';
import type { Stage } from '../stage/stage.ts';
import { percentile } from '../statistics.ts';
import { eventually } from '../../tools/eventually.ts';
import type { AuditRequest } from '../../tools/control-plane/control-plane.ts';
import type { Bench, Workload } from '../workload.ts';

/** Foreign changes of fields that are ours, one after the other, each of another object. */
export const drift: Workload = { name: 'drift', measure };

const bareRepeats = 30;
/** Status tells of drift at most so often. */
const toldEveryMs = 5_000;

async function measure(bench: Bench): Promise<readonly Reading[]> {
  const fleet = await bench.fleet();
  const { plane } = fleet.stage.world;
  const floors = await bareCorrections(plane, bareRepeats);
  const maps = await play(fleet, modeChange, mapsOf(fleet, bench.sizes.drifts));
  const services = await play(fleet, portChange, fleet.members.slice(0, bench.sizes.drifts));
  return [
    latency('p50', maps.durations, 50, percentile(floors, 50)),
    latency('p99', maps.durations, 99, percentile(floors, 99)),
    ...maps.readings,
    latency('port number, p50', services.durations, 50),
    latency('port number, p99', services.durations, 99),
    ...services.readings.map((reading) => ({ ...reading, figure: `port number, ${reading.figure}` })),
  ];
}

function latency(figure: string, durations: readonly number[], percent: number, floor?: number): Reading {
  return { figure, unit: 'ms', value: percentile(durations, percent), floor };
}

/** Several of one Application in a row, so that there is something to coalesce. */
function mapsOf({ shape, members }: Fleet, count: number): Place[] {
  const each = Array.from({ length: mapsEach(shape) }, (_, number) => number);
  return members
    .flatMap(({ name, namespace }) => each.map((number) => ({ namespace, name: mapName(name, number) })))
    .slice(0, count);
}

async function play(
  { stage, members }: Fleet,
  act: ForeignAct,
  places: readonly Place[],
): Promise<{ durations: number[]; readings: Reading[] }> {
  const { plane } = stage.world;
  await using tap = await tapCollection(plane.api, `/api/v1/${act.collection}`);
  await plane.forgetRequests();
  const durations: number[] = [];
  for (const place of places) durations.push(await untilHealed(plane, tap, place, act));
  await stage.untilQuiet();
  const untold = await untoldOf(stage, places, act);
  const requests = await stage.world.requests();
  return { durations, readings: [...costs(requests, act, members), reading('not told in status', untold)] };
}

/** Places that no status names, with who it was, after the seconds in which drift is coalesced. */
async function untoldOf(stage: Stage, places: readonly Place[], { manager }: ForeignAct): Promise<number> {
  const count = (): number => {
    const told = stage.applications.all.flatMap(({ status }) => status?.drift ?? []);
    const names = new Set(told.filter((one) => one.manager === manager).map(({ name }) => name));
    return places.filter(({ name }) => !names.has(name)).length;
  };
  const patience = { within: 3 * toldEveryMs };
  await eventually('status to tell of all drift', () => count() === 0, patience).catch(() => undefined);
  return count();
}

function reading(figure: string, value: number): Reading {
  return { figure, unit: 'requests', value };
}

function costs(requests: readonly AuditRequest[], { collection }: ForeignAct, members: readonly Member[]): Reading[] {
  const about = Map.groupBy(
    requests.filter(({ resource, verb, name }) => resource === collection && verb !== 'watch' && name !== ''),
    ({ namespace, name }) => `${namespace}/${name}`,
  );
  const most = (counts: (one: AuditRequest) => boolean): number =>
    Math.max(0, ...[...about.values()].map((all) => all.filter(counts).length));
  return [
    reading('reads per correction, most', most(isBodyRead)),
    reading('writes per correction, most', most(isManagedWrite)),
    reading('status writes within 5 s, most', mostStatusWrites(requests, members)),
  ];
}

/** Of one Application in any five seconds. */
function mostStatusWrites(requests: readonly AuditRequest[], members: readonly Member[]): number {
  const writes = Map.groupBy(requests.filter(isStatusWrite), ({ name }) => name);
  const counts = members.flatMap(({ name }) => {
    const times = (writes.get(name) ?? []).map(({ at }) => at);
    return times.map((from) => times.filter((at) => at >= from && at < from + toldEveryMs).length);
  });
  return Math.max(0, ...counts);
}
