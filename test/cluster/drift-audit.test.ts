import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { JsonObject } from '../../src/model/json.ts';
import { managedEntriesOf } from '../../src/model/managed-fields.ts';
import type { KubeObject } from '../../src/model/object.ts';
import { labelsOf } from '../../src/model/object.ts';
import { eventually } from '../../tools/eventually.ts';
import type { GitRepository } from '../../tools/git-server.ts';
import type { World } from '../../tools/world.ts';
import { startWorld } from '../../tools/world.ts';
import { autoscaler, definition, widget } from '../apply/objects.ts';
import { web } from './support/drift-objects.ts';
import { forge } from './support/foreign-act.ts';

const group = 'schemas.example.com';
const granular: JsonObject = { type: 'object', additionalProperties: { type: 'string' } };
const list: JsonObject = { type: 'array', items: { type: 'string' } };
const atomicMap: JsonObject = { ...granular, 'x-kubernetes-map-type': 'atomic' };
const set: JsonObject = { ...list, 'x-kubernetes-list-type': 'set' };
const folders = { audited: '2s', trusting: '0', custom: '2s', versioned: '2s' };

describe('Drift that only the audit finds, and what it finds to be none', () => {
  const stack = new AsyncDisposableStack();
  let world: World;
  let repository: GitRepository;

  before(async () => {
    world = stack.use(await startWorld({ plane: { controllerManager: false } }));
    await define(world, { map: granular, list });
    repository = await fill(world);
    await world.startOperator();
    for (const name of Object.keys(folders)) await untilInSync(world, name);
  });
  after(() => stack.disposeAsync());

  it('two-step forgery: a change is hidden by putting managedFields back while nobody watches', async () => {
    await world.stopOperator();
    await world.plane.forgetRequests();
    for (const name of ['trusting', 'audited']) {
      const subject = { namespace: name, object: web()(name), live: () => read(world, name, 'deployment', 'web') };
      const commands = await forge('/metadata/labels/tier', 'forged')(subject);
      world.plane.kubectlAtOnce(...commands.map(({ args }) => ({ args: ['-n', name, ...args] })));
    }
    await world.startOperator();
    const { status } = await world.until('audited', 'told of', ({ drift = [] }) => drift.length > 0);
    const told = status?.drift?.map(({ name, fields, manager, healed }) => [
      name,
      fields,
      manager,
      healed !== undefined,
    ]);
    assert.deepEqual(told, [['web', ['metadata.labels.tier'], '', true]]);
    const reads = await world.requests(({ verb, namespace }) => namespace === 'audited' && verb === 'get');
    assert.deepEqual(reads, [], 'it was found by a list');
    assert.equal(labelsOf(await read(world, 'audited', 'deployment', 'web'))['tier'], 'front');
    // Without the audit nobody looked at the same forgery, which was there before.
    assert.equal(labelsOf(await read(world, 'trusting', 'deployment', 'web'))['tier'], 'forged');
    assert.deepEqual(await world.requests(({ namespace }) => namespace === 'trusting'), []);
  });

  it('another apiVersion in Git: one write, and what it left is what is expected', async () => {
    const body = JSON.stringify(autoscaler('versioned', 'one', 'autoscaling/v1'));
    const revision = await repository.commit({ 'versioned/one.json': body }, 'another version');
    await world.plane.forgetRequests();
    await world.annotate('versioned', { 'evenkeel.dev/refresh': 'normal' });
    await untilInSync(world, 'versioned', revision);
    const { metadata } = await read(world, 'versioned', 'hpa', 'one');
    await untilAudited(world, 'versioned', 3);
    assert.equal((await applies(world, 'versioned')).length, 1);
    const now = await read(world, 'versioned', 'hpa', 'one');
    assert.equal(now.metadata['resourceVersion'], metadata['resourceVersion']);
    const ours = managedEntriesOf(now).map(({ manager, apiVersion }) => [manager, apiVersion]);
    assert.deepEqual(ours, [['evenkeel', 'autoscaling/v1']]);
  });

  const flips = [
    { to: 'an atomic map and a set', properties: { map: atomicMap, list: set }, fields: { 'f:map': {} } },
    { to: 'a granular map and an atomic list', properties: { map: granular, list }, fields: { 'f:list': {} } },
  ];
  for (const { to, properties, fields } of flips) {
    it(`CRD schema changes to ${to}: no drift, no fight`, async () => {
      await define(world, properties);
      await untilCounts(world, fields);
      await world.plane.forgetRequests();
      await world.plane.kubectl([
        '-n',
        'custom',
        'label',
        `widgets.${group}`,
        'one',
        `seen-by=${Object.keys(fields).join('').slice(2)}`,
        '--overwrite',
      ]);
      await assertOwned(world, fields);
      await untilAudited(world, 'custom', 2);
      const settled = await versionOf(world);
      const effective = await applies(world, 'custom');
      assert.ok(effective.length <= 1, `one apply shares ownership, ${effective.length} were sent`);
      assert.ok(!effective.some((uri) => uri.includes('force=true')), 'without force');
      await untilAudited(world, 'custom', 4);
      assert.equal(await versionOf(world), settled, 'nothing moves any more');
      const { status } = await world.read('custom');
      assert.deepEqual(status?.drift ?? [], []);
      assert.equal(status?.sync?.status, 'Synced');
    });
  }
});

/** Health apart: without controllers nothing becomes healthy. */
async function untilInSync(world: World, name: string, revision?: string): Promise<void> {
  await world.until(name, 'in sync', ({ sync, operationState }) => {
    const isNewest = revision === undefined || sync?.revision === revision;
    return sync?.status === 'Synced' && operationState?.phase === 'Succeeded' && isNewest;
  });
}

async function fill(world: World): Promise<GitRepository> {
  const repository = await world.git.createRepository('audit');
  await repository.commit(files(), 'all');
  for (const [name, audit] of Object.entries(folders)) {
    await world.createNamespace(name);
    await world.application(name, {
      source: { repoURL: repository.url, path: name },
      destination: { namespace: name },
      interval: '1h',
      drift: { audit },
    });
  }
  return repository;
}

function files(): Record<string, string> {
  const front = web({}, { labels: { tier: 'front' } });
  // As many of a kind as make the audit list them instead of reading each by name.
  const others: Record<string, string> = {};
  for (let n = 0; n < 7; n++) others[`audited/web-${n}.json`] = JSON.stringify(renamed(front('audited'), n));
  const one = widget(group, 'custom', { map: { a: '1' }, list: ['a', 'b'] });
  return {
    'audited/web.json': JSON.stringify(front('audited')),
    ...others,
    'trusting/web.json': JSON.stringify(front('trusting')),
    'custom/one.json': JSON.stringify(one),
    'custom/other.json': JSON.stringify({ ...one, metadata: { ...one.metadata, name: 'other' } }),
    'versioned/one.json': JSON.stringify(autoscaler('versioned', 'one', 'autoscaling/v2')),
    'versioned/other.json': JSON.stringify(autoscaler('versioned', 'other', 'autoscaling/v2')),
  };
}

function renamed(object: KubeObject, number: number): KubeObject {
  return { ...object, metadata: { ...object.metadata, name: `${object.metadata.name}-${number}` } };
}

async function define({ plane }: World, properties: JsonObject): Promise<void> {
  const body = JSON.stringify(definition(group, properties));
  await plane.kubectl(['apply', '--server-side', '-f', '-'], body);
  await plane.kubectl(['wait', '--for=condition=Established', `crd/widgets.${group}`, '--timeout=60s']);
}

/** The server tracks ownership by the new schema. */
async function untilCounts({ plane }: World, fields: JsonObject): Promise<void> {
  const probe = {
    ...widget(group, 'custom', { map: { a: '1' }, list: ['a'] }),
    metadata: { name: 'probe', namespace: 'custom' },
  };
  await eventually('the new schema to count', async () => {
    const path = `/apis/${group}/v1/namespaces/custom/widgets/probe?fieldManager=probe&dryRun=All`;
    const answer = await plane.api.must({
      method: 'PATCH',
      path,
      body: probe,
      contentType: 'application/apply-patch+yaml',
    });
    const [entry] = managedEntriesOf(answer as KubeObject);
    const spec = entry?.fields['f:spec'] as JsonObject;
    return Object.entries(fields).every(([name, value]) => JSON.stringify(spec[name]) === JSON.stringify(value));
  });
}

async function read({ plane }: World, namespace: string, kind: string, name: string): Promise<KubeObject> {
  const answer = await plane.kubectl(['-n', namespace, 'get', kind, name, '-o', 'json', '--show-managed-fields']);
  return JSON.parse(answer) as KubeObject;
}

async function versionOf(world: World): Promise<string> {
  const { metadata } = await read(world, 'custom', `widgets.${group}`, 'one');
  return metadata['resourceVersion'] as string;
}

/** What is ours is tracked by the new schema, so that the fingerprint is another one. */
async function assertOwned(world: World, fields: JsonObject): Promise<void> {
  const entries = managedEntriesOf(await read(world, 'custom', `widgets.${group}`, 'one'));
  const ours = entries.find(({ manager }) => manager === 'evenkeel');
  const spec = ours?.fields['f:spec'] as JsonObject;
  for (const [name, value] of Object.entries(fields)) assert.deepEqual(spec[name], value);
}

/** An audit reads every body: also that of the object that nobody touches. */
async function untilAudited(world: World, application: string, times: number): Promise<void> {
  await eventually(`${times} audits to go through`, async () => {
    const looks = await world.requests(({ verb, name, namespace }) => {
      return namespace === application && verb === 'get' && name === 'other';
    });
    return looks.length >= times;
  });
}

async function applies(world: World, application: string): Promise<string[]> {
  const writes = await world.requests(({ namespace, method, name, uri }) => {
    return namespace === application && method === 'PATCH' && name === 'one' && !uri.includes('dryRun=');
  });
  return writes.map(({ uri }) => uri);
}
