import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ApplicationVerdict, ObjectCounts } from '../../src/model/telemetry.ts';
import { createTelemetry } from '../../src/telemetry/telemetry.ts';
import { HandClock, record } from './recorder.ts';

const key = 'shop/web';
const ref = { group: 'apps', kind: 'Deployment', namespace: 'shop', name: 'web' };
const verdict: ApplicationVerdict = {
  namespace: 'shop',
  name: 'web',
  project: 'default',
  repo: 'https://git.example.org/shop.git',
  sync: 'Synced',
  health: 'Healthy',
  suspended: false,
  held: false,
};
const app = { namespace: 'shop', name: 'web' };

describe('runs', () => {
  it('are measured by outcome and logged by what they did', async () => {
    const { telemetry, lines, value } = record('info');
    telemetry.reconciled({ key, outcome: 'settled', durationMs: 20, revision: 'abc', writes: 0 });
    telemetry.reconciled({ key, outcome: 'settled', durationMs: 30, revision: 'def', writes: 2 });
    assert.equal(await value('evenkeel_reconcile_duration_seconds_count', { outcome: 'settled' }), 2);
    assert.equal(await value('evenkeel_reconcile_duration_seconds_sum', { outcome: 'settled' }), 0.05);
    assert.equal(await value('evenkeel_object_writes_total'), 2);
    assert.deepEqual(
      lines.map((line) => line['revision']),
      ['def'],
    );
  });

  it('that fail alike are logged once, until something else happens', async () => {
    const { telemetry, lines, value } = record('info');
    const failure = { key, outcome: 'failed', reason: 'DecodeFailed', message: 'a.yaml: bad', durationMs: 1 } as const;
    for (let i = 0; i < 3; i++) telemetry.reconciled(failure);
    telemetry.reconciled({ ...failure, message: 'b.yaml: bad' });
    telemetry.reconciled({ key, outcome: 'settled', durationMs: 1, writes: 0 });
    telemetry.reconciled(failure);
    assert.deepEqual(
      lines.map((line) => `${line.level} ${line.message}`),
      ['warn a.yaml: bad', 'warn b.yaml: bad', 'info reconciled: settled', 'warn a.yaml: bad'],
    );
    assert.equal(await value('evenkeel_reconcile_failures_total', { reason: 'DecodeFailed' }), 5);
  });
});

describe('transitions', () => {
  it('are one line each, louder when the news is bad', async () => {
    const { telemetry, lines, value } = record('info');
    const message = 'Deployment.apps shop/web: 1 of 3 replicas available';
    telemetry.transition({ key, what: 'health', from: 'Healthy', to: 'Degraded', message });
    telemetry.transition({ key, what: 'sync', from: '', to: 'Synced', message: '' });
    assert.deepEqual(lines[0], {
      level: 'warn',
      time: '2026-03-01T10:00:00.000Z',
      application: key,
      what: 'health',
      from: 'Healthy',
      to: 'Degraded',
      message: `health Healthy → Degraded: ${message}`,
    });
    assert.equal(lines[1]?.message, 'sync Synced');
    assert.equal(await value('evenkeel_application_transitions_total', { what: 'health', to: 'Degraded' }), 1);
  });

  it('to a word that nobody knows grow no series', async () => {
    const { telemetry, value } = record();
    telemetry.transition({ key, what: 'ready', from: 'True', to: 'Perhaps', message: '' });
    assert.equal(await value('evenkeel_application_transitions_total', { what: 'ready', to: 'other' }), 1);
  });
});

describe('an Application', () => {
  it('has one series per metric, which follows it and ends with it', async () => {
    const { telemetry, clock, series, value } = record();
    const counts: ObjectCounts = {
      objects: 3,
      synced: 2,
      outOfSync: 1,
      healthy: 3,
      progressing: 0,
      degraded: 0,
      unexplained: 0,
    };
    telemetry.applicationStatus(verdict);
    assert.equal(await value('evenkeel_application_out_of_sync_since_seconds', app), undefined);
    telemetry.applicationStatus({ ...verdict, sync: 'OutOfSync', health: 'Progressing' });
    const since = clock.now() / 1000;
    clock.move(60_000);
    telemetry.applicationStatus({ ...verdict, sync: 'Unknown', health: 'Degraded', suspended: true, held: true });
    telemetry.objects(key, counts);

    assert.equal(await value('evenkeel_application_out_of_sync_since_seconds', app), since);
    assert.deepEqual(await series('evenkeel_application_sync_status'), {
      'name="web",namespace="shop",status="Unknown"': 1,
    });
    assert.deepEqual(await series('evenkeel_application_health_status'), {
      'name="web",namespace="shop",status="Degraded"': 1,
    });
    const info = { ...app, project: 'default', repo: verdict.repo, sync_status: 'Unknown', health_status: 'Degraded' };
    assert.equal(await value('evenkeel_application_info', info), 1);
    assert.equal(Object.keys(await series('evenkeel_application_info')).length, 1);
    assert.equal(await value('evenkeel_application_suspended', app), 1);
    assert.equal(await value('evenkeel_application_held', app), 1);
    assert.equal(await value('evenkeel_application_objects', { ...app, state: 'outOfSync' }), 1);

    telemetry.applicationGone(key);
    for (const name of [
      'info',
      'sync_status',
      'health_status',
      'suspended',
      'held',
      'objects',
      'out_of_sync_since_seconds',
    ]) {
      assert.deepEqual(await series(`evenkeel_application_${name}`), {}, name);
    }
  });

  it('is in sync again: no timestamp', async () => {
    const { telemetry, value } = record();
    telemetry.applicationStatus({ ...verdict, sync: 'OutOfSync' });
    telemetry.applicationStatus(verdict);
    assert.equal(await value('evenkeel_application_out_of_sync_since_seconds', app), undefined);
    assert.equal(await value('evenkeel_application_held', app), 0);
  });

  it('keeps credentials of its repository out of labels', async () => {
    const { telemetry, series } = record();
    telemetry.applicationStatus({ ...verdict, repo: 'https://me:hunter2@git.example.org/shop.git' });
    assert.match(Object.keys(await series('evenkeel_application_info')).join(), /repo="https:\/\/git\.example\.org/);
  });
});

describe('drift', () => {
  it('names object, fields and manager, and measures its latency', async () => {
    const { telemetry, lines, value } = record();
    const drift = { key, ref, manager: 'kubectl-edit', fields: ['spec.replicas'], latencyMs: 4 };
    telemetry.driftDetected(drift);
    telemetry.driftCorrected({ ...drift, latencyMs: 12 });
    assert.equal(lines[0]?.message, 'drift: kubectl-edit changed spec.replicas of Deployment.apps shop/web');
    assert.match(lines[1]?.message ?? '', /^drift corrected after 12 ms: kubectl-edit/);
    assert.equal(await value('evenkeel_drift_detected_total', { manager: 'kubectl-edit' }), 1);
    assert.equal(await value('evenkeel_drift_corrected_total', { manager: 'kubectl-edit' }), 1);
    assert.equal(await value('evenkeel_drift_detection_seconds_sum'), 0.004);
    assert.equal(await value('evenkeel_drift_correction_seconds_sum'), 0.012);
  });

  it('by managers nobody has heard of shares one series', async () => {
    const { telemetry, value, series } = record();
    const before = Object.keys(await series('evenkeel_drift_detected_total')).length;
    for (let i = 0; i < 100; i++) telemetry.driftDetected({ key, ref, manager: `bot-${i}`, fields: [] });
    telemetry.driftDetected({ key, ref, manager: '', fields: ['metadata.labels.app'] });
    telemetry.driftDetected({ key, ref, manager: 'kubectl-neat', fields: [] });
    assert.equal(await value('evenkeel_drift_detected_total', { manager: 'other' }), 100);
    assert.equal(await value('evenkeel_drift_detected_total', { manager: 'unknown' }), 1);
    assert.equal(await value('evenkeel_drift_detected_total', { manager: 'kubectl' }), 1);
    assert.equal(Object.keys(await series('evenkeel_drift_detected_total')).length, before);
    assert.equal(await value('evenkeel_drift_detection_seconds_count'), 0);
  });
});

describe('the process', () => {
  it('says what it is, whether it leads and what waits', async () => {
    const { telemetry, value } = record();
    telemetry.leadership(true);
    telemetry.queueDepth(7);
    assert.equal(await value('evenkeel_leader'), 1);
    assert.equal(await value('evenkeel_queue_depth'), 7);
    assert.equal(await value('evenkeel_build_info', { version: '1.2.3', commit: 'abc' }), 1);
    telemetry.leadership(false);
    assert.equal(await value('evenkeel_leader'), 0);
  });

  it('logs a bug with stack and causes, without what else the error holds, and counts it apart', async () => {
    const { telemetry, lines, value } = record('info');
    const cause = new Error('GET https://me:hunter2@git.example.org failed');
    const error = Object.assign(new TypeError('x is undefined', { cause }), { response: { body: 'hunter2' } });
    telemetry.bug(error, { application: key });
    telemetry.bug('just text');
    assert.equal(await value('evenkeel_bugs_total'), 2);
    assert.equal(lines[0]?.level, 'error');
    assert.equal(lines[0].message, 'unexpected error: TypeError: x is undefined');
    const logged = JSON.stringify(lines[0]);
    assert.match(logged, /telemetry\.test\.ts/);
    assert.match(logged, /GET https:\/\/git\.example\.org failed/);
    assert.doesNotMatch(logged, /hunter2/);
  });

  it('logs below its level cost nothing and count nothing', async () => {
    const { telemetry, lines, value } = record('warn');
    telemetry.debug({}, 'a');
    telemetry.info({}, 'b');
    telemetry.warn({}, 'c');
    assert.deepEqual(
      lines.map((line) => line.message),
      ['c'],
    );
    assert.equal(await value('evenkeel_log_lines_total', { level: 'info' }), 0);
    assert.equal(await value('evenkeel_log_lines_total', { level: 'warn' }), 1);
  });

  it('is never stopped by its own reporting', async () => {
    const destination = {
      write: () => {
        throw new Error('EPIPE');
      },
    };
    const build = { version: '', commit: '' };
    const telemetry = createTelemetry({
      level: 'debug',
      destination,
      clock: new HandClock(),
      build,
      nodeMetrics: false,
    });
    const circular: unknown[] = [];
    circular.push(circular);
    telemetry.info({}, 'cannot be written');
    telemetry.warn({ circular: circular as never }, 'cannot be read');
    telemetry.objects('no-slash', { objects: NaN } as never);
    telemetry.reconciled({ key, outcome: 'settled', durationMs: NaN, writes: -1 });
    telemetry.bug({ toString: () => assert.fail('hostile') });
    telemetry.queueDepth('many' as never);
    assert.match(await telemetry.registry.metrics(), /evenkeel_bugs_total [1-9]/);
  });
});
