import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createRepositorySecrets, createSecretReader, followWebhookSecrets } from '../../src/kube/kube.ts';
import { ApiError } from '../../src/model/api-error.ts';
import type { KubeObject } from '../../src/model/object.ts';
import { refOf } from '../../src/model/object.ts';
import { ManualClock, settled } from '../fakes/clock.ts';
import { FakeCluster } from '../fakes/cluster.ts';

const ours = 'evenkeel.dev/secret-type';
const argos = 'argocd.argoproj.io/secret-type';

interface SecretShape {
  readonly name: string;
  readonly labels?: Record<string, string>;
  readonly data?: Record<string, string>;
  readonly namespace?: string;
}

function secret({ name, labels = {}, data = {}, namespace = 'evenkeel' }: SecretShape): KubeObject {
  const encoded = Object.entries(data).map(([key, value]) => [key, Buffer.from(value).toString('base64')] as const);
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name, namespace, labels },
    data: Object.fromEntries(encoded),
  };
}

function repository(name: string, url: string, label = ours): KubeObject {
  return secret({ name, labels: { [label]: 'repository' }, data: { url, password: name } });
}

function prefix(name: string, url: string, label = ours): KubeObject {
  return secret({ name, labels: { [label]: 'repo-creds' }, data: { url, password: name } });
}

function stage(...objects: readonly KubeObject[]) {
  const clock = new ManualClock();
  const cluster = new FakeCluster(clock);
  cluster.seed({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'evenkeel' } });
  for (const object of objects) cluster.seed(object);
  const reader = createSecretReader(cluster, clock);
  const secrets = createRepositorySecrets({ cluster, reader, namespace: 'evenkeel' });
  const told: string[] = [];
  secrets.onChange(({ namespace, name }) => told.push(`${namespace}/${name}`));
  const stop = () => {
    secrets[Symbol.dispose]();
    reader[Symbol.dispose]();
  };
  return { cluster, secrets, told, stop };
}

describe('credentials by address', () => {
  const url = 'https://git.example.com/team/shop.git';

  const choices: readonly (readonly [string, readonly KubeObject[], string, string | undefined])[] = [
    ['there are none', [], url, undefined],
    ['the exact address', [repository('a', url), prefix('b', 'https://git.example.com/team')], url, 'a'],
    ['the exact one, spelt otherwise', [repository('a', 'https://GIT.example.com/team/shop/')], url, 'a'],
    ['the exact one with the label of Argo CD', [repository('a', url, argos)], url, 'a'],
    ['of several exact ones the first by name', [repository('b', url, argos), repository('a', url)], url, 'a'],
    ['of several exact ones the first by name, whoever labelled', [repository('b', url), repository('a', url, argos)], url, 'a'],
    ['the longest prefix', [prefix('a', 'https://git.example.com'), prefix('b', 'https://git.example.com/team')], url, 'b'],
    ['of equal prefixes the first by name', [prefix('b', 'https://git.example.com/'), prefix('a', 'https://git.example.com')], url, 'a'],
    ['a repository is no prefix', [repository('a', 'https://git.example.com/team')], url, undefined],
    ['a prefix is whole in its host', [prefix('a', 'https://git.example.co')], url, undefined],
    ['another transport', [repository('a', 'http://git.example.com/team/shop.git')], url, undefined],
    ['another port', [prefix('a', 'https://git.example.com:8443')], url, undefined],
    ['SSH in both spellings', [repository('a', 'ssh://git@git.example.com/team/shop')], 'git@git.example.com:team/shop.git', 'a'],
    ['a prefix of SSH', [prefix('a', 'git@git.example.com:team')], 'ssh://git@git.example.com:22/team/shop.git', 'a'],
    ['a registry', [prefix('a', 'registry.example.com/charts', argos)], 'oci://registry.example.com/charts/shop', 'a'],
    ['a Secret without address', [secret({ name: 'a', labels: { [ours]: 'repo-creds' } })], url, undefined],
    ['another type', [secret({ name: 'a', labels: { [argos]: 'cluster' }, data: { url } })], url, undefined],
    ['another namespace', [secret({ name: 'a', labels: { [ours]: 'repository' }, data: { url }, namespace: 'default' })], url, undefined],
  ]; // prettier-ignore

  for (const [name, objects, asked, expected] of choices) {
    test(name, async () => {
      const { secrets, stop } = stage(...objects);
      const found = await secrets.forUrl(asked);
      assert.equal(found?.name, expected);
      if (found !== undefined) assert.equal(found.data['password']?.toString(), expected);
      stop();
    });
  }

  test('are watched from the first question on; changes are known and told', async () => {
    const { cluster, secrets, told, stop } = stage(repository('a', url));
    assert.equal(cluster.requests.length, 0);
    await secrets.forUrl(url);
    assert.deepEqual(told, []);
    cluster.seed(repository('b', 'https://elsewhere.example.com/x'));
    cluster.remove(refOf(repository('a', url)));
    cluster.seed(secret({ name: 'unrelated' }));
    await settled();
    assert.deepEqual(told, ['evenkeel/b', 'evenkeel/a']);
    assert.equal(await secrets.forUrl(url), undefined);
    assert.deepEqual(
      cluster.requests.map(({ verb }) => verb),
      ['watch', 'watch'],
    );
    stop();
    assert.equal(cluster.reflectors.length, 0);
  });

  test('a Secret that loses its label counts no more', async () => {
    const { cluster, secrets, told, stop } = stage(repository('a', url));
    await secrets.forUrl(url);
    cluster.seed(secret({ name: 'a', data: { url } }));
    await settled();
    assert.deepEqual([told, await secrets.forUrl(url)], [['evenkeel/a'], undefined]);
    stop();
  });

  test('Secrets by name are told too', async () => {
    const { cluster, secrets, told, stop } = stage(secret({ name: 'named', data: { password: 'one' } }));
    assert.equal((await secrets.named('evenkeel', 'named'))?.['password']?.toString(), 'one');
    cluster.seed(secret({ name: 'named', data: { password: 'two' } }));
    await settled();
    assert.deepEqual(told, ['evenkeel/named']);
    assert.equal(await secrets.named('evenkeel', 'absent'), undefined);
    stop();
  });

  test('while the watch is lost they are listed, and what is missed is told afterwards', async () => {
    const { cluster, secrets, told, stop } = stage(repository('a', url));
    await secrets.forUrl(url);
    cluster.interrupt('gone away', false);
    await settled();
    cluster.seed(repository('b', `${url}/b`));
    assert.equal((await secrets.forUrl(`${url}/b`))?.name, 'b');
    assert.equal(told.length, 0);
    cluster.fail(({ verb }) => verb === 'list', new ApiError('no', { kind: 'forbidden', status: 403 }));
    await assert.rejects(secrets.forUrl(url), (error) => error instanceof ApiError && error.kind === 'forbidden');
    cluster.restore();
    await settled();
    assert.ok(told.includes('evenkeel/b'));
    stop();
  });
});

test('Secrets of webhooks are those of the forge', async () => {
  const label = 'evenkeel.dev/webhook';
  const { cluster, stop } = stage(
    secret({ name: 'b', labels: { [label]: 'github' } }),
    secret({ name: 'a', labels: { [label]: 'github' } }),
    secret({ name: 'c', labels: { [label]: 'gitlab' } }),
  );
  using secrets = followWebhookSecrets(cluster, 'evenkeel');
  const names = async (forge: 'github' | 'gitlab' | 'gitea') => (await secrets.of(forge)).map(({ name }) => name);
  assert.deepEqual([await names('github'), await names('gitlab'), await names('gitea')], [['a', 'b'], ['c'], []]);
  stop();
});
