import type { Reading } from '../figures.ts';
import { startStage } from '../stage/stage.ts';
import { sharedOnceMiB } from '../stage/usage.ts';
import type { Workload } from '../workload.ts';

/** An operator that leads and has no Application. */
export const empty: Workload = { name: 'empty', measure };

async function measure(): Promise<readonly Reading[]> {
  await using stage = await startStage();
  await stage.start();
  const { pid } = stage.operator.child;
  return [
    { figure: 'RSS of the operator', unit: 'MiB', value: await stage.restingMiB() },
    { figure: 'PSS with children', unit: 'MiB', value: sharedOnceMiB(pid) },
  ];
}
