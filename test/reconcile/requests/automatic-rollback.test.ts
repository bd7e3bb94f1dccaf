import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { JsonObject } from '../../../src/model/json.ts';
import { objectAt } from '../../../src/model/json.ts';
import { deadlineExceeded, deployment, deploymentRef, reportStatus } from '../rollout.ts';
import { namespace, Stage } from '../stage.ts';

const spec: JsonObject = { syncPolicy: { automated: { prune: true } }, rollback: { onDegraded: {} } };

/** A healthy revision with two replicas, and a newer one with three that has just been applied. */
async function rolledOut(): Promise<Stage> {
  const stage = new Stage();
  stage.repository.commit({ shop: [deployment(2)] });
  stage.apply('shop', { spec });
  await stage.start();
  await stage.quiet();
  reportStatus(stage.cluster, 2);
  await stage.quiet();
  assert.equal(stage.ready('shop'), 'True Healthy');
  stage.repository.commit({ shop: [deployment(3)] });
  await stage.quiet();
  assert.equal(stage.status('shop').health?.status, 'Progressing');
  await stage.advance(2_000);
  return stage;
}

/** The revision that worked. */
function goodOf(stage: Stage): string | undefined {
  return stage.status('shop').history?.[0]?.revision;
}

function replicas(stage: Stage): unknown {
  return objectAt(stage.cluster.peek(deploymentRef), 'spec')['replicas'];
}

async function degrade(stage: Stage): Promise<void> {
  reportStatus(stage.cluster, 1, deadlineExceeded);
  await stage.quiet();
}

async function commit(stage: Stage, count: number): Promise<string> {
  const revision = stage.repository.commit({ shop: [deployment(count)] });
  await stage.quiet();
  return revision;
}

describe('an automatic rollback', () => {
  it('goes back to the last healthy revision when the new one turns Degraded in time, and holds', async () => {
    await using stage = await rolledOut();
    await degrade(stage);
    assert.equal(replicas(stage), 2);
    reportStatus(stage.cluster, 2);
    await stage.quiet();
    const { sync, health, hold } = stage.status('shop');
    assert.deepEqual([sync, health?.status], [{ status: 'OutOfSync', revision: stage.repository.newest }, 'Healthy']);
    assert.deepEqual([hold?.revision, stage.ready('shop')], [goodOf(stage), 'False Held']);
    assert.match(hold?.reason ?? '', /^rolled back by itself/);
    const { value } = stage.recorder;
    assert.equal(await value('evenkeel_application_held', { namespace, name: 'shop' }), 1);
    assert.deepEqual(
      stage.events.filter(({ reason }) => reason === 'RolledBack').map(({ type, action }) => [type, action]),
      [['Warning', 'Rollback']],
    );
  });

  it('is not made of what is inconclusive, and not when the time is over', async () => {
    await using stage = await rolledOut();
    await stage.advance(200_000);
    assert.deepEqual([replicas(stage), stage.status('shop').health?.status], [3, 'Progressing']);
    await stage.advance(101_000);
    await degrade(stage);
    assert.deepEqual([replicas(stage), stage.status('shop').health?.status], [3, 'Degraded']);
    assert.equal(stage.status('shop').hold, undefined);
  });

  it('is not made of what was Degraded before the sync', async () => {
    await using stage = await rolledOut();
    await stage.advance(301_000);
    await degrade(stage);
    const other = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a', namespace: 'shop' } };
    stage.repository.commit({ shop: [deployment(3), other] });
    await stage.quiet();
    assert.equal(stage.status('shop').health?.status, 'Degraded');
    assert.equal(stage.status('shop').hold, undefined);
  });

  it('is lifted by a newer commit, also after a restart, and not by one that changes nothing', async () => {
    await using stage = await rolledOut();
    await degrade(stage);
    reportStatus(stage.cluster, 2);
    await commit(stage, 3);
    await stage.stop();
    await stage.start();
    await stage.quiet();
    assert.deepEqual([replicas(stage), stage.status('shop').hold?.revision], [2, goodOf(stage)]);
    await commit(stage, 4);
    assert.deepEqual([replicas(stage), stage.status('shop').hold], [4, undefined]);
    assert.deepEqual(stage.application('shop').metadata['annotations'], {});
    assert.ok(stage.events.some(({ reason }) => reason === 'HoldLifted'));
  });

  it('is made once: released by a person, the same objects stay', async () => {
    await using stage = await rolledOut();
    await degrade(stage);
    reportStatus(stage.cluster, 2);
    await stage.quiet();
    stage.annotate('shop', { 'evenkeel.dev/hold': '' });
    await stage.quiet();
    assert.equal(replicas(stage), 3);
    await degrade(stage);
    assert.deepEqual([replicas(stage), stage.status('shop').hold], [3, undefined]);
    assert.equal(stage.ready('shop'), 'False HealthDegraded');
  });

  it('that does not help goes no further', async () => {
    await using stage = await rolledOut();
    await degrade(stage);
    await stage.advance(2_000);
    await degrade(stage);
    await stage.advance(60_000);
    assert.deepEqual([replicas(stage), stage.status('shop').hold?.revision], [2, goodOf(stage)]);
    assert.equal(stage.events.filter(({ reason }) => reason === 'RolledBack').length, 1);
    assert.match(stage.message('shop', 'Ready'), /is not applied; Degraded: /);
  });

  it('is made of a sync, too, that ends because an object of an early wave turns Degraded; once', async () => {
    await using stage = await rolledOut();
    reportStatus(stage.cluster, 3);
    await stage.quiet();
    assert.equal(stage.ready('shop'), 'True Healthy');
    const good = stage.repository.newest;
    const metadata = { name: 'after', namespace: 'shop', annotations: { 'evenkeel.dev/sync-wave': '1' } };
    stage.repository.commit({ shop: [deployment(4), { apiVersion: 'v1', kind: 'ConfigMap', metadata }] });
    await stage.quiet();
    await stage.advance(2_000);
    assert.deepEqual([replicas(stage), stage.status('shop').history?.length], [4, 2]);
    await degrade(stage);
    assert.equal(replicas(stage), 3, 'not to the revision before the one that works');
    reportStatus(stage.cluster, 3);
    await stage.quiet();
    const { hold, history } = stage.status('shop');
    assert.deepEqual([hold?.revision, history?.at(-1)?.revision], [good, good]);
    assert.deepEqual([stage.ready('shop'), stage.status('shop').health?.status], ['False Held', 'Healthy']);

    stage.annotate('shop', { 'evenkeel.dev/hold': '' });
    await stage.quiet();
    await stage.advance(2_000);
    await degrade(stage);
    assert.deepEqual([replicas(stage), stage.status('shop').hold], [4, undefined]);
    assert.equal(stage.events.filter(({ reason }) => reason === 'RolledBack').length, 1);
  });
});
