import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { conditionOf } from '../../tools/world.ts';
import { Journey, begin, prepare } from './support/journey.ts';
import { sharedWorld } from './support/shared-world.ts';

const world = await sharedWorld();

const timeout = 300_000;
const automated = { automated: { prune: true, selfHeal: true } };

async function untilWaiting(journey: Journey, message: RegExp): Promise<void> {
  await journey.until(`waiting: ${String(message)}`, (status) => {
    const ready = conditionOf(status, 'Ready');
    return ready?.reason === 'DependencyNotReady' && message.test(ready.message);
  });
}

/** Names of the namespaces that the operator wrote to, in the order of its first writes there. */
async function writtenIn(journeys: readonly Journey[]): Promise<string[]> {
  const names = new Set(journeys.map(({ name }) => name));
  const written = (await world.managedWrites()).map(({ namespace }) => namespace);
  return [...new Set(written.filter((namespace) => names.has(namespace)))];
}

describe('dependsOn', () => {
  it('releases a chain of three in order, by events, and asks nothing while it waits', { timeout }, async () => {
    const chain = [];
    for (const name of ['chain-a', 'chain-b', 'chain-c']) chain.push(await prepare(world, name));
    const [first, second, third] = chain as [Journey, Journey, Journey];
    await third.apply({ spec: { dependsOn: [{ name: second.name }] } });
    await second.apply({ spec: { dependsOn: [{ name: first.name }] } });
    await untilWaiting(third, /Application evenkeel\/chain-b: DependencyNotReady/);
    await untilWaiting(second, /Application evenkeel\/chain-a: it is not there/);
    assert.deepEqual(await writtenIn(chain), []);
    await first.apply();
    await third.untilSynced();
    assert.deepEqual(await writtenIn(chain), ['chain-a', 'chain-b', 'chain-c']);
  });

  it('names a cycle in all of its members, until it is broken', { timeout }, async () => {
    const left = await begin(world, 'cycle-left', { spec: { dependsOn: [{ name: 'cycle-right' }] } });
    const right = await begin(world, 'cycle-right', { spec: { dependsOn: [{ name: 'cycle-left' }] } });
    for (const one of [left, right])
      await one.until('stalled by the cycle', (status) =>
        /a cycle: evenkeel\/cycle-/.test(conditionOf(status, 'Stalled')?.message ?? ''),
      );
    await right.patch({ spec: { dependsOn: null } });
    await left.untilSynced();
  });

  it('waits for an object as an expression says, watched by its name', { timeout }, async () => {
    const target = { apiVersion: 'v1', kind: 'ConfigMap', namespace: 'default', name: 'window' };
    const shop = await begin(world, 'window-shop', {
      spec: { dependsOn: [{ ...target, ready: 'object.data.window == "open"' }] },
    });
    await untilWaiting(shop, /ConfigMap default\/window: it is not there/);
    await world.plane.kubectl(['create', 'configmap', 'window', '-n', 'default', '--from-literal=window=shut']);
    await untilWaiting(shop, /ConfigMap default\/window: Progressing: `ready` is not true/);
    assert.equal(await shop.said(), undefined);
    const patch = JSON.stringify({ data: { window: 'open' } });
    await world.plane.kubectl(['patch', 'configmap', 'window', '-n', 'default', '--type=merge', '-p', patch]);
    await shop.untilSynced();
  });
});

describe('suspend.until', () => {
  it('resumes by itself, also when the operator was restarted meanwhile', { timeout }, async () => {
    const until = new Date(Date.now() + 15_000).toISOString();
    const journey = await begin(world, 'until', { spec: { suspend: { until, reason: 'freeze' } } });
    await journey.until('suspended', (status) => conditionOf(status, 'Ready')?.reason === 'Suspended');
    assert.equal(await journey.said(), undefined);
    await world.stopOperator();
    await world.startOperator();
    await journey.untilSynced();
    assert.ok(Date.now() >= Date.parse(until), 'not before');
  });
});

describe('13. CreateNamespace', () => {
  const options = { syncOptions: ['CreateNamespace=true'] };

  async function open(name: string, policy: Readonly<Record<string, unknown>>): Promise<Journey> {
    const journey = new Journey(world, name, await world.git.createRepository(name));
    await journey.say('one');
    await journey.apply({ spec: { syncPolicy: { ...automated, ...options, ...policy } } });
    return journey;
  }

  async function namespace(name: string): Promise<{ status: number; labels: Readonly<Record<string, string>> }> {
    const { status, body } = await world.plane.api.send({ path: `/api/v1/namespaces/${name}` });
    return { status, labels: (body as { metadata?: { labels?: Record<string, string> } }).metadata?.labels ?? {} };
  }

  it('makes it under a manager of its own, keeps its metadata, and never deletes it', { timeout }, async () => {
    const labels = { 'pod-security.kubernetes.io/enforce': 'baseline' };
    const journey = await open('made', { managedNamespaceMetadata: { labels } });
    await journey.untilSynced();
    const made = await namespace('made');
    assert.equal(made.labels['pod-security.kubernetes.io/enforce'], 'baseline');
    assert.ok(!Object.keys(made.labels).some((label) => label.includes('evenkeel.dev')), 'it belongs to nobody');
    const path = '/api/v1/namespaces/made';
    const { metadata } = (await world.plane.api.must({ path })) as {
      metadata: { managedFields: { manager: string }[] };
    };
    assert.ok(metadata.managedFields.some(({ manager }) => manager === 'evenkeel-namespace'));
    await journey.patch({ metadata: { finalizers: ['evenkeel.dev/resources-finalizer'] } });
    await world.plane.kubectl(['delete', 'applications.evenkeel.dev', 'made', '-n', 'evenkeel', '--wait=true']);
    assert.equal(await journey.said(), undefined);
    assert.equal((await namespace('made')).status, 200);
  });

  it('14. is left to a Namespace in Git', { timeout }, async () => {
    const journey = await open('from-git', { managedNamespaceMetadata: { labels: { of: 'policy' } } });
    await journey.untilSynced();
    const labels = { of: 'git' };
    const manifest = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'from-git', labels } };
    await journey.untilSynced(await journey.commit({ 'namespace.json': JSON.stringify(manifest) }));
    assert.equal((await namespace('from-git')).labels['of'], 'git');
  });
});

describe('59. an object of another Application', () => {
  it('is left to it; with FailOnSharedResource=true nothing else is written either', { timeout }, async () => {
    const owner = await begin(world, 'shared-owner');
    await owner.untilSynced();
    const file = (value: string): string => {
      const metadata = { name: 'settings', namespace: owner.name };
      return JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { value } });
    };
    const own = JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'own' }, data: {} });
    const files = { 'shared.json': file('theirs'), 'own.json': own };
    const strict = await prepare(world, 'shared-strict', files);
    await strict.apply({ spec: { syncPolicy: { ...automated, syncOptions: ['FailOnSharedResource=true'] } } });
    const lenient = await prepare(world, 'shared-lenient', files);
    await lenient.apply();
    for (const one of [strict, lenient])
      await one.until('told', (status) =>
        /managed by Application evenkeel\/shared-owner/.test(conditionOf(status, 'SharedResource')?.message ?? ''),
      );
    assert.notEqual(await lenient.configMap('own'), undefined);
    assert.equal(await strict.configMap('own'), undefined);
    assert.equal(await owner.said(), 'one');
    assert.equal(conditionOf((await owner.read()).status ?? {}, 'Ready')?.status, 'True');
  });
});
