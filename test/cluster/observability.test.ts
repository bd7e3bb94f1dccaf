import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { dashboardExpressions } from '../../deploy/dashboards/panels.ts';
import { eventually } from '../../tools/eventually.ts';
import { repositoryRoot } from '../../tools/generated-file.ts';
import type { Sample } from '../../tools/prometheus.ts';
import { startPrometheus } from '../../tools/prometheus.ts';
import type { World } from '../../tools/world.ts';
import { conditionOf, startWorld } from '../../tools/world.ts';
import type { Journey } from './support/journey.ts';
import { begin, manual } from './support/journey.ts';

/** What is in the credentials; nothing that the operator says may hold it. */
const canaries = { username: 'canary-user', password: 'canary-password-73c1' } as const;
const secretCanary = 'canary-of-a-managed-secret-51f0';

let world: World;
let journey: Journey;

before(async () => {
  world = await startWorld({ git: { credentials: canaries } });
  const metadata = { name: 'repository', namespace: 'evenkeel' };
  const secret = { apiVersion: 'v1', kind: 'Secret', metadata, stringData: canaries };
  await world.plane.kubectl(['apply', '-f', '-'], JSON.stringify(secret));
  await world.startOperator({ EVENKEEL_LOG_LEVEL: 'debug' });
  journey = await begin(world, 'observed', { spec: sourceOf('observed') });
  await journey.untilSynced();
});

after(async () => {
  await world[Symbol.asyncDispose]();
});

const timeout = 300_000;

describe('the running operator', () => {
  test('every metric of docs/metrics.md is at /metrics, and nothing else is', { timeout }, async () => {
    const page = await readFile(path.join(repositoryRoot, 'docs/metrics.md'), 'utf8');
    const documented = [...page.matchAll(/^\| `(evenkeel_\w+)` \| (\w+) \|/gm)].map(
      ([, name, type]) => `${name} ${type}`,
    );
    const { status, body } = await world.operator.get('/metrics');
    assert.equal(status, 200);
    const served = [...body.matchAll(/^# TYPE (evenkeel_\w+) (\w+)$/gm)].map(([, name, type]) => `${name} ${type}`);
    assert.deepEqual(served.sort(), documented.sort());
    assert.match(body, /^process_resident_memory_bytes /m);
  });

  test('/healthz says that it lives, /readyz that the API server answers', { timeout }, async () => {
    assert.equal((await world.operator.get('/healthz')).status, 200);
    assert.equal((await world.operator.get('/readyz')).status, 200);
    await world.plane.kill('kube-apiserver');
    await eventually('not ready', async () => (await world.operator.get('/readyz')).status === 503);
    assert.match((await world.operator.get('/readyz')).body, /API server/);
    assert.equal((await world.operator.get('/healthz')).status, 200);
    await world.plane.start('kube-apiserver');
    await eventually('ready again', async () => (await world.operator.get('/readyz')).status === 200);
  });

  test('every expression of the dashboard returns data on a real Prometheus', { timeout }, async () => {
    const { address } = world.operator;
    await using prometheus = await startPrometheus({ targets: [{ job: 'evenkeel', address }], intervalMs: 500 });
    await prometheus.scraped('evenkeel');
    const waiting = await begin(world, 'waits', { spec: { ...manual, ...sourceOf('waits') } });
    await waiting.untilOutOfSync(await waiting.repository.head());
    const isEmpty = (samples: readonly Sample[]): boolean => samples.every(({ value }) => Number.isNaN(value));
    let missing: readonly string[] = [];
    let round = 0;
    const all = async (): Promise<boolean> => {
      round += 1;
      await journey.untilSynced(await journey.say(`round ${round}`));
      await journey.meddle('meddled');
      await journey.untilSaid(`round ${round}`);
      const asked = dashboardExpressions('1m').map(async (expression) => ({
        expression,
        samples: await prometheus.query(expression),
      }));
      missing = (await Promise.all(asked))
        .filter(({ samples }) => isEmpty(samples))
        .map(({ expression }) => expression);
      return missing.length === 0;
    };
    await eventually('every expression to return data', all, { every: 500 }).catch((cause: unknown) => {
      assert.fail(`${String(cause)}: no data of ${missing.join('\n')}`);
    });

    const [info] = await prometheus.query('evenkeel_application_info{name="waits"}');
    assert.deepEqual([info?.labels['sync_status'], info?.labels['health_status']], ['OutOfSync', 'Missing']);
    const [drift] = await prometheus.query('evenkeel_drift_corrected_total{manager="kubectl-edit"}');
    assert.ok((drift?.value ?? 0) >= 1, 'drift is counted by manager');
    const [since] = await prometheus.query('evenkeel_application_out_of_sync_since_seconds{name="waits"}');
    assert.ok(Math.abs(Date.now() / 1000 - (since?.value ?? 0)) < 300);
  });
});

interface Line {
  readonly level: string;
  readonly time: string;
  readonly message: string;
  readonly application?: string;
  readonly what?: string;
  readonly to?: string;
}

describe('what the operator says', () => {
  test('each line of the log is JSON with level, time and message', { timeout }, async () => {
    for (const line of await log()) {
      assert.match(line.level, /^(debug|info|warn|error)$/);
      assert.ok(!Number.isNaN(Date.parse(line.time)), line.time);
      assert.equal(typeof line.message, 'string');
    }
  });

  test('a transition is one line', { timeout }, async () => {
    const moving = await begin(world, 'moving', { spec: { ...manual, ...sourceOf('moving') } });
    const revision = await moving.repository.head();
    await moving.untilOutOfSync(revision);
    await moving.sync();
    await moving.untilSynced(revision);
    await moving.untilServed();
    await moving.untilOutOfSync(await moving.say('two'));
    const transitions = (await log()).filter(({ application }) => application === 'evenkeel/moving');
    const said = (what: string): (string | undefined)[] =>
      transitions.filter((line) => line.what === what).map(({ to }) => to);
    assert.deepEqual(said('sync'), ['OutOfSync', 'Synced', 'OutOfSync']);
    assert.deepEqual(said('health'), ['Missing', 'Healthy']);
  });

  test('no credential and no value of a Secret is in log, metrics, status or events', { timeout }, async () => {
    await revealing();
    const { body: metrics } = await world.operator.get('/metrics');
    const said = {
      log: await logText(),
      metrics,
      applications: await world.plane.kubectl(['get', 'applications', '-A', '-o', 'json']),
      events: await world.plane.kubectl(['get', 'events.events.k8s.io', '-A', '-o', 'json']),
    };
    assert.match(said.events, /evenkeel-controller/, 'there are events of the operator');
    assert.match(said.applications, /AuthenticationFailed/);
    const basic = Buffer.from(`${canaries.username}:${canaries.password}`).toString('base64');
    const encoded = Buffer.from(secretCanary).toString('base64');
    for (const canary of [canaries.username, canaries.password, basic, secretCanary, encoded]) {
      for (const [where, text] of Object.entries(said)) {
        assert.ok(!text.includes(canary), `${where} has ${canary}: ${around(text, canary)}`);
      }
    }
  });
});

/** Whatever could make the operator speak of secrets: drift and a refusal of a Secret, credentials that are wrong. */
async function revealing(): Promise<void> {
  const metadata = { name: 'token' };
  const stringData = { value: secretCanary };
  const managed = JSON.stringify({ apiVersion: 'v1', kind: 'Secret', metadata, stringData });
  await journey.untilSynced(await journey.commit({ 'token.json': managed }));
  const path = `/api/v1/namespaces/${journey.name}/secrets/token?fieldManager=kubectl-edit`;
  const contentType = 'application/merge-patch+json';
  const body = { data: { value: Buffer.from('other').toString('base64') } };
  await world.plane.api.must({ method: 'PATCH', path, body, contentType });
  await journey.until(
    'healed',
    (status) => status.drift?.some(({ kind, healed }) => kind === 'Secret' && healed !== undefined) === true,
  );

  const wrong = JSON.stringify({ apiVersion: 'v1', kind: 'Secret', metadata, data: { value: secretCanary } });
  await journey.commit({ 'token.json': wrong });
  await journey.until('refused', (status) => conditionOf(status, 'Stalled')?.status === 'True');
  await journey.untilSynced(await journey.commit({ 'token.json': managed }));

  world.git.credentials = { username: 'somebody', password: 'else' };
  await journey.until('shut out', (status) => conditionOf(status, 'Ready')?.reason === 'AuthenticationFailed');
  world.git.credentials = canaries;
}

function sourceOf(name: string): Record<string, unknown> {
  const repoURL = `${world.git.url}/${name}.git`;
  return { source: { repoURL, path: 'app', targetRevision: 'main', secretRef: 'repository' } };
}

async function logText(): Promise<string> {
  return readFile(world.operator.child.logFile, 'utf8');
}

async function log(): Promise<Line[]> {
  const lines = (await logText()).split('\n').slice(0, -1);
  return lines.map((line) => JSON.parse(line) as Line);
}

function around(text: string, canary: string): string {
  const at = text.indexOf(canary);
  return text.slice(Math.max(0, at - 200), at + 200);
}
