import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { describeOrigin } from '../../../../src/model/desired.ts';
import type { Limits } from '../../../../src/source/limits.ts';
import { startGitServer } from '../../../../tools/git-server.ts';
import type { CaseFile } from './by-hand.ts';
import { MemoryCommit } from './memory-commit.ts';
import { createRenderStage, written, type RenderStage, type Wish } from './stage.ts';
import { refused } from '../../../refused.ts';

function configMap(name: string): string {
  return `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ${name}}\n`;
}

/** A kustomization of so many ConfigMaps. */
function maps(count: number): Record<string, string> {
  const names = Array.from({ length: count }, (_, index) => `m/${index}.yaml`);
  return {
    'kustomization.yaml': `resources: [${names.join(', ')}]\n`,
    ...Object.fromEntries(names.map((name, index) => [name, configMap(`m${index}`)] as const)),
  };
}

async function render(stage: RenderStage, files: Readonly<Record<string, CaseFile>>, wish?: Wish) {
  const commit = new MemoryCommit(files);
  return await stage.render(commit, commit.root, wish);
}

describe('kustomize build', () => {
  let stage: RenderStage;

  before(async () => {
    stage = await createRenderStage();
  });

  after(() => stage[Symbol.asyncDispose]());

  test('says of each object where it comes from', async () => {
    const { objects } = await render(
      stage,
      {
        'app/kustomization.yaml': 'resources: [a.yaml, b.yaml]\n',
        'app/a.yaml': `${configMap('first')}data:\n  name: |\n    one\n    ---\n    two\n`,
        'app/b.yaml': 'apiVersion: v1\nkind: Service\nmetadata: {annotations: {b: c}, name: second}\n',
      },
      { path: 'app' },
    );
    assert.deepEqual(
      objects.map(({ origin }) => describeOrigin(origin)),
      [
        'kustomize build app (ConfigMap first):document 1:line 1',
        'kustomize build app (Service second):document 2:line 11',
      ],
    );
  });

  test('fails with the words of kustomize, without private folders and old warnings', async () => {
    const work = render(
      stage,
      {
        'app/kustomization.yaml': 'bases: [x]\n',
        'app/x/kustomization.yaml': 'resources: [y.yaml]\n',
        'app/x/y.yaml': 'a',
      },
      { path: 'app' },
    );
    const { message } = await refused(work, 'RenderFailed', /^kustomize build app: .*app\/x/);
    assert.doesNotMatch(message, /deprecated/);
    assert.ok(!message.includes(stage.folder), message);
  });

  test('leaves no folder behind, whether it succeeds or fails', async () => {
    await render(stage, { 'kustomization.yaml': 'resources: [a.yaml]\n', 'a.yaml': configMap('a') });
    await assert.rejects(render(stage, { 'kustomization.yaml': 'nothing: 1\n' }));
    assert.deepEqual(await stage.workspaces(), []);
  });

  test('refuses what Git LFS has instead of the content', async () => {
    const pointer = 'version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n';
    const files = { 'kustomization.yaml': 'configMapGenerator: [{name: a, files: [big.bin]}]\n', 'big.bin': pointer };
    await refused(render(stage, files), 'NotYetSupported', /big\.bin: is stored in Git LFS/);
  });

  test('stops when it is aborted', async () => {
    const commit = new MemoryCommit({ 'kustomization.yaml': 'resources: [a.yaml]\n', 'a.yaml': configMap('a') });
    const plan = await stage.plan(commit, commit.root);
    const reason = new Error('no longer wanted');
    await assert.rejects(plan.run(AbortSignal.abort(reason)), (error) => error === reason);
    assert.deepEqual(await stage.workspaces(), []);
  });

  test('builds as many objects as come', async () => {
    const { objects } = await render(stage, maps(500));
    assert.equal(objects.length, 500);
  });

  test('ends in time when kustomize would not: it compares each object with all others', async () => {
    await using hurried = await createRenderStage({ limits: { renderMs: 500 } });
    await refused(render(hurried, maps(10_000)), 'LimitExceeded', /renderMs/);
  });

  const limits: readonly [limits: Partial<Limits>, message: RegExp][] = [
    [{ objects: 100 }, /limit objects of 100/],
    [{ renderBytes: 1000 }, /renderBytes/],
    [{ renderFiles: 100 }, /renderFiles/],
  ];

  for (const [change, message] of limits) {
    test(`stays within ${Object.keys(change).join()}`, async () => {
      await using small = await createRenderStage({ limits: change });
      await refused(render(small, maps(200)), 'LimitExceeded', message);
    });
  }
});

describe('remote bases', () => {
  const allowed = { allowRemoteBases: true, path: process.env['PATH'] ?? '' };

  test('are fetched when they are allowed, and the plan says that they are unknown', async () => {
    await using server = await startGitServer();
    const repository = await server.createRepository('bases');
    await repository.commit(
      { 'base/kustomization.yaml': 'resources: [a.yaml]\n', 'base/a.yaml': configMap('far') },
      'a',
    );
    await using stage = await createRenderStage(allowed);
    const commit = new MemoryCommit({ 'kustomization.yaml': `resources: ["${repository.url}//base?ref=main"]\n` });
    const plan = await stage.plan(commit, commit.root);
    assert.match(plan.unknown ?? '', /kustomization\.yaml: resources\[0\] "http.*fetched from elsewhere/);
    const objects = written(await plan.run(AbortSignal.timeout(60_000)));
    assert.deepEqual(objects, ['{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"far"}}']);
  });

  test('are not asked for when they are not', async () => {
    await using server = await startGitServer();
    const repository = await server.createRepository('bases');
    await repository.commit({ 'kustomization.yaml': 'resources: []\n' }, 'a');
    const asked = server.requests.length;
    await using stage = await createRenderStage({ ...allowed, allowRemoteBases: false });
    await refused(
      render(stage, { 'kustomization.yaml': `resources: ["${repository.url}?ref=main"]\n` }),
      'Refused',
      /EVENKEEL_REMOTE_BASES does not allow/,
    );
    assert.equal(server.requests.length, asked);
  });

  test('of this machine are refused even then', async () => {
    await using stage = await createRenderStage(allowed);
    await refused(render(stage, { 'kustomization.yaml': 'resources: ["file:///x"]\n' }), 'Refused', /this machine/);
  });
});
