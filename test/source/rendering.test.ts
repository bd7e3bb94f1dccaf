import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { readKustomize } from '../../src/model/parse-source.ts';
import { startGitServer, type GitRepository } from '../../tools/git-server.ts';
import { createTemporaryFolder } from '../../tools/temporary-folder.ts';
import { application, configMap, never, startSource, type ApplicationChange, type Stage } from './stage.ts';

const overlay = {
  'base/kustomization.yaml': 'resources: [a.yaml]\n',
  'base/a.yaml': configMap('a'),
  'prod/kustomization.yaml': 'resources: [../base]\nnamePrefix: prod-\n',
};

const chart = {
  'chart/Chart.yaml': 'apiVersion: v2\nname: c\nversion: 1.0.0\n',
  'chart/templates/a.yaml': configMap('{{ .Release.Name }}'),
};

interface Setting extends AsyncDisposable {
  readonly repository: GitRepository;
  readonly folder: string;
}

async function setUp(files: Record<string, string>): Promise<Setting> {
  await using cleanup = new AsyncDisposableStack();
  const server = cleanup.use(await startGitServer());
  const repository = await server.createRepository('r');
  await repository.commit(files, 'first');
  const folder = cleanup.use(await createTemporaryFolder('renders')).path;
  const all = cleanup.move();
  return { repository, folder, [Symbol.asyncDispose]: () => all.disposeAsync() };
}

/** What a load came to: the names, and how the renders went since the stage began. */
async function load(stage: Stage, repository: GitRepository, change: Partial<ApplicationChange['source']> = {}) {
  const app = application({ source: { repoURL: repository.url, path: 'prod', ...change } });
  const { objects } = await stage.source.load(app, { refresh: 'normal' }, never);
  const { outcome, reason } = stage.telemetry.renders.at(-1) ?? {};
  return { names: objects.map(({ ref }) => ref.name), last: `${outcome ?? ''} ${reason ?? ''}`.trim() };
}

describe('what is rendered is found again', () => {
  test('by the next process, but not by another version', async () => {
    await using setting = await setUp(overlay);
    const { repository, folder } = setting;
    for (const [version, expected] of [
      ['1', 'miss new'],
      ['1', 'hit'],
      ['2', 'miss new'],
    ] as const) {
      await using stage = await startSource({ folder, version });
      assert.deepEqual(await load(stage, repository), { names: ['prod-a'], last: expected });
    }
  });

  test('unless its objects are gone from the disk', async () => {
    await using setting = await setUp(overlay);
    const { repository, folder } = setting;
    {
      await using stage = await startSource({ folder });
      await load(stage, repository);
    }
    await rm(join(folder, 'artefacts'), { recursive: true });
    await using stage = await startSource({ folder });
    assert.equal((await load(stage, repository)).last, 'miss lost');
  });

  test('each miss has its reason', async () => {
    await using setting = await setUp({ ...overlay, ...chart });
    const { repository, folder } = setting;
    await using stage = await startSource({ folder });
    assert.equal((await load(stage, repository)).last, 'miss new');
    await repository.commit({ 'elsewhere.yaml': 'x' }, 'nobody reads it');
    assert.equal((await load(stage, repository)).last, 'hit');
    await repository.commit({ 'base/a.yaml': configMap('b') }, 'the base');
    assert.deepEqual(await load(stage, repository), { names: ['prod-b'], last: 'miss content' });
    const kustomize = readKustomize({ nameSuffix: '-x' });
    assert.deepEqual(await load(stage, repository, { kustomize }), { names: ['prod-b-x'], last: 'miss parameters' });
    const app = application({ source: { repoURL: repository.url, path: 'prod', kustomize } });
    await stage.source.load(app, { refresh: 'hard' }, never);
    assert.equal(stage.telemetry.renders.at(-1)?.reason, 'hard');
  });

  test('facts of the cluster matter to charts that ask for them, and to nobody else', async () => {
    const asking = {
      'asking/Chart.yaml': chart['chart/Chart.yaml'],
      'asking/templates/a.yaml': '# {{ .Capabilities.KubeVersion }}\n',
    };
    await using setting = await setUp({ ...overlay, ...chart, ...asking });
    const { repository, folder } = setting;
    await using stage = await startSource({ folder });
    for (const path of ['prod', 'chart', 'asking'])
      assert.match((await load(stage, repository, { path })).last, /^miss/);
    stage.facts = { kubeVersion: 'v1.37.0', apiVersions: ['v1'] };
    assert.equal((await load(stage, repository, { path: 'prod' })).last, 'hit');
    assert.equal((await load(stage, repository, { path: 'chart' })).last, 'hit');
    assert.match((await load(stage, repository, { path: 'asking' })).last, /^miss/);
  });

  test('a kind that becomes known asks for another preparation', async () => {
    await using setting = await setUp({ 'prod/a.yaml': 'apiVersion: x.io/v1\nkind: Widget\nmetadata: {name: w}\n' });
    const { repository, folder } = setting;
    await using stage = await startSource({ folder });
    await load(stage, repository);
    stage.scopes.known.set('x.io/Widget', 'Namespaced');
    assert.equal((await load(stage, repository)).last, 'miss scopes');
  });
});

describe('what files of the repository say about rendering', () => {
  test('overrides and variables', async () => {
    await using setting = await setUp({
      ...overlay,
      'prod/.argocd-source-app.yaml':
        'kustomize:\n  commonAnnotationsEnvsubst: true\n  commonAnnotations: {at: $ARGOCD_APP_REVISION_SHORT}\n',
    });
    const { repository, folder } = setting;
    await using stage = await startSource({ folder });
    const app = application({ source: { repoURL: repository.url, path: 'prod' } });
    const at = async (): Promise<unknown> => {
      const { objects } = await stage.source.load(app, { refresh: 'normal' }, never);
      return (objects[0]?.body().metadata['annotations'] as { at?: unknown } | undefined)?.at;
    };
    assert.equal(await at(), (await repository.head()).slice(0, 7));
    await repository.commit({ 'elsewhere.yaml': 'x' }, 'a variable that is used is part of the render');
    assert.equal(await at(), (await repository.head()).slice(0, 7));
  });
});
