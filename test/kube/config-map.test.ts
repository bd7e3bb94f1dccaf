import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { followConfigMap } from '../../src/kube/config-map.ts';
import type { KubeObject } from '../../src/model/object.ts';
import { refOf } from '../../src/model/object.ts';
import { ManualClock, settled } from '../fakes/clock.ts';
import { FakeCluster } from '../fakes/cluster.ts';

function configMap(value: string, name = 'rules'): KubeObject {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'ours' }, data: { value } };
}

function stage() {
  const cluster = new FakeCluster(new ManualClock());
  const told: (string | undefined)[] = [];
  const follow = () =>
    followConfigMap(cluster, { namespace: 'ours', name: 'rules' }, (found) => told.push(found?.data['value']));
  return { cluster, told, follow };
}

describe('a ConfigMap that is followed', () => {
  test('is told as it is, as it changes and as it goes, and no other one is', async () => {
    const { cluster, told, follow } = stage();
    cluster.seed(configMap('one'));
    const follower = follow();
    await follower.first;
    assert.deepEqual(told, ['one']);
    cluster.seed(configMap('other', 'unrelated'));
    cluster.seed(configMap('two'));
    await settled();
    cluster.remove(refOf(configMap('')));
    await settled();
    assert.deepEqual(told, ['one', 'two', undefined]);
    follower[Symbol.dispose]();
    assert.equal(cluster.reflectors.length, 0);
  });

  test('that is not there is told of as such', async () => {
    const { told, follow } = stage();
    using follower = follow();
    await follower.first;
    assert.deepEqual(told, [undefined]);
  });

  test('stands while its watch is lost', async () => {
    const { cluster, told, follow } = stage();
    cluster.seed(configMap('one'));
    using follower = follow();
    await follower.first;
    cluster.interrupt('gone away', false);
    await settled();
    assert.deepEqual(told, ['one']);
    cluster.seed(configMap('two'));
    cluster.restore();
    await settled();
    assert.equal(told.at(-1), 'two');
  });
});
