import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { World } from '../../tools/world.ts';
import { startWorld } from '../../tools/world.ts';
import { claim, workload } from './support/health-rows.ts';
import type { Journey } from './support/journey.ts';
import { manual, prepare, settings } from './support/journey.ts';

let world: World;

before(async () => {
  world = await startWorld({ proxied: true });
  await world.startOperator();
});

after(() => world[Symbol.asyncDispose]());

/** What the operator accepts on the watches of a resource, each once. */
function acceptedFor(resource: string): readonly string[] {
  const watches = (world.proxy?.requests ?? []).filter(({ path }) => {
    const { pathname, searchParams } = new URL(path, 'https://localhost');
    return pathname.endsWith(`/${resource}`) && searchParams.get('watch') === 'true';
  });
  return [...new Set(watches.map(({ headers }) => headers.accept ?? ''))];
}

const timeout = 120_000;

test('only kinds whose health is in their status are watched in full', { timeout }, async () => {
  const workloads = { deployment: workload('Deployment', {}), claim: claim() };
  const files = Object.entries(workloads).map(([name, object]) => [`${name}.json`, JSON.stringify(object)]);
  const journey = await prepare(world, 'watched', {
    ...settings('one'),
    ...(Object.fromEntries(files) as Record<string, string>),
  });
  await journey.apply();
  await journey.until('synced', ({ sync }) => sync?.status === 'Synced');
  const [settingsAccepted, ...others] = acceptedFor('configmaps');
  assert.match(settingsAccepted ?? '', /^application\/json;as=PartialObjectMetadata;g=meta\.k8s\.io;v=v1/);
  assert.deepEqual(others, []);
  for (const resource of ['deployments', 'persistentvolumeclaims'])
    assert.deepEqual(acceptedFor(resource), ['application/json'], resource);
});

/** The health of a ConfigMap is what its `value` says, and Healthy when that is none of these words. */
const byValue = {
  apiVersion: 'v1',
  kind: 'ConfigMap',
  failed: 'object.data.value == "Degraded"',
  inProgress: 'object.data.value == "Progressing"',
  suspended: 'object.data.value == "Suspended"',
  unknown: 'object.data.value == "Unknown"',
  current: 'true',
};

async function untilHealth(journey: Journey, status: string, message: RegExp): Promise<void> {
  await journey.until(`${status} because of ${message.source}`, ({ health }) => {
    return health?.status === status && message.test(health.message);
  });
}

test('60. the gravest of its objects; one that is missing does not count, unless all are', { timeout }, async () => {
  const file = (name: string): string =>
    JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data: { value: 'x' } });
  const journey = await prepare(world, 'gravest', { 'one.json': file('one'), 'other.json': file('other') });
  await journey.apply({ spec: { ...manual, healthChecks: [byValue] } });
  await untilHealth(journey, 'Missing', /^ConfigMap gravest\//);
  await journey.sync({ resources: [{ group: '', kind: 'ConfigMap', name: 'one' }] });
  await journey.untilServed();
  await untilHealth(journey, 'Healthy', /^$/);
  await journey.sync();
  await journey.untilSynced();

  const graverEachTime = { Suspended: 'one', Progressing: 'other', Degraded: 'one', Unknown: 'other' };
  for (const [value, name] of Object.entries(graverEachTime)) {
    const patch = JSON.stringify({ data: { value } });
    await world.plane.kubectl(['patch', 'configmap', name, '-n', journey.name, '--type=merge', '-p', patch]);
    await untilHealth(journey, value, new RegExp(`^ConfigMap gravest/${name}\\b`));
  }
  await world.plane.kubectl(['delete', 'configmap', 'other', '-n', journey.name]);
  await untilHealth(journey, 'Degraded', /^ConfigMap gravest\/one/);
  await world.plane.kubectl(['delete', 'configmap', 'one', '-n', journey.name]);
  await untilHealth(journey, 'Missing', /^ConfigMap gravest\//);
});

test('61. a child Application has a health, and it counts', { timeout }, async () => {
  const child = await prepare(world, 'child');
  const metadata = { name: child.name, namespace: 'evenkeel' };
  const spec = child.spec({ interval: '1s', syncPolicy: { automated: {} } });
  const manifest = { apiVersion: 'evenkeel.dev/v1alpha1', kind: 'Application', metadata, spec };
  const parent = await prepare(world, 'parent', { 'child.json': JSON.stringify(manifest) });
  await parent.apply();
  await child.untilSynced();
  await parent.untilSynced();
  await child.commit({ 'broken.json': '{' });
  await untilHealth(parent, 'Degraded', /^Application\.evenkeel\.dev evenkeel\/child: .*DecodeFailed/);
  await child.commit({ 'broken.json': null });
  await untilHealth(parent, 'Healthy', /^$/);
});

test('an object with ignore-healthcheck does not count, in either spelling', { timeout }, async () => {
  const file = (name: string, prefix: string): string => {
    const metadata = { name, annotations: { [`${prefix}/ignore-healthcheck`]: 'true' } };
    return JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { value: 'Degraded' } });
  };
  const files = { 'a.json': file('a', 'evenkeel.dev'), 'b.json': file('b', 'argocd.argoproj.io'), ...settings('fine') };
  const journey = await prepare(world, 'uncounted', files);
  await journey.apply({ spec: { healthChecks: [byValue] } });
  await journey.untilSynced();
  await journey.say('Degraded');
  await untilHealth(journey, 'Degraded', /^ConfigMap uncounted\/settings/);
});
