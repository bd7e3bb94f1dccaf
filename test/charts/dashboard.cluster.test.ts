import assert from 'node:assert/strict';
import { Writable } from 'node:stream';
import { test } from 'node:test';
import { dashboardExpressions } from '../../deploy/dashboards/panels.ts';
import { applicationKey } from '../../src/model/installation.ts';
import type { OperatorTelemetry } from '../../src/telemetry/telemetry.ts';
import { createTelemetry, serveTelemetry } from '../../src/telemetry/telemetry.ts';
import { eventually } from '../../tools/eventually.ts';
import { startPrometheus } from '../../tools/prometheus.ts';
import { realClock } from '../fakes/clock.ts';

const key = applicationKey('team', 'shop');
const web = { group: 'apps', kind: 'Deployment', namespace: 'shop', name: 'web' };

/** A little of everything that the operator reports. */
function report(telemetry: OperatorTelemetry): void {
  const counts = { objects: 2, synced: 1, outOfSync: 1, healthy: 2, progressing: 0, degraded: 0, unexplained: 0 };
  telemetry.applicationStatus({
    namespace: 'team',
    name: 'shop',
    project: 'default',
    repo: 'https://git.example.com/a.git',
    sync: 'OutOfSync',
    health: 'Healthy',
    suspended: false,
  });
  telemetry.objects(key, counts);
  telemetry.reconciled({ key, outcome: 'settled', durationMs: 12 });
  telemetry.driftCorrected({ key, ref: web, manager: 'kubectl-edit', fields: ['spec.replicas'], latencyMs: 7 });
  telemetry.gitPoll({ remote: 'https://git.example.com/a.git', outcome: 'changed', durationMs: 9 });
  telemetry.gitFetch({ remote: 'https://git.example.com/a.git', outcome: 'succeeded', durationMs: 30, bytes: 1000 });
  telemetry.apiRequest({ verb: 'apply', code: 200, durationMs: 4 });
  telemetry.leadership(true);
}

test('every expression of the dashboard returns data on a real Prometheus', async () => {
  const destination = new Writable({ write: (_chunk, _encoding, done) => done() });
  const build = { version: '0.0.0', commit: 'test' };
  const telemetry = createTelemetry({ build, nodeMetrics: true, clock: realClock, level: 'error', destination });
  await using server = await serveTelemetry({
    host: '127.0.0.1',
    port: 0,
    registry: telemetry.registry,
    readiness: () => ({ ready: true, reason: '' }),
  });
  await using prometheus = await startPrometheus({
    targets: [{ job: 'evenkeel', address: `127.0.0.1:${server.port}` }],
    intervalMs: 250,
  });
  await prometheus.scraped('evenkeel');

  // A verb that was never used has no quantile: Prometheus says NaN.
  const empty = async () => {
    report(telemetry);
    const answers = await Promise.all(
      dashboardExpressions('30s').map(async (expression) => ({ expression, samples: await prometheus.query(expression) })),
    );
    return answers.filter(({ samples }) => samples.every(({ value }) => Number.isNaN(value)));
  };
  let missing: Awaited<ReturnType<typeof empty>> = [];
  try {
    await eventually('all expressions to return data', async () => (missing = await empty()).length === 0);
  } catch (error) {
    assert.fail(`${String(error)}: ${missing.map(({ expression }) => expression).join('\n')}`);
  }
});
