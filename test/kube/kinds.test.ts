import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { readGroups } from '../../src/kube/discovery.ts';
import type { DiscoveryDocument } from '../../src/kube/discovery.ts';
import { DiscoveredKinds } from '../../src/kube/kinds.ts';
import type { Definitions } from '../../src/kube/kinds.ts';
import { ApiError } from '../../src/model/api-error.ts';
import type { JsonObject } from '../../src/model/json.ts';

type Version = readonly [version: string, freshness: 'Current' | 'Stale', ...kinds: string[]];

function group(name: string, ...versions: readonly Version[]): JsonObject {
  return {
    metadata: { name },
    versions: versions.map(([version, freshness, ...kinds]) => ({
      version,
      freshness,
      resources: kinds.map((kind) => ({
        resource: `${kind.toLowerCase()}s`,
        responseKind: { group: name, version, kind },
        scope: kind.startsWith('Cluster') ? 'Cluster' : 'Namespaced',
        verbs: ['get', 'watch'],
      })),
    })),
  };
}

const document = (...items: readonly JsonObject[]): DiscoveryDocument => ({
  etag: undefined,
  groups: readGroups({ kind: 'APIGroupDiscoveryList', items }),
});

const core = document(group('', ['v1', 'Current', 'ConfigMap']));
const groups = document(
  group('apps', ['v1', 'Current', 'Deployment']),
  group('example.com', ['v2', 'Current', 'Widget'], ['v1', 'Current', 'Widget', 'ClusterGadget']),
  group('stale.io', ['v1beta1', 'Stale']),
  group('half.io', ['v1', 'Current', 'Fine'], ['v1beta1', 'Stale', 'Old']),
);

/** No definitions but these groups. */
const defined = (...names: readonly string[]): Definitions => ({
  complete: true,
  hasGroup: (name) => names.includes(name),
  hasVersion: () => false,
});

async function look(definitions?: Definitions) {
  let answer: () => DiscoveryDocument = () => groups;
  const kinds = new DiscoveredKinds((root) => Promise.resolve().then(() => (root === '/api' ? core : answer())));
  await kinds.refresh();
  if (definitions !== undefined) kinds.define(definitions);
  return {
    kinds,
    state: (name: string, kind: string, apiVersion?: string) => kinds.find({ group: name, kind }, apiVersion).state,
    answer: (next: () => DiscoveryDocument) => (answer = next),
  };
}

describe('kinds', () => {
  test('api versions: everything that is served, when all of discovery was read', async () => {
    const { kinds, answer } = await look();
    assert.deepEqual(kinds.apiVersions(), [
      'apps/v1',
      'apps/v1/Deployment',
      'example.com/v1',
      'example.com/v1/ClusterGadget',
      'example.com/v1/Widget',
      'example.com/v2',
      'example.com/v2/Widget',
      'half.io/v1',
      'half.io/v1/Fine',
      'half.io/v1beta1',
      'half.io/v1beta1/Old',
      'stale.io/v1beta1',
      'v1',
      'v1/ConfigMap',
    ]);
    answer(() => document(group('apps', ['v1', 'Current', 'Deployment'])));
    await kinds.refresh();
    assert.deepEqual(kinds.apiVersions(), ['apps/v1', 'apps/v1/Deployment', 'v1', 'v1/ConfigMap']);
    assert.equal(new DiscoveredKinds(() => Promise.reject(new Error('not asked'))).apiVersions(), undefined);
  });

  test('served: the preferred version, or the one asked for', async () => {
    const { kinds, state } = await look();
    const widget = kinds.find({ group: 'example.com', kind: 'Widget' });
    assert.equal(widget.state === 'served' && widget.kind.apiVersion, 'example.com/v2');
    const old = kinds.find({ group: 'example.com', kind: 'Widget' }, 'example.com/v1');
    assert.equal(old.state === 'served' && old.kind.apiVersion, 'example.com/v1');
    const gadget = kinds.find({ group: 'example.com', kind: 'ClusterGadget' });
    assert.equal(gadget.state === 'served' && gadget.kind.namespaced, false);
    assert.equal(state('', 'ConfigMap'), 'served');
  });

  test('gone: its group-version is listed as current without it', async () => {
    const { state } = await look();
    assert.equal(state('apps', 'Nothing'), 'gone');
    assert.equal(state('', 'Nothing', 'v1'), 'gone');
    assert.equal(state('example.com', 'ClusterGadget', 'example.com/v2'), 'gone');
  });

  test('unknown: discovery of the group is stale', async () => {
    const { state } = await look(defined());
    assert.equal(state('stale.io', 'Anything'), 'unknown');
    assert.equal(state('half.io', 'Old'), 'unknown');
    assert.equal(state('half.io', 'Nothing'), 'unknown');
    assert.equal(state('half.io', 'Fine'), 'served');
    assert.equal(state('half.io', 'Nothing', 'half.io/v1'), 'gone');
  });

  test('a group that is not listed is gone only if no definition names it', async () => {
    assert.equal((await look()).state('new.io', 'Thing'), 'unknown');
    assert.equal((await look({ ...defined(), complete: false })).state('new.io', 'Thing'), 'unknown');
    assert.equal((await look(defined('new.io'))).state('new.io', 'Thing'), 'unknown');
    assert.equal((await look(defined())).state('new.io', 'Thing'), 'gone');
  });

  test('a version that is not listed is gone unless an APIService names it', async () => {
    assert.equal((await look(defined('apps'))).state('apps', 'Deployment', 'apps/v9'), 'gone');
    const coming = { ...defined('apps'), hasVersion: () => true };
    assert.equal((await look(coming)).state('apps', 'Deployment', 'apps/v9'), 'unknown');
  });

  test('a failed look: what was served stays so, the rest is unknown until a look succeeds', async () => {
    const { kinds, state, answer } = await look(defined());
    answer(() => {
      throw new ApiError('refused', { kind: 'unavailable', status: 0 });
    });
    let changes = 0;
    const unsubscribe = kinds.onChange(() => (changes += 1));
    await kinds.refresh();
    assert.equal(changes, 1);
    assert.equal(state('apps', 'Deployment'), 'served');
    assert.equal(state('apps', 'Nothing'), 'unknown');
    assert.equal(state('new.io', 'Thing'), 'unknown');
    assert.equal(state('', 'Nothing'), 'gone', 'the core group was read');
    await kinds.refresh();
    assert.equal(changes, 1, 'nothing has changed');
    answer(() => groups);
    await kinds.refresh();
    assert.equal(state('apps', 'Nothing'), 'gone');
    assert.equal(changes, 2);
    unsubscribe();
  });

  test('before the first look, and with an answer that is no discovery, everything is unknown', async () => {
    const never = new DiscoveredKinds(() => Promise.reject(new Error('x')));
    assert.equal(never.find({ group: '', kind: 'ConfigMap' }).state, 'unknown');
    await never.refresh();
    assert.equal(never.find({ group: '', kind: 'ConfigMap' }).state, 'unknown');
    assert.throws(() => readGroups({ kind: 'APIGroupList', groups: [] }), /aggregated discovery/);
  });

  test('concurrent looks share one request', async () => {
    let requests = 0;
    const kinds = new DiscoveredKinds((root) => {
      requests += 1;
      return Promise.resolve(root === '/api' ? core : groups);
    });
    await Promise.all([kinds.refresh(), kinds.refresh(), kinds.refresh()]);
    assert.equal(requests, 2);
  });
});
