import type { AuditRequest, ControlPlane } from '../../tools/control-plane/control-plane.ts';
import { isOwnBookkeeping } from '../../tools/world.ts';
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
  const { plane } = stage.world;
  await plane.forgetRequests();
  const appliedBefore = await appliesCounted(plane);
  using usage = new UsageWatch(stage.operator.child.pid);
  const began = performance.now();
  await stage.declare(shape, members);
  const names = members.map(({ name }) => name);
  const ended = await stage.applications.untilEach('synced', names);
  await stage.untilQuiet();
  const requests = await stage.world.requests(isAboutWork);
  const cpuSeconds = usage.cpuSeconds;
  checkCount(requests, (await appliesCounted(plane)) - appliedBefore);
  return {
    seconds: (ended - began) / 1000,
    requests: requests.length,
    lists: requests.filter(isList).length,
    summary: summaryOf(requests),
    cpuSeconds,
    peakMiB: usage.peakMiB,
    peakTreeMiB: usage.peakTreeMiB,
  };
}

/** The audit log is what is counted from: the server's own count of applies to managed objects has to agree with it. */
function checkCount(requests: readonly AuditRequest[], counted: number): void {
  const audited = requests.filter((request) => request.verb === 'patch' && !isOwnBookkeeping(request)).length;
  if (audited !== counted)
    throw new Error(`the audit log has ${audited} applies, apiserver_request_total counts ${counted}`);
}

const applyOf = /^apiserver_request_total\{(?=.*verb="APPLY").*\} (?<count>[0-9.e+]+)$/gm;

/** Server-Side Applies to anything that is not the operator's own, dry runs included, since the server's start. */
async function appliesCounted(plane: ControlPlane): Promise<number> {
  const text = String(await plane.api.must({ path: '/metrics' }));
  return [...text.matchAll(applyOf)]
    .filter(([line]) => !isOwnBookkeeping({ group: labelOf(line, 'group'), resource: labelOf(line, 'resource') }))
    .reduce((sum, { groups }) => sum + Number(groups?.['count']), 0);
}

function labelOf(line: string, name: string): string {
  return new RegExp(`[{,]${name}="([^"]*)"`).exec(line)?.[1] ?? '';
}
