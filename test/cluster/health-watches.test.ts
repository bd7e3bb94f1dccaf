import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { World } from '../../tools/world.ts';
import { startWorld } from '../../tools/world.ts';
import { claim, workload } from './support/health-rows.ts';
import { prepare, settings } from './support/journey.ts';

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

test('only kinds whose health is in their status are watched in full', { timeout: 120_000 }, async () => {
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
