import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { KubeObject } from '../../../src/model/object.ts';
import { refOf } from '../../../src/model/object.ts';
import {
  deadlineExceeded,
  deployed,
  deployment,
  deploymentRef,
  imageMissing,
  podOf,
  reportStatus,
  seedPods,
} from '../rollout.ts';
import { configMap, configMapRef, Stage } from '../stage.ts';

const minute = 60_000;

function healthOf(stage: Stage): string {
  const { status = '', message = '' } = stage.status('shop').health ?? {};
  return `${status} ${message}`;
}

const waits = 'Deployment.apps shop/web: 0 of 2 updated replicas available';
const late = 'Deployment.apps shop/web: no progress for 10m: 0 of 2 updated replicas available';

describe('health over time', () => {
  it('what makes no progress is Degraded at the deadline, by time alone, and recovers by an event', async () => {
    await using stage = new Stage();
    await deployed(stage);
    assert.equal(healthOf(stage), `Progressing ${waits}`);
    await stage.advance(10 * minute - 1_000);
    assert.equal(healthOf(stage), `Progressing ${waits}`);
    await stage.advance(1_000);
    assert.equal(healthOf(stage), `Degraded ${late}`);
    assert.equal(stage.ready('shop'), 'False HealthDegraded');
    assert.equal(stage.message('shop', 'Ready'), late);
    reportStatus(stage.cluster, 2);
    await stage.quiet();
    assert.equal(stage.ready('shop'), 'True Healthy');
  });

  it('progress, a changed count, starts the time anew', async () => {
    await using stage = new Stage();
    await deployed(stage);
    await stage.advance(9 * minute);
    reportStatus(stage.cluster, 1);
    await stage.quiet();
    await stage.advance(9 * minute);
    assert.equal(stage.status('shop').health?.status, 'Progressing');
    await stage.advance(minute);
    assert.equal(stage.status('shop').health?.status, 'Degraded');
  });

  it('goes on after a restart', async () => {
    await using stage = new Stage();
    await deployed(stage);
    await stage.advance(6 * minute);
    await stage.stop();
    await stage.clock.advance(3 * minute);
    await stage.start();
    await stage.quiet();
    assert.equal(stage.status('shop').health?.status, 'Progressing');
    await stage.advance(minute);
    assert.equal(healthOf(stage), `Degraded ${late}`);
    const since = stage.status('shop').resources?.[0]?.health?.since;
    await stage.stop();
    await stage.start();
    await stage.quiet();
    assert.equal(healthOf(stage), `Degraded ${late}`, 'and stays so after one more');
    assert.equal(stage.status('shop').resources?.[0]?.health?.since, since);
  });

  const settings = [
    { progress: '2m', atMinute: 2 },
    { progress: '90s', atMinute: 1.5 },
  ];
  for (const { progress, atMinute } of settings) {
    it(`spec.timeouts.progress: ${progress}`, async () => {
      await using stage = new Stage();
      await deployed(stage, { timeouts: { progress } });
      await stage.advance(atMinute * minute - 1_000);
      assert.equal(stage.status('shop').health?.status, 'Progressing');
      await stage.advance(1_000);
      assert.equal(stage.status('shop').health?.status, 'Degraded');
    });
  }

  it('an object of an earlier wave without progress ends the sync, and what comes after it is not applied', async () => {
    await using stage = new Stage();
    const annotations = { 'evenkeel.dev/sync-wave': '1' };
    await deployed(stage, {}, [configMap('after', { k: '1' }, { annotations })]);
    assert.match(stage.message('shop', 'Reconciling'), /^waits for wave 0: Deployment\.apps shop\/web is Progr/);
    await stage.advance(10 * minute);
    assert.match(
      stage.message('shop', 'Ready'),
      /^Deployment\.apps shop\/web is Degraded, and what comes after it is not applied: no progress for 10m: 0 of 2/,
    );
    assert.equal(stage.cluster.peek(configMapRef('after')), undefined);
    reportStatus(stage.cluster, 2);
    await stage.quiet();
    assert.equal(stage.ready('shop'), 'True Healthy');
    assert.notEqual(stage.cluster.peek(configMapRef('after')), undefined);
  });

  it('what serves an APIService is waited for while it progresses, and no longer', async () => {
    await using stage = new Stage();
    const name = { namespace: 'shop', name: 'web' };
    const service = { apiVersion: 'v1', kind: 'Service', metadata: name, spec: { selector: { app: 'web' } } };
    const called = {
      apiVersion: 'apiregistration.k8s.io/v1',
      kind: 'APIService',
      metadata: { name: 'v1.example.com' },
      spec: { group: 'example.com', version: 'v1', service: name },
    };
    await deployed(stage, {}, [service, called]);
    const ref = { group: 'apiregistration.k8s.io', kind: 'APIService', namespace: '', name: 'v1.example.com' };
    assert.equal(stage.cluster.peek(ref), undefined);
    await stage.advance(10 * minute);
    assert.notEqual(stage.cluster.peek(ref), undefined);
  });

  it('spec.timeouts.progress: 0 waits for ever', async () => {
    await using stage = new Stage();
    await deployed(stage, { timeouts: { progress: '0s' } });
    await stage.advance(3 * 60 * minute);
    assert.equal(healthOf(stage), `Progressing ${waits}`);
  });

  it('a Job that runs is not late, one that cannot run is', async () => {
    await using stage = new Stage();
    const labels = { app: 'web' };
    const job = {
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: { name: 'web', namespace: 'shop' },
      spec: {
        selector: { matchLabels: labels },
        template: { spec: { containers: [{ name: 'main', image: 'web:1' }] } },
      },
    };
    stage.repository.commit({ shop: [job] });
    stage.apply('shop');
    await stage.start();
    await stage.quiet();
    const pod = { phase: 'Running', containerStatuses: [{ name: 'main', ready: true, state: { running: {} } }] };
    const created = stage.cluster.peek(refOf(job));
    assert.ok(created);
    stage.cluster.seed(podOf(created, 'web-a', pod));
    await stage.advance(11 * minute);
    assert.equal(stage.status('shop').health?.status, 'Progressing');
    stage.cluster.seed(podOf(created, 'web-a', imageMissing));
    const by = { subresource: 'status' };
    stage.cluster.edit(refOf(job), (object) => ({ ...object, status: { active: 1 } }), by);
    await stage.advance(10 * minute);
    assert.match(
      stage.status('shop').health?.message ?? '',
      /^Job.batch shop\/web: no progress for 10m: .*: image "web:1"/,
    );
  });

  it('what a correction reads is news of its health, whether an event says it again or not', async () => {
    await using stage = new Stage();
    await deployed(stage, { syncPolicy: { automated: { selfHeal: true } } });
    assert.equal(stage.ready('shop'), 'False Progressing');
    const reported = new Set<string>();
    stage.cluster.beforeAnswer = ({ verb, ref }) => {
      if (verb === 'get' && ref.kind === 'Deployment' && reported.size === 0) {
        reported.add(verb);
        reportStatus(stage.cluster, 2);
      }
      return Promise.resolve();
    };
    const unlabelled = (object: KubeObject): KubeObject => ({
      ...object,
      metadata: { ...object.metadata, labels: {} },
    });
    stage.cluster.edit(deploymentRef, unlabelled, { manager: 'kubectl-edit' });
    await stage.advance(1_000);
    assert.deepEqual([...reported], ['get']);
    assert.equal(stage.ready('shop'), 'True Healthy');
  });

  it('a Deployment that breaks hours after its sync is Degraded by one event, and says so everywhere', async () => {
    await using stage = new Stage();
    await deployed(stage);
    reportStatus(stage.cluster, 2);
    await stage.quiet();
    await stage.advance(5 * 60 * minute);
    assert.equal(stage.ready('shop'), 'True Healthy');
    stage.events.length = 0;
    seedPods(stage.cluster, [imageMissing, imageMissing]);
    reportStatus(stage.cluster, 0, deadlineExceeded);
    await stage.quiet();
    const words =
      'Deployment.apps shop/web: ProgressDeadlineExceeded: ReplicaSet "web-1" has timed out progressing.: image "web:1" cannot be pulled (not found)';
    assert.equal(healthOf(stage), `Degraded ${words}`);
    assert.deepEqual(
      stage.events.map(({ type, reason, note }) => [type, reason, note]),
      [['Warning', 'HealthDegraded', words]],
    );
    const exposed = await stage.recorder.telemetry.registry.metrics();
    assert.match(exposed, /evenkeel_application_health_status\{namespace="apps",name="shop",status="Degraded"\} 1/);
    reportStatus(stage.cluster, 2);
    await stage.quiet();
    assert.equal(stage.ready('shop'), 'True Healthy');
  });

  it('a sync is healthy when everything works for the first time: history and metric say when', async () => {
    await using stage = new Stage();
    await deployed(stage);
    assert.equal(stage.status('shop').history?.[0]?.healthyAt, undefined);
    await stage.advance(42_000);
    reportStatus(stage.cluster, 2);
    await stage.quiet();
    const [first] = stage.status('shop').history ?? [];
    assert.equal(Date.parse(first?.healthyAt ?? '') - Date.parse(first?.deployStartedAt ?? ''), 42_000);
    reportStatus(stage.cluster, 1);
    await stage.quiet();
    await stage.advance(minute);
    reportStatus(stage.cluster, 2);
    await stage.quiet();
    assert.deepEqual(stage.status('shop').history, [first], 'once');
    const exposed = await stage.recorder.telemetry.registry.metrics();
    assert.match(exposed, /evenkeel_application_time_to_healthy_seconds_sum 42\n/);
    assert.match(exposed, /evenkeel_application_time_to_healthy_seconds_count 1\n/);
    stage.repository.commit({ shop: [deployment(3)] });
    await stage.quiet();
    reportStatus(stage.cluster, 3);
    await stage.quiet();
    assert.equal(stage.status('shop').history?.filter(({ healthyAt }) => healthyAt !== undefined).length, 2);
  });
});
