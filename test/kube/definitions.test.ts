import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Reflector, ReflectorSpec } from '../../src/kube/cluster.ts';
import { DefinitionFollower } from '../../src/kube/definitions.ts';
import { readGroups } from '../../src/kube/discovery.ts';
import { DiscoveredKinds } from '../../src/kube/kinds.ts';
import { ApiError } from '../../src/model/api-error.ts';
import type { JsonObject } from '../../src/model/json.ts';
import type { KubeObject } from '../../src/model/object.ts';
import { ManualClock, settled } from '../fakes/clock.ts';

class HandReflector implements Reflector {
  readonly spec: ReflectorSpec;
  complete = false;

  constructor(spec: ReflectorSpec) {
    this.spec = spec;
  }

  stop(): void {
    this.complete = false;
  }

  sync(): void {
    this.complete = true;
    this.spec.listener.synced();
  }
}

function named(name: string, labels: JsonObject = {}): KubeObject {
  return { apiVersion: 'v1', kind: 'X', metadata: { name, labels } };
}

const automanaged = { 'kube-aggregator.kubernetes.io/automanaged': 'onstart' };

async function stage() {
  const clock = new ManualClock();
  const served: JsonObject[] = [];
  let looks = 0;
  let failure: ApiError | undefined;
  const kinds = new DiscoveredKinds((root) => {
    if (root === '/apis') looks += 1;
    if (failure !== undefined) return Promise.reject(failure);
    const items = root === '/apis' ? [...served] : [];
    return Promise.resolve({ etag: undefined, groups: readGroups({ kind: 'APIGroupDiscoveryList', items }) });
  });
  const reflectors: HandReflector[] = [];
  const reflect = (spec: ReflectorSpec) => {
    const reflector = new HandReflector(spec);
    reflectors.push(reflector);
    return reflector;
  };
  let versionLooks = 0;
  const version = { refresh: () => Promise.resolve(void (versionLooks += 1)) };
  const follower = new DefinitionFollower({ kinds, version, reflect, clock });
  follower.start();
  const [crds, services] = reflectors;
  assert.ok(crds && services);
  services.spec.listener.changed(named('v1.apps', automanaged));
  crds.sync();
  services.sync();
  await settled();
  return {
    clock,
    kinds,
    follower,
    crds,
    services,
    looks: () => looks,
    versionLooks: () => versionLooks,
    serve: (group: string, freshness = 'Current') => {
      const resource = { resource: 'widgets', responseKind: { kind: 'Widget' }, scope: 'Namespaced', verbs: [] };
      const versions = [{ version: 'v1', freshness, resources: freshness === 'Stale' ? [] : [resource] }];
      served.splice(0, served.length, { metadata: { name: group }, versions });
    },
    fail: (error: ApiError | undefined) => (failure = error),
  };
}

const widget = { group: 'example.com', kind: 'Widget' };

describe('following definitions', () => {
  test('looks once when both lists are complete, then never by itself', async () => {
    const { clock, looks, crds, services, follower } = await stage();
    assert.equal(looks(), 1);
    assert.equal(follower.complete, true);
    await clock.advance(3_600_000);
    crds.sync();
    services.sync();
    await settled();
    assert.equal(looks(), 1, 'a restored watch tells changes by events');
    assert.equal(clock.pending, 0);
    follower.stop();
  });

  test('the version is asked for when the server may be another, and never at rest', async () => {
    const { clock, versionLooks, crds, services, follower } = await stage();
    assert.equal(versionLooks(), 0, 'whoever follows reads it first');
    await clock.advance(3_600_000);
    crds.spec.listener.changed(named('widgets.example.com'));
    services.spec.listener.changed(named('v1.example.com'));
    await settled();
    assert.equal(versionLooks(), 0, 'what others define says nothing of the server');
    services.spec.listener.changed(named('v2.autoscaling', automanaged));
    assert.equal(versionLooks(), 1, 'a server that serves something else is another one');
    crds.spec.listener.interrupted('cut');
    crds.sync();
    assert.equal(versionLooks(), 2, 'so may be the one that comes back');
    follower.stop();
  });

  test('looks again until the kind of a new definition is served', async () => {
    const { clock, looks, serve, crds, kinds, follower } = await stage();
    crds.spec.listener.changed(named('widgets.example.com'));
    await settled();
    assert.equal(looks(), 2);
    assert.equal(kinds.find(widget).state, 'unknown', 'defined, not served yet');
    serve('example.com');
    await clock.advance(150);
    assert.equal(kinds.find(widget).state, 'served');
    const now = looks();
    await clock.advance(3_600_000);
    assert.equal(looks(), now);
    follower.stop();
  });

  test('a definition that is never served is given up after a minute of ever rarer looks', async () => {
    const { clock, looks, crds, follower } = await stage();
    crds.spec.listener.changed(named('widgets.example.com'));
    await clock.advance(3_600_000);
    assert.ok(looks() < 15, `${looks()} looks`);
    assert.equal(clock.pending, 0);
    follower.stop();
  });

  test('a removed definition is looked for until it is not served any more', async () => {
    const { clock, serve, crds, kinds, follower } = await stage();
    serve('example.com');
    crds.spec.listener.changed(named('widgets.example.com'));
    await settled();
    assert.equal(kinds.find(widget).state, 'served');
    crds.spec.listener.deleted(named('widgets.example.com'));
    await settled();
    assert.equal(kinds.find(widget).state, 'served', 'the route is still there');
    serve('other.io');
    await clock.advance(150);
    assert.equal(kinds.find(widget).state, 'gone');
    follower.stop();
  });

  test('events that arrive together cost one look, and one for those that came meanwhile', async () => {
    const { looks, crds, follower } = await stage();
    for (let i = 0; i < 100; i += 1) crds.spec.listener.changed(named(`widgets.g${i}.example.com`));
    await settled();
    assert.ok(looks() <= 3, `${looks()} looks`);
    follower.stop();
  });

  test('while discovery is stale it is looked at ever more seldom, and its recovery is seen', async () => {
    const { clock, looks, serve, services, kinds, follower } = await stage();
    serve('example.com', 'Stale');
    services.spec.listener.changed(named('v1.example.com'));
    await clock.advance(3_600_000);
    assert.equal(kinds.find(widget).state, 'unknown');
    assert.ok(looks() < 80, `${looks()} looks in an hour`);
    serve('example.com');
    await clock.advance(60_000);
    assert.equal(kinds.find(widget).state, 'served');
    follower.stop();
  });

  test('a failed look is repeated within seconds, at most once a second', async () => {
    const { clock, looks, crds, kinds, fail, follower } = await stage();
    fail(new ApiError('refused', { kind: 'unavailable', status: 0 }));
    crds.spec.listener.changed(named('widgets.example.com'));
    const { length: before } = { length: looks() };
    await clock.advance(30_000);
    assert.ok(looks() - before <= 30, `${looks() - before} looks`);
    assert.equal(kinds.find({ group: 'apps', kind: 'Nothing' }).state, 'unknown');
    fail(undefined);
    await clock.advance(5_000);
    assert.equal(kinds.failing, false);
    follower.stop();
  });
});
