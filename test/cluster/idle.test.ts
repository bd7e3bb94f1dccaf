import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { eventually } from '../../tools/eventually.ts';
import type { AuditRequest } from '../../tools/control-plane/control-plane.ts';
import type { ApplicationJson, World } from '../../tools/world.ts';
import { conditionOf, startWorld } from '../../tools/world.ts';
import { configMap, role, service } from '../apply/objects.ts';

const applications = ['one', 'two', 'three', 'four', 'five'];
const objectsEach = 100;
const intervalSeconds = 15;
const retryPeriodMs = 2_000;

describe('Idle with 500 managed objects of 5 Applications, over two poll intervals', () => {
  let world: World;
  let requests: readonly AuditRequest[] = [];
  let elapsedMs = 0;

  before(async () => {
    world = await startWorld({ environment: leaseAsReleased });
    await fill(world);
    await world.startOperator();
    await untilAtRest(world);
    await world.plane.forgetRequests();
    world.git.forgetRequests();
    const start = performance.now();
    await sleep(2 * intervalSeconds * 1000);
    elapsedMs = performance.now() - start;
    requests = await world.requests();
  });
  after(() => world[Symbol.asyncDispose]());

  it('is about 500 objects', async () => {
    const counts = (await listApplications(world)).map(({ status }) => status?.counts?.['objects'] ?? 0);
    assert.equal(
      counts.reduce((sum, count) => sum + count, 0),
      applications.length * objectsEach,
    );
  });

  it('sends nothing to the API server but Lease updates and watches', () => {
    const others = requests.filter((request) => !isLeaseUpdate(request) && request.verb !== 'watch');
    assert.deepEqual(
      others.map(({ method, uri }) => `${method} ${uri}`),
      [],
    );
  });

  it('updates its Lease once in two retry periods at most', () => {
    const updates = requests.filter(isLeaseUpdate);
    assert.ok(updates.length >= 1, 'it is alive');
    const allowed = Math.ceil(elapsedMs / (2 * retryPeriodMs)) + 1;
    assert.ok(updates.length <= allowed, `${updates.length} in ${Math.round(elapsedMs)} ms`);
  });

  it('begins each watch once in five minutes at most', () => {
    const watches = requests.filter(({ verb }) => verb === 'watch').map(({ uri }) => uri.split('?')[0]);
    assert.equal(new Set(watches).size, watches.length, watches.join('\n'));
  });

  it('polls once per interval, repository and ref', () => {
    const polls = world.git.count('ls-refs', 'fleet');
    const allowed = Math.ceil(elapsedMs / (intervalSeconds * 1000)) + 1;
    assert.ok(polls >= 1 && polls <= allowed, `${polls} polls in ${Math.round(elapsedMs)} ms`);
    assert.equal(world.git.count('fetch'), 0, 'nothing is fetched');
    assert.ok(world.git.count('refs') <= polls, 'one advertisement per poll at most');
    assert.equal(world.git.count('other'), 0);
  });
});

const leaseAsReleased = {
  EVENKEEL_LEASE_DURATION: '15s',
  EVENKEEL_LEASE_RENEW_DEADLINE: '10s',
  EVENKEEL_LEASE_RETRY_PERIOD: `${retryPeriodMs}ms`,
};

/** Five Applications of one repository and ref, each with a folder of its own, into a namespace of its own. */
async function fill(world: World): Promise<void> {
  const repository = await world.git.createRepository('fleet');
  const files = applications.map((name) => [`${name}/all.yaml`, manifestsFor(name)] as const);
  await repository.commit(Object.fromEntries(files), 'fleet');
  for (const name of applications) {
    await world.createNamespace(name);
    const source = { repoURL: repository.url, path: name };
    await world.application(name, { source, destination: { namespace: name }, interval: `${intervalSeconds}s` });
  }
}

function manifestsFor(namespace: string): string {
  const objects = Array.from({ length: objectsEach }, (_, index) => {
    if (index % 10 === 0) return service(namespace, `service-${index}`, { app: `${index}` });
    if (index % 10 === 1) return role(namespace, `role-${index}`, ['get']);
    return configMap(namespace, `map-${index}`, { index: `${index}` });
  });
  return objects.map((object) => JSON.stringify(object)).join('\n---\n');
}

async function listApplications({ plane }: World): Promise<ApplicationJson[]> {
  const answer = await plane.kubectl(['get', 'applications', '-n', 'evenkeel', '-o', 'json']);
  return (JSON.parse(answer) as { items: ApplicationJson[] }).items;
}

/** Everything is synced, and the operator has found nothing to write for a while. */
async function untilAtRest(world: World): Promise<void> {
  await eventually('every Application to be ready', async () => {
    const all = await listApplications(world);
    return all.every(({ status = {} }) => conditionOf(status, 'Ready')?.status === 'True');
  });
  await eventually('the operator to be at rest', async () => {
    await world.plane.forgetRequests();
    await sleep(2_000);
    return (await world.requests((request) => !isLeaseUpdate(request))).length === 0;
  });
}

function isLeaseUpdate({ group, resource, verb }: AuditRequest): boolean {
  return group === 'coordination.k8s.io' && resource === 'leases' && (verb === 'update' || verb === 'patch');
}
