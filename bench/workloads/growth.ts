import type { Reading } from '../figures.ts';
import type { Install } from '../stage/installing.ts';
import { install } from '../stage/installing.ts';
import { exponent } from '../statistics.ts';
import type { Bench, Workload } from '../workload.ts';
import { objectsEach } from './install.ts';

/** The same install at three sizes: what grows faster than what is installed? */
export const growth: Workload = { name: 'growth', once: true, measure };

async function measure({ sizes, say }: Bench): Promise<readonly Reading[]> {
  const installs: (Install & { readonly applications: number })[] = [];
  for (const applications of sizes.installs) {
    const done = await install({ applications, objectsEach });
    say(`${applications} Applications: ${done.seconds.toFixed(2)} s, ${done.summary}`);
    installs.push({ applications, ...done });
  }
  const of = (cost: (done: Install) => number): number =>
    exponent(installs.map((done) => ({ size: done.applications, cost: cost(done) })));
  return [
    { figure: 'time', unit: 'exponent', value: of(({ seconds }) => seconds) },
    { figure: 'requests', unit: 'exponent', value: of(({ requests }) => requests) },
    { figure: 'CPU', unit: 'exponent', value: of(({ cpuSeconds }) => cpuSeconds) },
    ...installs.map(({ applications, seconds }): Reading => {
      return { figure: `time of ${applications} Applications`, unit: 's', value: seconds };
    }),
  ];
}
