import type { Reading } from '../figures.ts';
import { inParallel } from '../stage/in-parallel.ts';
import { isAboutWork, isBodyRead, isDryRun, isList, isManagedWrite, summaryOf } from '../stage/requests.ts';
import type { AuditRequest } from '../../tools/control-plane/control-plane.ts';
import type { Bench, Workload } from '../workload.ts';

/** Every Application compared in full with the cluster, where nothing differs. */
export const comparison: Workload = { name: 'comparison', measure };

const refresh = 'evenkeel.dev/refresh';
const width = 16;

async function measure(bench: Bench): Promise<readonly Reading[]> {
  const { stage, shape, members } = await bench.fleet();
  const { world } = stage;
  await world.plane.forgetRequests();
  const began = performance.now();
  await inParallel(members, width, ({ name }) => world.annotate(name, { [refresh]: 'hard' }));
  const names = members.map(({ name }) => name);
  const ended = await stage.applications.untilEach(
    'compared',
    names,
    ({ metadata }) => metadata.annotations?.[refresh] === undefined,
  );
  await stage.untilQuiet();
  const requests = await world.requests(isAboutWork);
  bench.say(summaryOf(requests));
  const count = (figure: string, counts: (request: AuditRequest) => boolean): Reading => {
    return { figure, unit: 'requests', value: requests.filter(counts).length };
  };
  const looks = requests.filter((request) => isBodyRead(request) || isList(request)).length;
  return [
    { figure: 'time', unit: 's', value: (ended - began) / 1000 },
    count('writes', isManagedWrite),
    count('dry-runs', isDryRun),
    { figure: 'reads per object', unit: 'requests', value: looks / (shape.applications * shape.objectsEach) },
  ];
}
