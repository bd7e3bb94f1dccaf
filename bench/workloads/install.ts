import type { Reading } from '../figures.ts';
import { bareInstall } from '../floors/bare-install.ts';
import { bareRenders } from '../floors/bare-renders.ts';
import type { FleetShape } from '../stage/fleet.ts';
import { membersOf } from '../stage/fleet.ts';
import type { Install } from '../stage/installing.ts';
import { install } from '../stage/installing.ts';
import { startStage } from '../stage/stage.ts';
import type { Bench, Workload } from '../workload.ts';

interface Way {
  readonly name: string;
  readonly form: 'yaml' | 'kustomize';
  readonly preflight: 'All' | 'PerObject';
}

/** Applications of four objects each from one repository, into a cluster that has none of them. */
export const installs: readonly Workload[] = [
  installing({ name: 'install', form: 'yaml', preflight: 'All' }),
  installing({ name: 'install PerObject', form: 'yaml', preflight: 'PerObject' }),
  installing({ name: 'install kustomize', form: 'kustomize', preflight: 'All' }),
];

export const objectsEach = 4;
const connections = { most: 32, own: 8 };
/** The claim, the result, the health and the event of each. */
const requestsPerApplication = 4;

function installing(way: Way): Workload {
  return { name: way.name, measure: (bench) => measure(way, bench) };
}

async function measure({ form, preflight }: Way, { sizes, say }: Bench): Promise<readonly Reading[]> {
  const shape: FleetShape = { applications: sizes.installs[2], objectsEach, form, preflight };
  const floors = await floorsOf(shape);
  say(`floor ${floors.most.toFixed(1)} s, with ${connections.own} connections ${floors.own.toFixed(1)} s`);
  const done = await install(shape);
  say(`installed in ${done.seconds.toFixed(1)} s: ${done.summary}`);
  const { own } = floors;
  return [
    { figure: 'time', unit: 's', value: done.seconds, floor: floors.most },
    { figure: `time, floor with ${connections.own} connections`, unit: 's', value: done.seconds, floor: own },
    { figure: 'requests per object', unit: 'requests', value: requestsPerObject(done, shape) },
    { figure: 'CPU', unit: 'CPU s', value: done.cpuSeconds },
    { figure: 'peak RSS of the operator', unit: 'MiB', value: done.peakMiB },
    { figure: 'peak RSS with children', unit: 'MiB', value: done.peakTreeMiB },
  ];
}

/** Beyond what each Application may cost, and the one list per kind and namespace that objects are created in. */
function requestsPerObject({ requests, lists }: Install, { applications, preflight }: FleetShape): number {
  const allowed = requestsPerApplication * applications + (preflight === 'PerObject' ? lists : 0);
  return (requests - allowed) / (applications * objectsEach);
}

/** In a cluster where the operator is installed and does not run. */
async function floorsOf(shape: FleetShape): Promise<{ most: number; own: number }> {
  await using stage = await startStage();
  const { plane } = stage.world;
  const checked = shape.preflight === 'All';
  const renders = shape.form === 'kustomize' ? await bareRenders(shape, plane.folder) : 0;
  const once = async (width: number): Promise<number> => {
    const members = membersOf(shape, `bare-${width}`);
    await stage.createNamespaces(members);
    await stage.declare(shape, members);
    return renders + (await bareInstall(plane, { shape, members }, { connections: width, checked }));
  };
  return { most: await once(connections.most), own: await once(connections.own) };
}
