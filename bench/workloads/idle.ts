import { setTimeout as sleep } from 'node:timers/promises';
import { watchedBy } from '../../tools/control-plane/watched-by.ts';
import type { Reading } from '../figures.ts';
import { isAboutWork, isList, summaryOf } from '../stage/requests.ts';
import { UsageWatch } from '../stage/usage.ts';
import type { Bench, Workload } from '../workload.ts';

/** Nothing happens. */
export const idle: Workload = { name: 'idle', once: true, measure };

const watchAgainSeconds = 300;
const pollSeconds = 30;

async function measure(bench: Bench): Promise<readonly Reading[]> {
  const { stage } = await bench.fleet();
  const { world } = stage;
  await stage.untilQuiet();
  await world.plane.forgetRequests();
  world.git.forgetRequests();
  using usage = new UsageWatch(stage.operator.child.pid);
  const seconds = bench.sizes.idleSeconds;
  await sleep(seconds * 1000);
  const requests = await world.requests();
  const others = requests.filter((request) => isAboutWork(request) && !isPageOfAudit(request.uri, isList(request)));
  if (others.length > 0) bench.say(summaryOf(others));
  const watches = Map.groupBy(
    requests.filter(({ verb }) => verb === 'watch'),
    ({ uri }) => watchedBy(uri),
  );
  const opened = Math.max(0, ...[...watches.values()].map(({ length }) => length));
  return [
    { figure: 'requests', unit: 'requests', value: others.length },
    {
      figure: 'watches opened anew, in 5 minutes',
      unit: 'requests',
      value: opened / Math.ceil(seconds / watchAgainSeconds),
    },
    {
      figure: 'Git polls per interval',
      unit: 'requests',
      value: world.git.count('ls-refs') / Math.ceil(seconds / pollSeconds),
    },
    { figure: 'CPU', unit: '% of a core', value: (100 * usage.cpuSeconds) / seconds },
  ];
}

/** The audit may list by pages. */
function isPageOfAudit(uri: string, list: boolean): boolean {
  return list && uri.includes('limit=');
}
