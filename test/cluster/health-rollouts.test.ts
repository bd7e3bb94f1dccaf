import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import { systemClock } from '../../src/clock.ts';
import { runCli } from '../../src/cli/cli.ts';
import { watchObject } from '../../tools/control-plane/object-watch.ts';
import { eventually } from '../../tools/eventually.ts';
import type { ApplicationJson, StatusJson } from '../../tools/world.ts';
import { applications, conditionOf } from '../../tools/world.ts';
import type { HealthRow, LiveObject } from './support/health-rows.ts';
import { claim, job, jobRows, rollouts, volume } from './support/health-rows.ts';
import { manual, prepare } from './support/journey.ts';
import type { Journey } from './support/journey.ts';
import { sharedWorld } from './support/shared-world.ts';

const world = await sharedWorld({ plane: { nodes: 2 } });

const timeout = 180_000;

interface HealthJson {
  readonly status: string;
  readonly message: string;
}

function healthOf({ health }: StatusJson): HealthJson {
  return health ?? { status: '', message: '' };
}

async function journeyOf({ name, object }: Pick<HealthRow, 'name' | 'object'>): Promise<Journey> {
  return prepare(world, name, { 'object.json': JSON.stringify(object) });
}

/** `/apis/apps/v1/deployments` in a namespace. */
function within(path: string, namespace: string): string {
  const at = path.lastIndexOf('/');
  return `${path.slice(0, at)}/namespaces/${namespace}${path.slice(at)}`;
}

/** From the event that shows the cause to the event that shows the verdict, both as this process sees them. */
async function check(context: TestContext, row: HealthRow): Promise<void> {
  const journey = await journeyOf(row);
  if (row.name === 'quota-exceeded') await forbidPods(row.name);
  await using object = watchObject<LiveObject>(world.plane.api, within(row.group, row.name), row.object.metadata.name);
  await using application = watchObject<ApplicationJson>(world.plane.api, applications, row.name);
  await journey.apply({ spec: row.spec ?? {} });
  const verdict = await application.first(row.health, 0, ({ object: { status } }) => {
    const { status: word, message } = healthOf(status ?? {});
    return word === row.health && row.message.test(message);
  });
  const shown = await object.first('its cause', 0, ({ object: live }) => row.cause(live));
  context.diagnostic(`${row.name}: ${(verdict.at - shown.at).toFixed(0)} ms from cause to verdict`);
}

async function forbidPods(namespace: string): Promise<void> {
  const body = { metadata: { name: 'none' }, spec: { hard: { pods: '0' } } };
  const path = `/api/v1/namespaces/${namespace}/resourcequotas`;
  await world.plane.api.must({ method: 'POST', path, body });
  await eventually('the quota to hold', async () => {
    const quota = (await world.plane.api.must({ path: `${path}/none` })) as { status?: { hard?: { pods?: string } } };
    return quota.status?.hard?.pods === '0';
  });
}

describe('rollouts', () => {
  for (const row of rollouts) test(`a rollout: ${row.name}`, { timeout }, (context) => check(context, row));
});

describe('Jobs', () => {
  for (const row of jobRows) test(`a Job: ${row.name}`, { timeout }, (context) => check(context, row));

  test('a Job that is gone by its TTL is Missing where nobody syncs by himself', { timeout }, async (context) => {
    const journey = await journeyOf({ name: 'vanishes', object: job({ more: { ttlSecondsAfterFinished: 1 } }) });
    await using object = watchObject<LiveObject>(world.plane.api, within('/apis/batch/v1/jobs', 'vanishes'), 'web');
    await using application = watchObject<ApplicationJson>(world.plane.api, applications, 'vanishes');
    await journey.apply({ spec: manual });
    await journey.sync();
    const gone = await object.first('deleted', 0, ({ deleted }) => deleted);
    const verdict = await application.first('Missing', 0, ({ object: { status } }) => {
      const { status: word, message } = healthOf(status ?? {});
      return (
        word === 'Missing' && message === 'Job.batch vanishes/web: not in the cluster' && status?.history !== undefined
      );
    });
    context.diagnostic(`vanishes: ${(verdict.at - gone.at).toFixed(0)} ms from cause to verdict`);
  });
});

describe('PersistentVolumeClaims', () => {
  test('one waits, with the reason of the volume controller, until there is a volume', { timeout }, async (context) => {
    const journey = await journeyOf({ name: 'claims', object: claim() });
    const path = within('/api/v1/persistentvolumeclaims', 'claims');
    await using object = watchObject<LiveObject>(world.plane.api, path, 'data');
    await using application = watchObject<ApplicationJson>(world.plane.api, applications, 'claims');
    await journey.apply({ spec: { timeouts: { progress: '4s' } } });
    const reason = 'no persistent volumes available for this claim and no storage class is set';
    const late = await application.first('Degraded by time', 0, ({ object: { status } }) => {
      const { status: word, message } = healthOf(status ?? {});
      return (
        word === 'Degraded' && message.includes('no progress for 4s: waits for a volume') && message.endsWith(reason)
      );
    });
    const created = await object.first('pending', 0, ({ object: live }) => live.status?.phase === 'Pending');
    context.diagnostic(`pending: ${(late.at - created.at).toFixed(0)} ms from creation to verdict, of which 4000 wait`);
    const body = volume('claims-1');
    await world.plane.api.must({ method: 'POST', path: '/api/v1/persistentvolumes', body });
    const bound = await object.first('bound', created.next, ({ object: live }) => live.status?.phase === 'Bound');
    const healthy = await application.first('Healthy', late.next, ({ object: { status } }) => {
      return healthOf(status ?? {}).status === 'Healthy';
    });
    context.diagnostic(`bound: ${(healthy.at - bound.at).toFixed(0)} ms from cause to verdict`);
  });
});

describe('after the sync', () => {
  test('what breaks later turns the Application Degraded, and it recovers', { timeout }, async (context) => {
    const [succeeds] = rollouts;
    assert.ok(succeeds);
    const journey = await journeyOf({ ...succeeds, name: 'breaks-later' });
    await journey.apply({ spec: { timeouts: { progress: '4s' } } });
    await journey.untilSynced();
    const [first] = (await journey.read()).status?.history ?? [];
    assert.ok(first !== undefined && 'healthyAt' in first, 'its history says when it was healthy');
    await takeOutOfService('breaks-later');
    const broken = await journey.until('Degraded', (status) => healthOf(status).status === 'Degraded');
    assert.match(healthOf(broken.status ?? {}).message, /container "main" runs and is not ready$/);
    assert.equal(conditionOf(broken.status ?? {}, 'Ready')?.reason, 'HealthDegraded');
    const labels = '{namespace="evenkeel",name="breaks-later",status="Degraded"}';
    await eventually('the metric', async () => {
      return (await world.operator.metric(`evenkeel_application_health_status${labels}`)) === 1;
    });
    await eventually('the event', async () => {
      const events = await world.plane.kubectl(['get', 'events', '-n', 'evenkeel', '-o', 'json']);
      return /"reason": "HealthDegraded"/.test(events) && events.includes('breaks-later');
    });
    const why = await tellWhy('breaks-later');
    assert.equal(why.code, 3, why.said);
    assert.match(
      why.said,
      /└─ ReplicaSet web-[0-9a-z]+\n {6}└─ Pod web-\S+ and 1 more\n {9}└─ NotReady: container "main"/,
    );
    context.diagnostic(why.said);
    await world.plane.kubectl(['-n', 'breaks-later', 'delete', 'pod', '-l', 'app=web']);
    await journey.untilSynced();
    assert.equal((await tellWhy('breaks-later')).code, 0);
  });
});

/** As the kubelet does when probes fail; the annotation keeps kwok from making the Pods ready again. */
async function takeOutOfService(namespace: string): Promise<void> {
  await world.plane.kubectl([
    '-n',
    namespace,
    'annotate',
    'pod',
    '-l',
    'app=web',
    'rollout.evenkeel.dev/outcome=not-ready',
  ]);
  const path = `/api/v1/namespaces/${namespace}/pods`;
  const { items } = (await world.plane.api.must({ path })) as { items: { metadata: { name: string } }[] };
  const conditions = ['Ready', 'ContainersReady'].map((type) => ({
    type,
    status: 'False',
    reason: 'ContainersNotReady',
  }));
  const state = { running: { startedAt: '2026-01-01T00:00:00Z' } };
  const main = { name: 'main', image: 'web:1', imageID: '', restartCount: 0, ready: false, started: true, state };
  const body = { status: { conditions, containerStatuses: [main] } };
  const contentType = 'application/strategic-merge-patch+json';
  for (const { metadata } of items)
    await world.plane.api.must({ method: 'PATCH', path: `${path}/${metadata.name}/status`, body, contentType });
}

/** `kubectl-evenkeel status NAME --why`, as an admin. */
async function tellWhy(name: string): Promise<{ code: number; said: string }> {
  let said = '';
  const say = (text: string): void => void (said += text);
  const code = await runCli(['status', name, '--why'], {
    clock: systemClock,
    random: () => 0.5,
    version: 'test',
    environment: { KUBECONFIG: world.plane.kubeconfig },
    home: world.plane.folder,
    folder: world.plane.folder,
    input: () => Promise.resolve(''),
    out: say,
    complain: say,
    signal: new AbortController().signal,
  });
  return { code, said };
}
