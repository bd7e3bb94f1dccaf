import { eventually } from '../eventually.ts';
import type { World } from '../world.ts';
import { duration } from './facts.ts';
import type { Told } from './narrator.ts';
import { must } from './narrator.ts';
import type { Scene } from './scene.ts';

/** Starts it and waits until it may write. */
export async function operatorStarts(world: World): Promise<Told> {
  const since = performance.now();
  await world.startOperator();
  await untilLeader(world);
  const took = duration(performance.now() - since);
  return { fact: `process ${world.operator.child.pid} holds the Lease after ${took}, with the chart's ServiceAccount` };
}

/** Killed as when a node dies; its successor finds everything as it should be, and writes nothing. */
export async function restartWritesNothing({ world }: Scene): Promise<Told> {
  await world.killOperator();
  await world.plane.forgetRequests();
  const since = performance.now();
  await world.startOperator();
  await untilLeader(world);
  await eventually('the new operator to have compared everything', async () => {
    const runs = await world.operator.metric('evenkeel_reconcile_duration_seconds_count', { outcome: 'settled' });
    const looks = await world.operator.metric('evenkeel_git_polls_total', { outcome: 'unchanged' });
    return (runs ?? 0) >= 1 && (looks ?? 0) >= 2;
  });
  const took = duration(performance.now() - since);
  const writes = await world.managedWrites();
  must(writes.length === 0, `it wrote: ${writes.map(({ verb, uri }) => `${verb} ${uri}`).join(', ')}`);
  await world.untilSynced('guestbook');
  const requests = (await world.requests()).length;
  return {
    fact: `killed by SIGKILL; within ${took} its successor compared everything and wrote to ${writes.length} managed objects (audit log: ${requests} requests)`,
  };
}

/** What each line must look like; the values are those of this story. */
const wanted: readonly RegExp[] = [
  /^evenkeel_application_info\{.*name="guestbook".*sync_status="Synced".*\} 1$/,
  /^evenkeel_application_objects\{.*name="guestbook".*state="objects".*\} [1-9]/,
  /^evenkeel_drift_corrected_total\{.*\} [1-9]/,
  /^evenkeel_drift_correction_seconds_sum /,
  /^evenkeel_git_polls_total\{outcome="unchanged"\} [1-9]/,
  /^evenkeel_leader 1$/,
  /^evenkeel_bugs_total 0$/,
];

export async function metricsAreServed({ world }: Scene): Promise<Told> {
  const lines = (await world.operator.get('/metrics')).body.split('\n').filter((line) => /^[a-z]/.test(line));
  const found = wanted.map((pattern) => {
    const line = lines.find((candidate) => pattern.test(candidate));
    must(line !== undefined, `no line of /metrics matches ${String(pattern)}`);
    return line;
  });
  return { fact: `${lines.length} series at ${world.operator.url}/metrics, among them`, details: found };
}

async function untilLeader({ operator }: World): Promise<void> {
  await eventually('the operator to hold the Lease', async () => (await operator.metric('evenkeel_leader')) === 1);
}
