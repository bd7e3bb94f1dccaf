import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { eventually } from '../../tools/eventually.ts';
import type { World } from '../../tools/world.ts';
import { conditionOf, startWorld } from '../../tools/world.ts';
import type { Shop } from './support/deletion.ts';
import {
  applicationPath,
  configMapNames,
  configMapPath,
  configMaps,
  definitionPath,
  deleteApplication,
  deletions,
  file,
  find,
  heldDependent,
  letGo,
  lookAgain,
  mergePatch,
  mustFind,
  openShop,
  timeout,
  untilApplied,
  untilGone,
  untilInForeground,
  widgets,
  without,
} from './support/deletion.ts';

let world: World;

before(async () => {
  world = await startWorld();
  await world.startOperator();
});

after(async () => {
  await world[Symbol.asyncDispose]();
});

const map = (name: string, value: string, annotations: Record<string, string>): Record<string, string> =>
  file('ConfigMap', name, { data: { value } }, annotations);

async function valueOf({ name }: Shop, object: string): Promise<unknown> {
  const { data } = (await mustFind(world, configMapPath(name, object))) as { data?: { value?: string } };
  return data?.value;
}

async function approveDeletions(name: string, at: Date): Promise<void> {
  await world.annotate(name, { 'argocd.argoproj.io/deletion-approved': at.toISOString() });
}

const confirmed = { 'argocd.argoproj.io/sync-options': 'Prune=confirm, Delete=confirm' };

describe('38. Prune=confirm holds only the object', () => {
  it(
    'until a person confirms it after the sync began; an older confirmation counts for nothing',
    { timeout },
    async () => {
      const files = { ...map('held', '1', confirmed), ...configMaps('a', 'b') };
      const shop = await openShop(world, 'confirm', files);
      const { name, repository } = shop;
      await approveDeletions(name, new Date(Date.now() - 3_600_000));
      await repository.commit({ ...without(map('held', '1', {})), ...without(configMaps('b')) }, 'drop both');
      await untilGone(world, configMapPath(name, 'b'));
      const { status } = await world.until(name, 'waiting for a person', ({ resources }) =>
        (resources ?? []).some((row) => row['requiresDeletionConfirmation'] === true),
      );
      assert.deepEqual([status?.sync?.status, status?.operationState?.phase], ['OutOfSync', 'Running']);
      assert.match(
        conditionOf(status ?? {}, 'PruneBlocked')?.message ?? '',
        /ConfigMap confirm\/held waits for a person/,
      );
      assert.deepEqual(await deletions(world), [`configmaps ${name}/b`]);
      await approveDeletions(name, new Date(Date.now() + 1_000));
      await untilGone(world, configMapPath(name, 'held'));
      await world.untilSynced(name);
    },
  );

  it('Delete=confirm holds the deletion of the Application in the same way', { timeout }, async () => {
    const metadata = { finalizers: ['evenkeel.dev/resources-finalizer'] };
    const files = { ...map('held', '1', confirmed), ...configMaps('a') };
    const { name } = await openShop(world, 'confirm-deletion', files, { metadata });
    await deleteApplication(world, name);
    await untilGone(world, configMapPath(name, 'a'));
    await world.until(name, 'waiting for a person', (status) => conditionOf(status, 'PruneBlocked')?.status === 'True');
    await mustFind(world, configMapPath(name, 'held'));
    await approveDeletions(name, new Date(Date.now() + 1_000));
    await untilGone(world, applicationPath(name));
    assert.equal(await find(world, configMapPath(name, 'held')), undefined);
  });
});

describe('what leaves Git', () => {
  it('39. an object that a controller owns stays, and the others go', { timeout }, async () => {
    const { name, repository } = await openShop(world, 'controlled', configMaps('a', 'b', 'owned'));
    const { uid } = (await mustFind(world, configMapPath(name, 'a'))).metadata;
    const owner = { apiVersion: 'v1', kind: 'ConfigMap', name: 'a', uid, controller: true };
    await mergePatch(world, configMapPath(name, 'owned'), { metadata: { ownerReferences: [owner] } });
    await repository.commit(without(configMaps('b', 'owned')), 'drop both');
    await untilGone(world, configMapPath(name, 'b'));
    await world.untilSynced(name);
    assert.deepEqual(await configMapNames(world, name), ['a', 'owned']);
  });

  it('40. a CustomResourceDefinition goes only once its plan is approved', { timeout }, async () => {
    const group = 'approved.example.com';
    const shop = await openShop(world, 'definition', { ...widgets(group), ...configMaps('a') });
    const { name, repository } = shop;
    await repository.commit(without(widgets(group)), 'drop it');
    const { status } = await world.until(name, 'held back', ({ plan }) => plan !== undefined);
    await lookAgain(shop);
    await mustFind(world, definitionPath(group));
    await world.annotate(name, { 'evenkeel.dev/approve': status?.plan?.hash ?? '' });
    await untilGone(world, definitionPath(group));
  });
});

describe('policy', () => {
  it('create-only, no-update, external: each is written as it says, and no more', { timeout }, async () => {
    const policies = (value: string): Record<string, string> => ({
      ...map('once', value, { 'evenkeel.dev/policy': 'create-only' }),
      ...map('frozen', value, { 'evenkeel.dev/policy': 'no-update' }),
      ...map('plain', value, {}),
    });
    const shop = await openShop(world, 'policies', policies('1'));
    const { name, repository } = shop;
    const theirs = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'theirs' }, data: { value: 'theirs' } };
    const body = JSON.parse(JSON.stringify(theirs)) as Record<string, unknown>;
    await world.plane.api.must({ method: 'POST', path: `/api/v1/namespaces/${name}/configmaps`, body });
    const external = map('theirs', '2', { 'evenkeel.dev/policy': 'external' });
    await repository.commit({ ...policies('2'), ...external }, 'change all');
    await eventually('the plain one to change', async () => (await valueOf(shop, 'plain')) === '2');
    const values = await Promise.all(['once', 'frozen', 'theirs'].map((one) => valueOf(shop, one)));
    assert.deepEqual(values, ['1', '1', 'theirs']);
    const { status } = await world.until(name, 'OutOfSync for the frozen one', ({ resources }) =>
      (resources ?? []).some(({ message }) => String(message).includes('no-update')),
    );
    assert.deepEqual(
      status?.resources?.map((row) => row['name']),
      ['frozen'],
    );
    await mergePatch(world, configMapPath(name, 'once'), { data: { value: 'edited' } });
    await lookAgain(shop);
    assert.equal(await valueOf(shop, 'once'), 'edited', 'what others change of it is theirs');
    const head = await repository.commit(without({ ...external, ...map('frozen', '2', {}) }), 'drop two');
    await untilApplied(world, name, head);
    assert.deepEqual(await configMapNames(world, name), ['once', 'plain', 'theirs']);
  });

  it('no-prune stays when it leaves Git, and goes with the Application', { timeout }, async () => {
    const kept = map('kept', '1', { 'evenkeel.dev/policy': 'no-prune' });
    const metadata = { finalizers: ['evenkeel.dev/resources-finalizer'] };
    const shop = await openShop(world, 'no-prune', { ...kept, ...configMaps('a', 'b') }, { metadata });
    const { name, repository } = shop;
    await repository.commit({ ...without(kept), ...without(configMaps('b')) }, 'drop both');
    await untilGone(world, configMapPath(name, 'b'));
    await lookAgain(shop);
    assert.deepEqual([await deletions(world), await valueOf(shop, 'kept')], [[`configmaps ${name}/b`], '1']);
    await deleteApplication(world, name);
    await untilGone(world, applicationPath(name));
    assert.deepEqual(await configMapNames(world, name), []);
  });
});

describe('Prune=false and Delete=false in syncOptions of the Application', () => {
  it('hold for the objects that say nothing themselves', { timeout }, async () => {
    const may = { 'evenkeel.dev/sync-options': 'Prune=true, Delete=true' };
    const files = { ...configMaps('silent', 'dropped'), ...map('may-go', '1', may), ...map('may-be-pruned', '1', may) };
    const automated = { prune: true, selfHeal: true };
    const shop = await openShop(world, 'defaults', files, {
      spec: { syncPolicy: { automated, syncOptions: ['Prune=false', 'Delete=false'] } },
      metadata: { finalizers: ['evenkeel.dev/resources-finalizer'] },
    });
    const { name, repository } = shop;
    await repository.commit({ ...without(configMaps('dropped')), ...without(map('may-be-pruned', '', may)) }, 'drop');
    await untilGone(world, configMapPath(name, 'may-be-pruned'));
    await lookAgain(shop);
    await deleteApplication(world, name);
    await untilGone(world, applicationPath(name));
    assert.deepEqual(await configMapNames(world, name), ['dropped', 'silent']);
  });
});

describe('PrunePropagationPolicy', () => {
  const pruning = (...syncOptions: readonly string[]): object => ({
    spec: { syncPolicy: { automated: { prune: true, selfHeal: true }, syncOptions } },
  });

  it('foreground, the default: a pruned object goes when what depends on it has gone', { timeout }, async () => {
    const { name, repository } = await openShop(world, 'foreground', configMaps('a', 'b'), pruning());
    const dependent = await heldDependent(world, name, 'b');
    await repository.commit(without(configMaps('b')), 'drop it');
    await untilInForeground(world, configMapPath(name, 'b'));
    await letGo(world, dependent);
    await untilGone(world, configMapPath(name, 'b'));
    await world.untilSynced(name);
  });

  it('background: it goes at once', { timeout }, async () => {
    const options = pruning('PrunePropagationPolicy=background');
    const { name, repository } = await openShop(world, 'background', configMaps('a', 'b'), options);
    const dependent = await heldDependent(world, name, 'b');
    await world.untilSynced(name, await repository.commit(without(configMaps('b')), 'drop it'));
    assert.equal(await find(world, configMapPath(name, 'b')), undefined);
    await mustFind(world, dependent);
    await letGo(world, dependent);
  });

  it('orphan leaves the ReplicaSet of a pruned Deployment', { timeout }, async () => {
    const labels = { app: 'web' };
    const template = { metadata: { labels }, spec: { containers: [{ name: 'main', image: 'example.com/web:1' }] } };
    const spec = { replicas: 0, selector: { matchLabels: labels }, template };
    const web = file('Deployment', 'web', { apiVersion: 'apps/v1', spec });
    const options = pruning('PrunePropagationPolicy=orphan');
    const { name, repository } = await openShop(world, 'orphan', { ...web, ...configMaps('a') }, options);
    const sets = `/apis/apps/v1/namespaces/${name}/replicasets`;
    const count = async (): Promise<number> => ((await mustFind(world, sets))['items'] as readonly unknown[]).length;
    await eventually('a ReplicaSet', async () => (await count()) === 1);
    await repository.commit(without(web), 'drop it');
    await untilGone(world, `/apis/apps/v1/namespaces/${name}/deployments/web`);
    assert.equal(await count(), 1);
  });
});
