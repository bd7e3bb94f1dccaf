import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { eventually } from '../../tools/eventually.ts';
import type { World } from '../../tools/world.ts';
import { startWorld } from '../../tools/world.ts';
import type { ObjectJson, Shop } from './support/deletion.ts';
import {
  applicationPath,
  claim,
  claimPath,
  configMapPath,
  configMaps,
  definitionPath,
  deleteApplication,
  deletions,
  eventNotes,
  file,
  find,
  heldDependent,
  letGo,
  mergePatch,
  mustFind,
  openShop,
  timeout,
  uids,
  untilCondition,
  untilGone,
  untilInForeground,
  widget,
  widgetPath,
  widgets,
} from './support/deletion.ts';

let world: World;

before(async () => {
  world = await startWorld();
  await world.startOperator();
});

after(async () => {
  await world[Symbol.asyncDispose]();
});

const ours = 'evenkeel.dev/resources-finalizer';
const argo = 'resources-finalizer.argocd.argoproj.io';
const marks = ['evenkeel.dev/part-of', 'evenkeel.dev/slot', 'evenkeel.dev/tracking-id'];

/** Everything that is the user's: without our marks, and what the server moves with every write. */
function theirs({ metadata, ...fields }: ObjectJson): unknown {
  const unmarked = (map: Readonly<Record<string, string>> = {}): unknown =>
    Object.fromEntries(Object.entries(map).filter(([key]) => !marks.includes(key)));
  const { name, uid, labels, annotations, finalizers = [] } = metadata;
  return {
    ...fields,
    status: undefined,
    name,
    uid,
    labels: unmarked(labels),
    annotations: unmarked(annotations),
    finalizers,
  };
}

async function checkReleased(path: string, object: ObjectJson): Promise<void> {
  const now = await mustFind(world, path);
  assert.deepEqual(theirs(now), theirs(object), 'every field stays');
  assert.equal(now.metadata.deletionTimestamp, undefined);
  const present = { ...now.metadata.labels, ...now.metadata.annotations };
  assert.deepEqual(
    marks.filter((name) => name in present),
    [],
    'our marks are gone',
  );
  assert.ok(
    now.metadata.managedFields?.some(({ manager }) => manager === 'evenkeel'),
    'and our fields are not',
  );
}

describe('deleting an Application without a finalizer', () => {
  it('touches nothing', { timeout }, async () => {
    const { name } = await openShop(world, 'no-finalizer', { ...configMaps('a', 'b'), ...claim('data') });
    const paths = [configMapPath(name, 'a'), configMapPath(name, 'b'), claimPath(name, 'data')];
    const before = await Promise.all(paths.map((path) => mustFind(world, path)));
    await deleteApplication(world, name);
    await untilGone(world, applicationPath(name));
    // One that comes after it shows that the operator has gone on.
    await openShop(world, 'no-finalizer-next', configMaps('x'));
    const now = await Promise.all(paths.map((path) => mustFind(world, path)));
    const versions = (objects: readonly ObjectJson[]): string[] =>
      objects.map(({ metadata }) => metadata.resourceVersion);
    assert.deepEqual(versions(now), versions(before));
    assert.deepEqual(await deletions(world), []);
  });
});

describe('41. deleting an Application with a finalizer deletes its objects, and lets go of what may not be deleted', () => {
  const spellings = [
    [ours],
    [argo],
    [`${argo}/foreground`, 'pre-delete-finalizer.argocd.argoproj.io'],
    [`${argo}/background`, 'post-delete-finalizer.argocd.argoproj.io/cleanup'],
  ] as const;
  for (const [index, finalizers] of spellings.entries()) {
    it(`spelled ${finalizers.join(' and ')}`, { timeout }, async () => {
      const shop = await openShop(world, `spelling-${index}`, configMaps('a', 'b'), { metadata: { finalizers } });
      await deleteApplication(world, shop.name);
      await untilGone(world, applicationPath(shop.name));
      for (const one of ['a', 'b']) assert.equal(await find(world, configMapPath(shop.name, one)), undefined);
    });
  }

  it("in the foreground with Argo CD's …/foreground: what depends on an object goes first", { timeout }, async () => {
    const finalizers = [`${argo}/foreground`];
    const { name } = await openShop(world, 'in-foreground', configMaps('a'), { metadata: { finalizers } });
    const dependent = await heldDependent(world, name, 'a');
    await deleteApplication(world, name);
    await untilInForeground(world, configMapPath(name, 'a'));
    assert.deepEqual((await mustFind(world, applicationPath(name))).metadata.finalizers, finalizers);
    await letGo(world, dependent);
    await untilGone(world, applicationPath(name));
    assert.equal(await find(world, configMapPath(name, 'a')), undefined);
  });

  it('in the background with …/background: nothing waits for what depends on it', { timeout }, async () => {
    const metadata = { finalizers: [`${argo}/background`] };
    const { name } = await openShop(world, 'in-background', configMaps('a'), { metadata });
    const dependent = await heldDependent(world, name, 'a');
    await deleteApplication(world, name);
    await untilGone(world, applicationPath(name));
    assert.equal(await find(world, configMapPath(name, 'a')), undefined);
    await mustFind(world, dependent);
    await letGo(world, dependent);
  });

  it("with only Argo CD's hook finalizers nothing is deleted, and it goes", { timeout }, async () => {
    const finalizers = ['post-delete-finalizer.argocd.argoproj.io'];
    const { name } = await openShop(world, 'hooks-only', configMaps('a'), { metadata: { finalizers } });
    const before = await uids(world, name, ['a']);
    await deleteApplication(world, name);
    await untilGone(world, applicationPath(name));
    assert.deepEqual([await deletions(world), await uids(world, name, ['a'])], [[], before]);
  });

  it('a PVC, a CRD, Delete=false, protect and keep are released and named by an event', { timeout }, async () => {
    const group = 'released.example.com';
    const name = 'released';
    const marked = {
      ...file('ConfigMap', 'by-option', { data: { k: 'v' } }, { 'evenkeel.dev/sync-options': 'Delete=false' }),
      ...file('ConfigMap', 'by-argo', { data: { k: 'v' } }, { 'argocd.argoproj.io/sync-options': 'Delete=false' }),
      ...file('ConfigMap', 'by-helm', { data: { k: 'v' } }, { 'helm.sh/resource-policy': 'keep' }),
      ...file('ConfigMap', 'by-protect', { data: { k: 'v' } }, { 'evenkeel.dev/protect': 'true' }),
    };
    const prune = file('ConfigMap', 'not-pruned', { data: { k: 'v' } }, { 'evenkeel.dev/sync-options': 'Prune=false' });
    const metadata = { finalizers: [ours] };
    const files = { ...configMaps('a'), ...claim('data'), ...widgets(group), ...marked, ...prune };
    const { repository } = await openShop(world, name, files, { metadata });
    await repository.commit(widget(group, 'one'), 'an object of the kind');
    await eventually('the widget', () => find(world, widgetPath(group, name, 'one')));
    await untilWidgetIsRecorded(name);

    const names = ['by-option', 'by-argo', 'by-helm', 'by-protect'];
    const paths = [...names.map((one) => configMapPath(name, one)), claimPath(name, 'data'), definitionPath(group)];
    const before = await Promise.all(paths.map((path) => mustFind(world, path)));
    await world.plane.forgetRequests();
    await deleteApplication(world, name);
    await untilGone(world, applicationPath(name));
    for (const [index, object] of before.entries()) await checkReleased(paths[index] ?? '', object);
    assert.deepEqual(await deletions(world), [
      `configmaps ${name}/a`,
      `configmaps ${name}/not-pruned`,
      `widgets ${name}/one`,
    ]);
    const notes = await eventually('the event', async () => {
      const found = await eventNotes(world, name, 'Released');
      return found.length > 0 && found;
    });
    const told = notes.join('\n');
    for (const one of [...names, 'data', `widgets.${group}`]) assert.ok(told.includes(one), `${one} in ${told}`);
    assert.ok(!told.includes(`${name}/a `), told);
  });

  it('delete-protected deletes protected kinds, too, and never a CRD nor what is marked', { timeout }, async () => {
    const group = 'insisted.example.com';
    const name = 'insisted';
    const metadata = { finalizers: [ours], annotations: { 'evenkeel.dev/delete-protected': 'true' } };
    const files = {
      ...claim('data'),
      ...claim('marked', { 'evenkeel.dev/protect': 'true' }),
      ...file('Namespace', 'insisted-extra'),
      ...file('ConfigMap', 'inside', { data: { k: 'v' } }),
      ...widgets(group),
    };
    await openShop(world, name, files, { metadata });
    const paths = [claimPath(name, 'marked'), definitionPath(group)];
    const before = await Promise.all(paths.map((path) => mustFind(world, path)));
    await deleteApplication(world, name);
    await untilGone(world, applicationPath(name));
    for (const [index, object] of before.entries()) await checkReleased(paths[index] ?? '', object);
    assert.equal(await find(world, '/api/v1/namespaces/insisted-extra'), undefined);
    const order = (await world.requests(({ verb, group: of }) => verb === 'delete' && of !== 'evenkeel.dev')).map(
      ({ resource }) => resource,
    );
    assert.equal(order.at(-1), 'namespaces', `Namespaces go last: ${order.join(', ')}`);
    assert.deepEqual([...order].sort(), ['configmaps', 'namespaces', 'persistentvolumeclaims']);
  });

  it('a child Application is deleted, and its own finalizer decides about its objects', { timeout }, async () => {
    const keeping = await openShop(world, 'child-keeping', configMaps('a'));
    const cascading = await openShop(world, 'child-cascading', configMaps('a'));
    const child = ({ name, repository }: Shop, finalizers: readonly string[]): Record<string, string> => {
      const source = { repoURL: repository.url, path: 'app', targetRevision: 'main' };
      const manifest = {
        apiVersion: 'evenkeel.dev/v1alpha1',
        kind: 'Application',
        metadata: { name: `${name}-app`, namespace: 'evenkeel', finalizers },
        spec: { source, destination: { namespace: `${name}-objects` }, interval: '1s', syncPolicy: { automated: {} } },
      };
      return { [`app/${name}.json`]: JSON.stringify(manifest), ...file('Namespace', `${name}-objects`) };
    };
    const files = { ...child(keeping, []), ...child(cascading, [ours]) };
    const parent = await openShop(world, 'parent', files, { metadata: { finalizers: [ours] } });
    for (const { name } of [keeping, cascading]) await world.untilSynced(`${name}-app`);
    const before = await uids(world, 'child-keeping-objects', ['a']);
    await deleteApplication(world, parent.name);
    for (const name of ['parent', 'child-keeping-app', 'child-cascading-app'])
      await untilGone(world, applicationPath(name));
    await untilGone(world, configMapPath('child-cascading-objects', 'a'));
    assert.deepEqual(await uids(world, 'child-keeping-objects', ['a']), before);
  });
});

describe('a deletion does not need what is broken', () => {
  it('Git unreachable', { timeout }, async () => {
    const { name } = await openShop(world, 'no-git', configMaps('a', 'b'), { metadata: { finalizers: [ours] } });
    world.git.setFault({ kind: 'down' });
    try {
      await deleteApplication(world, name);
      await untilGone(world, applicationPath(name));
      for (const one of ['a', 'b']) assert.equal(await find(world, configMapPath(name, one)), undefined);
    } finally {
      world.git.setFault(undefined);
    }
  });

  it('44. suspended by spec, and by the annotation', { timeout }, async () => {
    const metadata = { finalizers: [ours] };
    const bySpec = await openShop(world, 'suspended', configMaps('a'), { metadata });
    const skipped = await openShop(world, 'skipped', configMaps('a'), { metadata });
    await world.patch(bySpec.name, { spec: { suspend: { reason: 'freeze' } } });
    await world.annotate(skipped.name, { 'argocd.argoproj.io/skip-reconcile': 'true' });
    for (const shop of [bySpec, skipped]) {
      await untilCondition(shop, 'Ready', 'Suspended');
      await deleteApplication(world, shop.name);
      await untilGone(world, applicationPath(shop.name));
      assert.equal(await find(world, configMapPath(shop.name, 'a')), undefined);
    }
  });

  it('a spec that nobody can act on', { timeout }, async () => {
    const metadata = { finalizers: [ours] };
    const shop = await openShop(world, 'broken-spec', { ...configMaps('a'), ...claim('data') }, { metadata });
    const object = await mustFind(world, claimPath(shop.name, 'data'));
    await world.patch(shop.name, { spec: { destination: { serviceAccountName: 'deployer' } } });
    await untilCondition(shop, 'Stalled', 'NotYetSupported');
    await deleteApplication(world, shop.name);
    await untilGone(world, applicationPath(shop.name));
    assert.equal(await find(world, configMapPath(shop.name, 'a')), undefined);
    await checkReleased(claimPath(shop.name, 'data'), object);
  });

  it('waits for an object that somebody else holds, and goes when that is over', { timeout }, async () => {
    const { name } = await openShop(world, 'held', configMaps('a', 'b'), { metadata: { finalizers: [ours] } });
    await mergePatch(world, configMapPath(name, 'a'), { metadata: { finalizers: ['example.com/hold'] } });
    await deleteApplication(world, name);
    await untilGone(world, configMapPath(name, 'b'));
    const { metadata } = await mustFind(world, configMapPath(name, 'a'));
    assert.ok(metadata.deletionTimestamp !== undefined);
    assert.notEqual(await find(world, applicationPath(name)), undefined);
    await mergePatch(world, configMapPath(name, 'a'), { metadata: { finalizers: null } });
    await untilGone(world, applicationPath(name));
  });
});

/** A record that lags would leave the widget behind. */
async function untilWidgetIsRecorded(name: string): Promise<void> {
  await world.until(name, 'on record with the widget', ({ record }) =>
    (record?.entries ?? []).some((entry) => entry.includes('/Widget|') && !entry.includes('|one||')),
  );
}
