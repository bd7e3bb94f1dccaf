import type { FleetShape } from './fleet.ts';
import { isAboutWork, isList, summaryOf } from './requests.ts';
import { startStage } from './stage.ts';
import { UsageWatch } from './usage.ts';

export interface Install {
  /** From the first Application that is declared to the last that is in sync and ready. */
  readonly seconds: number;
  /** Without Lease, watches and discovery. */
  readonly requests: number;
  readonly lists: number;
  /** What the requests were. */
  readonly summary: string;
  readonly cpuSeconds: number;
  readonly peakMiB: number;
  readonly peakTreeMiB: number;
}

/** Installs a fleet into a new cluster under an operator that was at rest. */
export async function install(shape: FleetShape): Promise<Install> {
  await using stage = await startStage();
  const members = await stage.prepare(shape);
  await stage.start();
  await stage.world.plane.forgetRequests();
  using usage = new UsageWatch(stage.operator.child.pid);
  const began = performance.now();
  await stage.declare(shape, members);
  const names = members.map(({ name }) => name);
  const ended = await stage.applications.untilEach('synced', names);
  await stage.untilQuiet();
  const requests = await stage.world.requests(isAboutWork);
  return {
    seconds: (ended - began) / 1000,
    requests: requests.length,
    lists: requests.filter(isList).length,
    summary: summaryOf(requests),
    cpuSeconds: usage.cpuSeconds,
    peakMiB: usage.peakMiB,
    peakTreeMiB: usage.peakTreeMiB,
  };
}
