import type { Figure, Reading } from './figures.ts';
import { figuresOf } from './figures.ts';
import type { Sizes } from './sizes.ts';
import { SharedFleet } from './stage/shared-fleet.ts';
import type { Bench, Workload } from './workload.ts';

export interface SuiteResult {
  readonly figures: readonly Figure[];
  /** Of the workloads that ended with an error, which measured nothing. */
  readonly failures: readonly { readonly workload: string; readonly error: unknown }[];
}

export interface Listener {
  readonly say: (line: string) => void;
  /** After each workload: what there is until then. A suite takes long, and may never end. */
  readonly measured: (result: SuiteResult) => Promise<void>;
}

/** Measures one workload after the other; one that fails does not keep the others from being measured. */
export async function runSuite(
  workloads: readonly Workload[],
  sizes: Sizes,
  { say, measured }: Listener,
): Promise<SuiteResult> {
  await using fleet = new SharedFleet(sizes);
  const bench: Bench = { sizes, say, fleet: () => fleet.get() };
  const figures: Figure[] = [];
  const failures: SuiteResult['failures'][number][] = [];
  for (const workload of workloads) {
    try {
      figures.push(...figuresOf(workload.name, await repeat(workload, bench)));
    } catch (error) {
      failures.push({ workload: workload.name, error });
    }
    await measured({ figures, failures });
  }
  return { figures, failures };
}

/** The warm-up is measured like the others and forgotten. */
async function repeat(workload: Workload, bench: Bench): Promise<(readonly Reading[])[]> {
  const { warmUps, runs } = workload.once === true ? { warmUps: 0, runs: 1 } : bench.sizes;
  const readings: (readonly Reading[])[] = [];
  for (let run = 1; run <= warmUps + runs; run += 1) {
    const what = run <= warmUps ? 'warm-up' : `run ${run - warmUps} of ${runs}`;
    bench.say(`${workload.name}: ${what}`);
    readings.push(await workload.measure(bench));
  }
  return readings.slice(warmUps);
}
