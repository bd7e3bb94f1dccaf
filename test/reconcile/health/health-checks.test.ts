import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { JsonObject } from '../../../src/model/json.ts';
import { applicationRef, configMap, Stage } from '../stage.ts';

const finalizer = 'evenkeel.dev/resources-finalizer';

const broken = { apiVersion: 'v1', kind: 'ConfigMap', failed: 'object.data.mode == "broken"', message: '"as it says"' };

function withChecks(...healthChecks: JsonObject[]): JsonObject {
  return { healthChecks, syncPolicy: { automated: { prune: true, selfHeal: true } } };
}

describe('spec.healthChecks', () => {
  it("judge the Application's objects, and nobody else's", async () => {
    await using stage = new Stage();
    stage.repository.commit({
      shop: [configMap('a', { mode: 'broken' })],
      other: [configMap('b', { mode: 'broken' })],
    });
    stage.apply('shop', { spec: withChecks(broken) });
    stage.apply('other');
    await stage.start();
    await stage.quiet();
    const { status, message } = stage.status('shop').health ?? {};
    assert.deepEqual([status, message], ['Degraded', 'ConfigMap shop/a: as it says']);
    assert.equal(stage.status('other').health?.status, 'Healthy');
  });

  it('judge anew what is there already when they change, without a commit', async () => {
    await using stage = new Stage();
    stage.repository.commit({ shop: [configMap('a', { mode: 'broken' })] });
    stage.apply('shop');
    await stage.start();
    await stage.quiet();
    assert.equal(stage.status('shop').health?.status, 'Healthy');
    stage.respec('shop', withChecks(broken));
    await stage.quiet();
    assert.equal(stage.status('shop').health?.status, 'Degraded');
    stage.respec('shop', withChecks());
    await stage.quiet();
    assert.equal(stage.status('shop').health?.status, 'Healthy');
  });

  it('hold after a restart', async () => {
    await using stage = new Stage();
    stage.repository.commit({ shop: [configMap('a', { mode: 'broken' })] });
    stage.apply('shop', { spec: withChecks(broken) });
    await stage.start();
    await stage.quiet();
    await stage.stop();
    await stage.start();
    await stage.quiet();
    assert.equal(stage.status('shop').health?.status, 'Degraded');
  });

  it('stall the Application when an expression is broken, saying where', async () => {
    await using stage = new Stage();
    stage.repository.commit({ shop: [configMap('a')] });
    stage.apply('shop', { spec: withChecks(broken, { ...broken, failed: 'object.data.mode ==' }) });
    await stage.start();
    await stage.quiet();
    assert.deepEqual(stage.maps(), []);
    const stalled = stage.condition('shop', 'Stalled');
    assert.deepEqual([stalled?.status, stalled?.reason], ['True', 'InvalidSpec']);
    assert.match(stalled?.message ?? '', /spec\.healthChecks\[1\]\.failed: line 1, column 20: /);
    stage.respec('shop', withChecks(broken));
    await stage.quiet();
    assert.deepEqual(stage.maps(), ['a']);
  });

  it('do not hold back a deletion', async () => {
    await using stage = new Stage();
    stage.repository.commit({ shop: [configMap('a')] });
    stage.apply('shop', { metadata: { finalizers: [finalizer] } });
    await stage.start();
    await stage.quiet();
    stage.respec('shop', withChecks({ ...broken, failed: '(' }));
    await stage.quiet();
    stage.cluster.remove(applicationRef('shop'));
    await stage.quiet();
    assert.deepEqual(stage.maps(), []);
  });
});
