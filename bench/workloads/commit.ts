import type { Reading } from '../figures.ts';
import { BareDeployer } from '../floors/bare-deployer.ts';
import type { Member } from '../stage/fleet.ts';
import { filesOf } from '../stage/fleet.ts';
import { tapCollection } from '../stage/object-tap.ts';
import { isAboutWork, summaryOf } from '../stage/requests.ts';
import type { Fleet } from '../stage/shared-fleet.ts';
import { percentile } from '../statistics.ts';
import { isSynced } from '../../tools/world.ts';
import type { Bench, Workload } from '../workload.ts';

/** Commits that touch one Application each, told by a webhook. */
export const commit: Workload = { name: 'commit', measure };

async function measure(bench: Bench): Promise<readonly Reading[]> {
  const fleet = await bench.fleet();
  const { stage, members } = fleet;
  const { world } = stage;
  await using tap = await tapCollection(world.plane.api, '/api/v1/configmaps');
  const deployer = await BareDeployer.beside(world, stage.repository);
  await world.plane.forgetRequests();
  const before = await renders(fleet);
  // One at the end of the line waits longer than one at its beginning.
  const touched = spread(members, bench.sizes.commits);
  const durations: number[] = [];
  const floors: number[] = [];
  for (const member of touched) {
    const value = `commit ${performance.now()}`;
    const revision = await stage.repository.commit(
      filesOf(fleet.shape, member, (n) => (n === 0 ? value : 'one')),
      'one',
    );
    const live = tap.when(`${member.name} live`, ({ data }) => data?.['value'] === value);
    const began = performance.now();
    await stage.notify();
    durations.push((await live) - began);
    await stage.applications.untilEach('synced', [member.name], ({ status = {} }) => isSynced(status, revision));
    floors.push(await deployer.deploy());
  }
  await stage.untilQuiet();
  const others = (await world.requests(isAboutWork)).filter(({ uri, name }) => !isOf(touched, `${uri} ${name}`));
  if (others.length > 0) bench.say(`requests for others: ${summaryOf(others)}`);
  return [
    { figure: 'p50', unit: 'ms', value: percentile(durations, 50), floor: percentile(floors, 50) },
    { figure: 'p99', unit: 'ms', value: percentile(durations, 99), floor: percentile(floors, 99) },
    { figure: 'renders per commit', unit: 'renders', value: ((await renders(fleet)) - before) / touched.length },
    { figure: 'requests for others', unit: 'requests', value: others.length },
  ];
}

async function renders({ stage }: Fleet): Promise<number> {
  return (await stage.operator.metric('evenkeel_renders_total', { outcome: 'miss' })) ?? 0;
}

/** Events are named by the server; what they are about is not in the audit log. */
function isOf(touched: readonly Member[], words: string): boolean {
  const name = /app-[0-9]{4}/.exec(words)?.[0];
  return words.includes('/events') || touched.some((member) => member.name === name);
}

/** So many of them, as far from each other as can be. */
function spread(members: readonly Member[], count: number): Member[] {
  return members.filter(
    (_, index) => Math.floor((index * count) / members.length) < Math.floor(((index + 1) * count) / members.length),
  );
}
