import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { GitRepository } from '../../tools/git-server.ts';
import type { World } from '../../tools/world.ts';
import { startWorld } from '../../tools/world.ts';
import type { Json, Manifest } from './independent-check.ts';
import { asApplied, manifestsIn, missingLeaves } from './independent-check.ts';

const corpus = path.resolve(process.env['EVENKEEL_CORPUS'] ?? '');

describe('kube-prometheus: 131 objects in one Application', () => {
  let world: World;
  let repository: GitRepository;
  let files: Record<string, string>;

  before(async () => {
    files = await filesBelow(path.join(corpus, 'kube-prometheus/manifests'));
    world = await startWorld({ plane: { nodes: 2 } });
    repository = await world.git.createRepository('monitoring');
    await repository.commit(
      Object.fromEntries(Object.entries(files).map(([name, text]) => [`manifests/${name}`, text])),
      'all of it',
    );
    await world.startOperator();
  });

  after(() => world[Symbol.asyncDispose]());

  test('is Synced in one operation with no failed attempt', async () => {
    await world.application('monitoring', {
      source: { repoURL: repository.url, path: 'manifests', targetRevision: 'main', directory: { recurse: true } },
    });
    const sha = await repository.head();
    const app = await world.until(
      'monitoring',
      'synced',
      ({ sync }) => sync?.status === 'Synced' && sync.revision === sha,
      { within: 300_000 },
    );
    assert.equal(app.status?.counts?.['objects'], 131);
    assert.equal(app.status.history?.length, 1);
    assert.equal(app.status.operationState?.phase, 'Succeeded');
    assert.equal(app.status.operationState.retryCount, undefined);
    assert.equal(await world.operator.metric('evenkeel_reconcile_failures_total'), 0);
  });

  test('has every leaf of the manifests in the live objects, as kubectl shows them', async () => {
    const manifests = Object.values(files).flatMap(manifestsIn);
    assert.equal(manifests.length, 131);
    for (const manifest of manifests) {
      assert.deepEqual(
        missingLeaves(asApplied(manifest), await live(world, manifest)),
        [],
        `${manifest.kind} ${manifest.metadata.name}`,
      );
    }
  });

  test('a forced full comparison writes to no managed object', async () => {
    await world.plane.forgetRequests();
    await world.annotate('monitoring', { 'evenkeel.dev/refresh': 'hard' });
    await world.until(
      'monitoring',
      'refreshed',
      (_status, app) => !('evenkeel.dev/refresh' in (app.metadata.annotations ?? {})),
    );
    assert.deepEqual(await world.managedWrites(), []);
  });

  test('a restart of the operator writes to no managed object', async () => {
    await world.killOperator();
    await world.plane.forgetRequests();
    await world.startOperator();
    await world.operatorHasLooked('monitoring');
    assert.deepEqual(await world.managedWrites(), []);
  });
});

async function filesBelow(folder: string): Promise<Record<string, string>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => path.join(entry.parentPath, entry.name));
  const texts = paths.map(async (file) => [path.relative(folder, file), await readFile(file, 'utf8')] as const);
  return Object.fromEntries(await Promise.all(texts));
}

async function live(world: World, { apiVersion, kind, metadata }: Manifest): Promise<Json> {
  const [group = '', version = ''] = apiVersion.includes('/') ? apiVersion.split('/') : ['', apiVersion];
  const type = group === '' ? kind : `${kind}.${version}.${group}`;
  const namespace = metadata.namespace === undefined ? [] : ['-n', metadata.namespace];
  return JSON.parse(await world.plane.kubectl(['get', type, metadata.name, ...namespace, '-o', 'json'])) as Json;
}
