import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { eventually } from '../../tools/eventually.ts';
import { chartFolder } from '../../tools/helm.ts';
import type { OperatorProcess } from '../../tools/operator-process.ts';
import { conditionOf } from '../../tools/world.ts';
import { Journey, begin, prepare } from './support/journey.ts';
import { sharedWorld } from './support/shared-world.ts';
import { custom, definition, many, shop, workload } from './support/shop.ts';

const world = await sharedWorld({ plane: { nodes: 2 } });

const timeout = 300_000;

describe('the first sync', () => {
  test(
    'namespace, definition, workloads and a custom resource of one commit become Healthy at once',
    {
      timeout,
    },
    async () => {
      const journey = new Journey(world, 'shop', await world.git.createRepository('shop'));
      const revision = await journey.commit(shop('shop'));
      await journey.apply();
      await world.plane.kubectl([
        'wait',
        '-n',
        'evenkeel',
        'application/shop',
        '--for=condition=Ready',
        '--timeout=120s',
      ]);
      const { status = {} } = await journey.untilSynced(revision);
      assert.equal(status.health?.status, 'Healthy');
      assert.deepEqual(status.counts, {
        objects: 9,
        synced: 9,
        outOfSync: 0,
        healthy: 9,
        progressing: 0,
        degraded: 0,
        unexplained: 0,
      });
      assert.deepEqual([status.operationState?.phase, status.operationState?.retryCount], ['Succeeded', undefined]);
      assert.deepEqual(
        status.history?.map(({ revision }) => revision),
        [revision],
      );

      const writes = (await world.managedWrites()).filter(({ uri }) => uri.includes('shop'));
      assert.deepEqual(
        writes.filter(({ code }) => code !== 201),
        [],
        'each object is created by its first request',
      );
      const order = writes.map(({ resource }) => resource);
      assert.equal(order.length, 9);
      assert.deepEqual(order.slice(0, 2), ['namespaces', 'customresourcedefinitions']);
    },
  );

  test('an Application waits for a kind that nobody serves, and its definition wakes it', { timeout }, async () => {
    const journey = await prepare(world, 'waiting', { 'gadget.json': custom('Gadget', 'red') });
    await journey.apply({ spec: { syncPolicy: { automated: {}, retry: { limit: 0 } } } });
    await journey.until('waiting', (status) => /Gadget/.test(conditionOf(status, 'Ready')?.message ?? ''));
    await world.plane.kubectl(['apply', '-f', '-'], definition('Gadget'));
    await journey.untilSynced();
    await world.plane.kubectl(['get', 'gadgets.shop.example.com', 'red', '-n', journey.name]);
  });
});

describe('a rollout', () => {
  test('that fails is Degraded with what the pods say, and a fixed commit heals it', { timeout }, async () => {
    const journey = await prepare(world, 'rollout', { 'web.json': workload('Deployment', 'web') });
    await journey.apply();
    await journey.untilSynced();
    const broken = await journey.commit({ 'web.json': workload('Deployment', 'web', 'crash-loop') });
    const { status = {} } = await journey.until(
      'Degraded',
      ({ sync, health }) => health?.status === 'Degraded' && sync?.revision === broken,
    );
    assert.equal(status.sync?.status, 'Synced', 'what Git says is applied');
    assert.match(status.health?.message ?? '', /ProgressDeadlineExceeded/);
    const ready = conditionOf(status, 'Ready');
    assert.deepEqual([ready?.status, ready?.reason], ['False', 'HealthDegraded']);
    assert.deepEqual(
      status.resources?.map(({ kind, name }) => [kind, name]),
      [['Deployment', 'web']],
    );

    const fixed = await journey.commit({ 'web.json': workload('Deployment', 'web') });
    const { status: after = {} } = await journey.untilSynced(fixed);
    assert.deepEqual([after.health?.status, after.resources], ['Healthy', []]);
  });
});

describe('an Application of more than 300 objects', () => {
  test('keeps its record in Inventories, writes nothing after a restart, and shrinks back', { timeout }, async () => {
    const journey = await prepare(world, 'big', many(320));
    await journey.apply({ spec: { prune: { guard: { maxObjects: 1000, maxPercent: 100 } } } });
    const { status = {} } = await journey.untilSynced();
    assert.deepEqual([status.counts?.['objects'], status.record?.entries], [320, []]);
    assert.deepEqual(await inventories(), ['big-1 320']);

    await journey.wroteNothing(async () => {
      await world.killOperator();
      await world.startOperator();
      await world.operatorHasLooked(journey.name);
    });
    const fewer = await journey.commit(many(3));
    const { status: after = {} } = await journey.untilSynced(fewer);
    assert.deepEqual([after.counts?.['objects'], after.record?.entries.length], [3, 3]);
    await eventually('the Inventory to go', async () => (await inventories()).length === 0);
  });
});

describe('installations and processes', () => {
  test('kubectl get applications shows Sync, Health, Revision and Age; more when wide', { timeout }, async () => {
    const get = (...args: readonly string[]): Promise<string> =>
      world.plane.kubectl(['get', 'applications', '-n', 'evenkeel', 'shop', ...args]);
    const { status = {} } = await world.read('shop');
    const [header, row] = (await get()).split('\n');
    assert.match(header ?? '', /^NAME\s+SYNC\s+HEALTH\s+REVISION\s+AGE$/);
    assert.match(row ?? '', new RegExp(`^shop\\s+Synced\\s+Healthy\\s+${status.sync?.revision ?? ''}\\s+\\S+$`));
    assert.match(await get('-o', 'wide'), /AGE\s+DRIFTED\s+DESTINATION\s+MESSAGE\n.*\sshop/);
    assert.match(await world.plane.kubectl(['get', 'gitops', '-n', 'evenkeel']), /shop\s+Synced/);
  });

  test('helm upgrade, twice in a row, with the operator running: nothing is written', { timeout }, async () => {
    const journey = await begin(world, 'upgraded');
    const { metadata } = await journey.untilSynced();
    const before = (await world.managedWrites()).length;
    await world.installChart('upgrade');
    await world.installChart('upgrade');
    assert.equal((await journey.read()).metadata.resourceVersion, metadata.resourceVersion);
    assert.equal((await world.managedWrites()).length, before);
    await journey.untilSynced(await journey.say('two'));
  });

  test('a second installation has its own Lease, names and Applications', { timeout }, async () => {
    await installSecond();
    await using second = await world.startProcess({ namespace: 'second' });
    await leads(second);
    const journey = await begin(world, 'beside', { metadata: { labels: { 'evenkeel.dev/installation': 'second' } } });
    await journey.untilSynced();
    const ours = await begin(world, 'ours');
    await ours.untilSynced();

    assert.equal(await holder('second', 'evenkeel-second'), 'evenkeel-0');
    assert.equal(await holder('evenkeel', 'evenkeel'), 'evenkeel-0');
    const marks = await marksOf('beside');
    assert.deepEqual(marks, {
      manager: 'evenkeel-second',
      keys: ['second.evenkeel.dev/part-of', 'second.evenkeel.dev/slot', 'second.evenkeel.dev/tracking-id'],
    });
    assert.deepEqual(await writersIn('beside'), ['system:serviceaccount:second:evenkeel']);
    assert.deepEqual(await writersIn('ours'), [world.user]);
  });

  test(
    'a killed leader is followed by the process that waits; a stopped one releases the Lease',
    {
      timeout,
    },
    async () => {
      const journey = await begin(world, 'handed-over');
      await journey.untilSynced();
      await using other = await world.startProcess({ pod: 'evenkeel-1' });
      assert.deepEqual([await other.metric('evenkeel_leader'), (await other.get('/readyz')).status], [0, 200]);
      await world.killOperator();
      await journey.untilSynced(await journey.say('two'));
      assert.deepEqual(
        [await holder('evenkeel', 'evenkeel'), await other.metric('evenkeel_leader')],
        ['evenkeel-1', 1],
      );
      await journey.meddle('meddled');
      await journey.untilSaid('two');

      const { code } = await other.child.stop(60_000);
      assert.deepEqual([code, await holder('evenkeel', 'evenkeel')], [0, '']);
      await leads(await world.startOperator());
      await journey.untilSynced(await journey.say('three'));
    },
  );
});

/** Who has sent changes of ConfigMaps of a namespace. */
async function writersIn(namespace: string): Promise<string[]> {
  const asked = (await world.plane.requests()).filter((request) => request.namespace === namespace);
  const changes = asked.filter(({ resource, verb }) => resource === 'configmaps' && verb === 'patch');
  return [...new Set(changes.map(({ user }) => user))];
}

async function inventories(): Promise<string[]> {
  const path = '/apis/evenkeel.dev/v1alpha1/namespaces/evenkeel/inventories';
  const { items } = (await world.plane.api.must({ path })) as {
    readonly items: readonly { readonly metadata: { readonly name: string }; readonly entries: readonly string[] }[];
  };
  return items.map(({ metadata, entries }) => `${metadata.name} ${entries.length}`);
}

async function installSecond(): Promise<void> {
  const values = ['config.installation=second', 'crds.install=false'].flatMap((value) => ['--set', value]);
  await world.helm(['install', 'evenkeel', chartFolder, '--namespace', 'second', '--create-namespace', ...values]);
}

async function leads(operator: OperatorProcess): Promise<void> {
  await eventually('the process to lead', async () => (await operator.metric('evenkeel_leader')) === 1);
}

/** Empty: nobody. */
async function holder(namespace: string, name: string): Promise<string> {
  const path = `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases/${name}`;
  const { spec } = (await world.plane.api.must({ path })) as { readonly spec: { readonly holderIdentity?: string } };
  return spec.holderIdentity ?? '';
}

interface MarkedJson {
  readonly metadata: Readonly<Record<'labels' | 'annotations', Readonly<Record<string, string>>>> & {
    readonly managedFields: readonly { readonly manager: string }[];
  };
}

async function marksOf(namespace: string): Promise<{ manager: string | undefined; keys: readonly string[] }> {
  const path = `/api/v1/namespaces/${namespace}/configmaps/settings`;
  const { metadata } = (await world.plane.api.must({ path })) as MarkedJson;
  const keys = [...Object.keys(metadata.labels), ...Object.keys(metadata.annotations)].sort();
  return { manager: metadata.managedFields[0]?.manager, keys };
}
