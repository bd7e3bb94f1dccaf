import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { eventually } from '../../tools/eventually.ts';
import type { FaultProxy, ProxyRequest } from '../../tools/fault-proxy.ts';
import type { World } from '../../tools/world.ts';
import { startWorld } from '../../tools/world.ts';
import type { Act, Fleet } from './support/faults-fleet.ts';
import {
  backWithinMs,
  checkUntouched,
  claimsOf,
  commitBesides,
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
import { checkPace, connectionOf, describePace } from './support/faults-traffic.ts';

interface ApiFault {
  readonly name: string;
  begin(world: World, proxy: FaultProxy): Promise<void> | void;
  /** Halfway. */
  worsen?(proxy: FaultProxy): void;
  end(world: World, proxy: FaultProxy): Promise<void> | void;
  /** Whether the server can be asked and written to by others meanwhile. */
  readonly othersWork: boolean;
  /** Whether the operator's own writes go through, so that the canary may be synced meanwhile. */
  readonly writesWork: boolean;
  /** Whether a change of everything may be pushed and taken back: no request may be executed late. */
  readonly nothingLate: boolean;
  /** What the metric and the log call it, and with which words. */
  readonly target: 'lease' | 'watch' | 'request';
  readonly reason: string;
  readonly words: RegExp;
  readonly readyz: number;
}

const isWatch = ({ path }: ProxyRequest): boolean => path.includes('watch=true');
const isLease = ({ path }: ProxyRequest): boolean => path.includes('/leases');
const retryAfterSeconds = 3;
const tooMany = {
  kind: 'answer',
  status: 429,
  headers: { 'retry-after': String(retryAfterSeconds) },
  body: 'too many requests',
} as const;

function setRules(proxy: FaultProxy, rules: FaultProxy['rules']): void {
  proxy.rules = rules;
  proxy.drop();
}

const faults: readonly ApiFault[] = [
  {
    name: 'API server stopped',
    begin: (world) => world.plane.kill('kube-apiserver'),
    end: (world) => world.plane.start('kube-apiserver'),
    othersWork: false,
    writesWork: false,
    nothingLate: true,
    target: 'lease',
    reason: 'unavailable',
    words: /no answer from the API server|cut|cannot be reached/,
    readyz: 503,
  },
  {
    name: 'API server answers 429 with Retry-After',
    begin: (_, proxy) => setRules(proxy, [{ when: (request) => !isLease(request), then: tooMany }]),
    worsen: (proxy) => setRules(proxy, [{ then: tooMany }]),
    end: (_, proxy) => setRules(proxy, []),
    othersWork: true,
    writesWork: false,
    nothingLate: true,
    target: 'watch',
    reason: 'throttled',
    words: /too many requests/,
    readyz: 200,
  },
  {
    name: 'API server answers 500',
    begin: async (_, proxy) => {
      proxy.rules = [{ then: { kind: 'answer', status: 500, body: 'etcd is on fire' } }];
      // Dropping the Lease's request while it is on its way would be another fault, and be told in its place.
      const isMet = (): boolean => proxy.requests.some((request) => isLease(request) && request.status === 500);
      await eventually('the Lease to meet the fault', isMet);
      proxy.drop();
    },
    end: (_, proxy) => setRules(proxy, []),
    othersWork: true,
    writesWork: false,
    nothingLate: true,
    target: 'lease',
    reason: 'unavailable',
    words: /etcd is on fire/,
    readyz: 200,
  },
  {
    name: 'every watch cut after a second',
    begin: (_, proxy) => setRules(proxy, [{ when: isWatch, then: { kind: 'cut', afterMs: 1_000 } }]),
    end: (_, proxy) => setRules(proxy, []),
    othersWork: true,
    writesWork: true,
    nothingLate: true,
    target: 'watch',
    reason: 'unavailable',
    words: /cut|closed/,
    readyz: 200,
  },
  {
    name: 'API server frozen',
    begin: (world) => world.plane.freeze('kube-apiserver'),
    end: (world) => world.plane.thaw('kube-apiserver'),
    othersWork: false,
    writesWork: false,
    nothingLate: false,
    target: 'lease',
    reason: 'unavailable',
    words: /no answer within/,
    readyz: 503,
  },
];

/** As the chart has it by default: what happens in an outage depends on it. */
const lease = {
  EVENKEEL_LEASE_DURATION: '15s',
  EVENKEEL_LEASE_RENEW_DEADLINE: '10s',
  EVENKEEL_LEASE_RETRY_PERIOD: '2s',
};

let fleet: Fleet;
let proxy: FaultProxy;
const stack = new AsyncDisposableStack();

before(async () => {
  const world = stack.use(await startWorld({ proxied: true, environment: lease, plane: { controllerManager: false } }));
  assert.ok(world.proxy);
  proxy = world.proxy;
  await world.startOperator();
  fleet = await startFleet(world);
});

after(() => stack.disposeAsync());

describe('faults of the API server, 30 s each, with 50 Applications', () => {
  for (const fault of faults) {
    it(fault.name, { timeout: 900_000 }, async (t) => {
      const { world } = fleet;
      const restMs = await startAnew();
      const before = await identities(fleet);
      await world.plane.forgetRequests();
      const position = logPosition(world);
      const { metadata } = await listApplications(fleet);

      const newer: string[] = [];
      const canary = { revision: '' };
      let requests: readonly ProxyRequest[] = [];
      proxy.forget();
      await fault.begin(world, proxy);
      try {
        await lastFor(faultMs, actsOf(fault, newer, canary));
        await eventually('it to be told', () => checkTold(fault, position).then(() => true));
        requests = [...proxy.requests];
        if (fault.othersWork) await checkClaims(fault, metadata.resourceVersion, [...newer, canary.revision]);
      } finally {
        await fault.end(world, proxy);
      }

      const ended = performance.now();
      await untilAllSynced(fleet, 10 * backWithinMs, canary.revision);
      const tookMs = Math.round(performance.now() - ended);
      t.diagnostic(`status true again after ${tookMs} ms; from a plain start it takes ${restMs} ms`);
      t.diagnostic(describePace(attemptsOf(requests)));
      await checkRestored(fault, position);
      assert.equal(await contentOfCanary(fleet), fault.name);
      await checkUntouched(fleet, before);
      checkPace(attemptsOf(requests), fleet.steady.length + 1);
      checkRetryAfter(fault, requests);
    });
  }
});

/** Each fault meets an operator that has not told of another one, all of it Synced and at rest; milliseconds until then. */
async function startAnew(): Promise<number> {
  const { world } = fleet;
  await world.stopOperator();
  await world.startOperator();
  const started = performance.now();
  const looked = async (): Promise<boolean> =>
    ((await world.operator.metric('evenkeel_reconcile_duration_seconds_count')) ?? 0) > fleet.steady.length;
  await eventually('the operator to look at all', looked, { within: 300_000, every: 200 });
  const quiet = async (): Promise<boolean> => (await world.operator.metric('evenkeel_queue_depth')) === 0;
  await eventually('the operator to be at rest', quiet, { within: 300_000, every: 200 });
  await untilAllSynced(fleet, 300_000);
  return Math.round(performance.now() - started);
}

/** Newer revisions of everything: taken back before the end, except for the canary. */
function actsOf(fault: ApiFault, newer: string[], canary: { revision: string }): Act[] {
  const push = fault.nothingLate && !fault.writesWork ? commitToAll : commitBesides;
  const acts: Act[] = [
    {
      atMs: 1_000,
      run: async () => {
        newer.push(...(await push(fleet, fault.name)));
        canary.revision = await commitToCanary(fleet, fault.name);
      },
    },
    { atMs: faultMs / 2, run: () => fault.worsen?.(proxy) },
  ];
  if (push === commitToAll) acts.push({ atMs: 20_000, run: () => commitToAll(fleet, 'first') });
  return acts;
}

/** A metric and one line of the log say what fails, while it fails. */
async function checkTold({ target, reason, words, readyz }: ApiFault, position: number): Promise<void> {
  const { operator } = fleet.world;
  assert.ok(((await operator.metric('evenkeel_connection_failures_total', { target, reason })) ?? 0) > 0);
  // A watch that is cut works in between.
  const fails = async (): Promise<boolean> =>
    ((await operator.metric('evenkeel_connections_failing', { target })) ?? 0) > 0;
  await eventually(`${target} to fail`, fails, { every: 20 });
  const told = failuresTold(fleet.world, position);
  const lines = told.filter(({ what }) => what === `${target}: ${reason}`);
  assert.equal(lines.length, 1, JSON.stringify(told, undefined, 1));
  assert.match(lines[0]?.message ?? '', words);
  const { status, body } = await operator.get('/readyz');
  assert.equal(status, readyz);
  if (status !== 200) assert.match(body, /API server cannot be reached/);
}

async function checkRestored({ target }: ApiFault, position: number): Promise<void> {
  const { operator } = fleet.world;
  const none = async (): Promise<boolean> => (await operator.metric('evenkeel_connections_failing')) === 0;
  await eventually('nothing to fail any more', none);
  assert.equal((await operator.get('/readyz')).status, 200);
  const told = failuresTold(fleet.world, position).map(({ what }) => what);
  assert.deepEqual([...new Set(told)], told, `${target}: nothing is told twice`);
}

async function checkClaims({ writesWork }: ApiFault, from: string, newer: readonly string[]): Promise<void> {
  const { metadata } = await listApplications(fleet);
  const states = await statesBetween(fleet, from, metadata.resourceVersion);
  const others = writesWork ? states.filter((state) => state.metadata.name !== 'canary') : states;
  assert.deepEqual(claimsOf(others, newer), []);
}

function attemptsOf(requests: readonly ProxyRequest[]) {
  return requests.map(({ path, at }) => ({ connection: connectionOf(path), at }));
}

/**
 * After an answer with Retry-After nothing comes over the same TCP connection for so long (the Lease's own requests heed
 * only the Lease's answers). What was on its way elsewhere when the answer came is no disobedience.
 */
function checkRetryAfter({ reason }: ApiFault, requests: readonly ProxyRequest[]): void {
  const answered = requests.filter(({ status }) => status === 429);
  const follows = answered.flatMap((refused) => {
    const later = requests.slice(requests.indexOf(refused) + 1);
    const next = later.find((request) => isLease(request) === isLease(refused) && isSameConnection(request, refused));
    return next === undefined ? [] : [{ next, pauseMs: next.at - refused.at }];
  });
  if (reason === 'throttled') {
    assert.ok(
      follows.some(({ next }) => isLease(next)),
      'the Lease was tried again',
    );
    assert.ok(
      follows.some(({ next }) => !isLease(next)),
      'other requests were tried again',
    );
  }
  for (const { next, pauseMs } of follows)
    assert.ok(pauseMs >= retryAfterSeconds * 1000, `${next.method} ${next.path} came after ${pauseMs} ms`);
}

/** The Lease is one connection, whichever socket carries it. */
function isSameConnection(a: ProxyRequest, b: ProxyRequest): boolean {
  return isLease(a) || a.connection === b.connection;
}
