import type { Reading } from '../figures.ts';
import type { FleetShape, Member } from '../stage/fleet.ts';
import { mapName } from '../stage/fleet.ts';
import { modeChange } from '../stage/foreign.ts';
import { inParallel } from '../stage/in-parallel.ts';
import { isAboutWork, summaryOf } from '../stage/requests.ts';
import type { TappedObject } from '../stage/object-tap.ts';
import { tapCollection } from '../stage/object-tap.ts';
import { Scrapes } from '../stage/scrapes.ts';
import type { Stage } from '../stage/stage.ts';
import { startStage } from '../stage/stage.ts';
import { UsageWatch } from '../stage/usage.ts';
import type { Bench, Workload } from '../workload.ts';

/** Many ConfigMaps: first sync, at rest, a storm of foreign changes, at rest again, a restart. */
export const memory: Workload = { name: 'memory', once: true, measure };

const width = 32;
/** A slow machine is to be measured, too. */
const patienceMs = 30 * 60_000;

async function measure({ sizes, say }: Bench): Promise<readonly Reading[]> {
  const { storm, ...rest } = sizes.memory;
  const shape: FleetShape = { ...rest, onlyConfigMaps: true, preflight: 'PerObject' };
  const objects = shape.applications * shape.objectsEach;
  await using stage = await startStage();
  const members = await stage.prepare(shape);
  await stage.start();
  const empty = await stage.restingMiB();
  const first = await phase(stage, 'first sync', () => sync(stage, shape, members));
  const steady = await stage.restingMiB();
  say(`first sync: ${first.summary}`);
  const stormed = await phase(stage, 'storm', () => changeMany(stage, members, shape, storm));
  const plateau = await stage.restingMiB();
  say(`storm: ${stormed.summary}`);
  await stage.world.stopOperator();
  await stage.launch();
  const restarted = await phase(stage, 'restart', () => stage.untilLookedAt(members.length));
  say(`restart: ${restarted.summary}`);
  return [
    ...first.readings,
    { figure: 'at rest, RSS', unit: 'MiB', value: steady },
    { figure: 'at rest, per object', unit: 'KiB', value: ((steady - empty) * 1024) / objects },
    ...stormed.readings,
    { figure: 'after the storm, beside before', unit: 'MiB', value: plateau, floor: steady },
    ...restarted.readings,
    { figure: 'after the restart, RSS', unit: 'MiB', value: await stage.restingMiB() },
  ];
}

interface Phase {
  readonly readings: readonly Reading[];
  readonly summary: string;
}

/** What the operator takes while it does the work and until it is at rest. */
async function phase(stage: Stage, name: string, work: () => Promise<unknown>): Promise<Phase> {
  await stage.world.plane.forgetRequests();
  using usage = new UsageWatch(stage.operator.child.pid);
  await using scrapes = new Scrapes(stage.operator);
  const began = performance.now();
  await work();
  await scrapes.end();
  const seconds = (performance.now() - began) / 1000;
  await stage.untilQuiet();
  const requests = await stage.world.requests(isAboutWork);
  return {
    summary: summaryOf(requests),
    readings: [
      { figure: `${name}, time`, unit: 's', value: seconds },
      { figure: `${name}, requests`, unit: 'requests', value: requests.length },
      { figure: `${name}, peak RSS`, unit: 'MiB', value: usage.peakMiB },
      { figure: `${name}, CPU`, unit: 'CPU s', value: usage.cpuSeconds },
      { figure: `${name}, longest block of the event loop`, unit: 'ms', value: scrapes.longestBlockMs },
    ],
  };
}

async function sync(stage: Stage, shape: FleetShape, members: readonly Member[]): Promise<void> {
  await stage.declare(shape, members);
  const names = members.map(({ name }) => name);
  await stage.applications.untilEach('synced', names);
}

/** As many changes as there can be at once; resolves when the last is taken back. */
async function changeMany(stage: Stage, members: readonly Member[], shape: FleetShape, count: number): Promise<void> {
  const { plane } = stage.world;
  const each = Math.ceil(count / members.length);
  const places = members.flatMap(({ name, namespace }) =>
    Array.from({ length: Math.min(each, shape.objectsEach) }, (_, number) => ({
      namespace,
      name: mapName(name, number),
    })),
  );
  await using tap = await tapCollection(plane.api, '/api/v1/configmaps');
  const open = new Set(places.map(({ name }) => name));
  const changed = new Set<string>();
  const isHealed = (object: TappedObject): boolean => {
    const { name } = object.metadata;
    if (modeChange.isChanged(object)) changed.add(name);
    else if (changed.has(name) && modeChange.isRestored(object)) open.delete(name);
    return open.size === 0;
  };
  const healed = tap.when('everything healed', isHealed, patienceMs);
  await inParallel(places, width, (place) => modeChange.act(plane, place));
  await healed;
}
