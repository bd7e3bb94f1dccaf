import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createSecretReader } from '../../src/kube/secrets.ts';
import { ApiError } from '../../src/model/api-error.ts';
import type { KubeObject } from '../../src/model/object.ts';
import { refOf } from '../../src/model/object.ts';
import { ManualClock, settled } from '../fakes/clock.ts';
import { FakeCluster } from '../fakes/cluster.ts';

function secret(password: string, name = 'git'): KubeObject {
  const data = { password: Buffer.from(password).toString('base64') };
  return { apiVersion: 'v1', kind: 'Secret', metadata: { name, namespace: 'default' }, data };
}

function stage() {
  const clock = new ManualClock();
  const cluster = new FakeCluster(clock);
  const reader = createSecretReader(cluster, clock);
  const told: string[] = [];
  reader.onChange((namespace, name) => told.push(`${namespace}/${name}`));
  return { clock, cluster, reader, told };
}

describe('secrets', () => {
  test('are watched from their first use on, and never read', async () => {
    const { cluster, reader, told } = stage();
    cluster.seed(secret('one'));
    assert.equal((await reader.get('default', 'git'))?.['password']?.toString(), 'one');
    assert.deepEqual(told, []);
    cluster.seed(secret('two'));
    cluster.seed(secret('other', 'unrelated'));
    await settled();
    assert.deepEqual(told, ['default/git']);
    assert.equal((await reader.get('default', 'git'))?.['password']?.toString(), 'two');
    cluster.remove(refOf(secret('')));
    await settled();
    assert.equal(await reader.get('default', 'git'), undefined);
    assert.deepEqual(told, ['default/git', 'default/git']);
    assert.deepEqual(
      cluster.requests.map(({ verb }) => verb),
      ['watch'],
    );
    reader[Symbol.dispose]();
    assert.equal(cluster.reflectors.length, 0);
  });

  test('are read while their watch is lost, and the reason of a refusal is told', async () => {
    const { cluster, reader } = stage();
    cluster.seed(secret('one'));
    await reader.get('default', 'git');
    cluster.interrupt('gone away', false);
    await settled();
    cluster.seed(secret('two'));
    assert.equal((await reader.get('default', 'git'))?.['password']?.toString(), 'two');
    cluster.fail(({ verb }) => verb === 'get', new ApiError('no', { kind: 'forbidden', status: 403 }));
    await assert.rejects(
      reader.get('default', 'git'),
      (error) => error instanceof ApiError && error.kind === 'forbidden',
    );
    cluster.restore();
    await settled();
    const { length } = cluster.requests;
    await reader.get('default', 'git');
    assert.equal(cluster.requests.length, length);
    reader[Symbol.dispose]();
  });

  test('are let go when nobody asked for a day', async () => {
    const { clock, cluster, reader } = stage();
    cluster.seed(secret('one', 'a'));
    cluster.seed(secret('one', 'b'));
    await reader.get('default', 'a');
    await clock.advance(20 * 3_600_000);
    await reader.get('default', 'b');
    await clock.advance(5 * 3_600_000);
    await reader.get('default', 'b');
    assert.equal(cluster.reflectors.length, 1);
    assert.equal((await reader.get('default', 'a'))?.['password']?.toString(), 'one');
    assert.equal(cluster.reflectors.length, 2);
    reader[Symbol.dispose]();
  });
});
