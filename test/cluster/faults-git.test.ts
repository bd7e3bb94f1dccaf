import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { eventually } from '../../tools/eventually.ts';
import type { GitFault, GitRequest } from '../../tools/git-server.ts';
import type { ConditionJson } from '../../tools/world.ts';
import { conditionOf, startWorld } from '../../tools/world.ts';
import type { Fleet } from './support/faults-fleet.ts';
import {
  backWithinMs,
  checkUntouched,
  claimsOf,
  commitToAll,
  commitToCanary,
  contentOfCanary,
  faultMs,
  identities,
  lastFor,
  listApplications,
  startFleet,
  statesBetween,
  untilAllSynced,
} from './support/faults-fleet.ts';
import { failuresTold, logPosition } from './support/faults-log.ts';
import type { Attempt } from './support/faults-traffic.ts';
import { busiest, checkPace, describePace } from './support/faults-traffic.ts';

interface GitRow {
  readonly name: string;
  readonly fault: GitFault;
  /** What `Ready` has to say. */
  readonly message: RegExp;
}

const retryAfterSeconds = 7;

const rows: readonly GitRow[] = [
  { name: 'Git down', fault: { kind: 'down' }, message: /ECONNRESET|other side closed|refused/ },
  { name: 'Git hanging', fault: { kind: 'hang' }, message: /silent|within \d+ s/ },
  { name: 'Git answering garbage', fault: { kind: 'garbage' }, message: /does not answer as a Git server/ },
  {
    name: 'Git answering 429 with Retry-After',
    fault: { kind: 'answer', status: 429, headers: { 'retry-after': String(retryAfterSeconds) } },
    message: /HTTP 429/,
  },
];

let fleet: Fleet;
const stack = new AsyncDisposableStack();

before(async () => {
  const world = stack.use(await startWorld({ plane: { controllerManager: false } }));
  await world.startOperator();
  fleet = await startFleet(world);
});

after(() => stack.disposeAsync());

describe('faults of the Git server, 30 s each, with 50 Applications', () => {
  for (const row of rows) {
    it(row.name, { timeout: 900_000 }, async (t) => {
      const { world } = fleet;
      await startAnew();
      const before = await identities(fleet);
      await world.plane.forgetRequests();
      const position = logPosition(world);
      const { metadata: from } = await listApplications(fleet);

      const newer: string[] = [];
      world.git.forgetRequests();
      world.git.setFault(row.fault);
      const push = async (): Promise<void> => {
        newer.push(await commitToCanary(fleet, row.name), ...(await commitToAll(fleet, row.name)));
      };
      const takeBack = async (): Promise<void> => {
        newer.push(...(await commitToAll(fleet, 'first')));
      };
      let attempts: readonly Attempt[] = [];
      let connections: readonly number[] = [];
      try {
        await lastFor(faultMs, [
          { atMs: 500, run: push },
          { atMs: 20_000, run: takeBack },
        ]);
        await eventually('every Application to say so', () => checkReady(row).then(() => true));
        await checkTold(position);
        attempts = attemptsOf(world.git.requests);
        connections = world.git.connections.map(({ at }) => at);
        const { metadata: to } = await listApplications(fleet);
        const states = await statesBetween(fleet, from.resourceVersion, to.resourceVersion);
        assert.deepEqual(claimsOf(states, newer), []);
      } finally {
        world.git.setFault(undefined);
      }

      const ended = performance.now();
      await untilAllSynced(fleet, 10 * backWithinMs, newer[0]);
      t.diagnostic(`Synced again after ${Math.round(performance.now() - ended)} ms`);
      t.diagnostic(describePace(attempts));
      t.diagnostic(`connections: ${connections.length} (≤ ${busiest(connections)} in 10 s)`);
      assert.equal(await contentOfCanary(fleet), row.name);
      await checkUntouched(fleet, before);
      await checkRestored();
      checkPace(attempts, 0);
      checkRetryAfter(row, world.git.requests);
      const remotes = fleet.repositories.length + 1;
      assert.ok(busiest(connections) <= remotes * (2 * 10 + 1), `${busiest(connections)} connections within 10 s`);
    });
  }
});

/** What is told once is told once in a while: a new process has told nothing. */
async function startAnew(): Promise<void> {
  const { world } = fleet;
  await world.stopOperator();
  await world.startOperator();
  const looked = async (): Promise<boolean> =>
    ((await world.operator.metric('evenkeel_reconcile_duration_seconds_count')) ?? 0) > fleet.steady.length;
  await eventually('the operator to look at all', looked, { within: 300_000, every: 200 });
  await untilAllSynced(fleet, 300_000);
}

/** Every Application says that its remote fails, and none claims to know. */
async function checkReady({ message }: GitRow): Promise<void> {
  const { items } = await listApplications(fleet);
  assert.equal(items.length, fleet.steady.length + 1);
  for (const { metadata, status = {} } of items) {
    const ready: Partial<ConditionJson> = conditionOf(status, 'Ready') ?? {};
    assert.ok(ready.status === 'False' || ready.status === 'Unknown', `${metadata.name}: Ready is ${ready.status}`);
    assert.equal(ready.reason, 'GitUnavailable', metadata.name);
    assert.match(ready.message ?? '', message);
    assert.equal(status.sync?.status, 'Unknown', metadata.name);
  }
}

/** One line and one gauge per remote. */
async function checkTold(position: number): Promise<void> {
  const { operator } = fleet.world;
  const urls = [...fleet.repositories, fleet.canary].map(({ url }) => url);
  const expected = urls.map((url) => `git ${url}: GitUnavailable`);
  assert.deepEqual(
    failuresTold(fleet.world, position)
      .map(({ what }) => what)
      .sort(),
    expected.sort(),
  );
  assert.equal(await operator.metric('evenkeel_connections_failing', { target: 'git' }), urls.length);
  const labels = { target: 'git', reason: 'GitUnavailable' };
  assert.ok(((await operator.metric('evenkeel_connection_failures_total', labels)) ?? 0) >= urls.length);
}

async function checkRestored(): Promise<void> {
  const none = async (): Promise<boolean> =>
    (await fleet.world.operator.metric('evenkeel_connections_failing', { target: 'git' })) === 0;
  await eventually('nothing to fail any more', none);
}

function attemptsOf(requests: readonly GitRequest[]): Attempt[] {
  return requests.map(({ repository, at }) => ({ connection: repository, at }));
}

function checkRetryAfter({ fault }: GitRow, requests: readonly GitRequest[]): void {
  if (fault.kind !== 'answer') return;
  const byRepository = Map.groupBy(requests, ({ repository }) => repository);
  assert.equal(byRepository.size, fleet.repositories.length + 1);
  for (const [repository, [first, second]] of byRepository) {
    const pauseMs = (second?.at ?? Number.POSITIVE_INFINITY) - (first?.at ?? 0);
    assert.ok(pauseMs >= retryAfterSeconds * 1000, `${repository} was asked again after ${pauseMs} ms`);
  }
}
