import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { obtain } from '../../tools/assets/assets.ts';
import { GIT_ENVIRONMENT } from '../../tools/git/repository.ts';
import { eventually } from '../../tools/eventually.ts';
import { repositoryRoot } from '../../tools/generated-file.ts';
import { startGitServer, type FileContent, type GitRepository } from '../../tools/git-server.ts';
import { createTemporaryFolder } from '../../tools/temporary-folder.ts';
import type { ApplicationJson, World } from '../../tools/world.ts';
import { conditionOf, startWorld } from '../../tools/world.ts';
import { startCharts } from './support/charts.ts';

const execute = promisify(execFile);
const timeout = 300_000;
let world: World;

before(async () => {
  world = await startWorld();
  await world.startOperator();
});
after(() => world[Symbol.asyncDispose]());

const configMap = (name: string, value = '{}'): string =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ${name}\ndata: ${value}\n`;

/** A repository and a namespace of one name. */
async function prepare(name: string, files: Record<string, FileContent>): Promise<GitRepository> {
  const repository = await world.git.createRepository(name);
  await repository.commit(files, 'first');
  await world.createNamespace(name);
  return repository;
}

async function data(namespace: string, name: string): Promise<Record<string, string>> {
  const api = `/api/v1/namespaces/${namespace}/configmaps/${name}`;
  return ((await world.plane.api.must({ path: api })) as { data?: Record<string, string> }).data ?? {};
}

function reasonOf({ status = {} }: ApplicationJson, type: string): string | undefined {
  return conditionOf(status, type)?.reason;
}

const overlay = {
  'base/kustomization.yaml': 'resources: [a.yaml]\n',
  'base/a.yaml': configMap('a', '{from: base}'),
  'prod/kustomization.yaml': 'resources: [../base]\nnamePrefix: prod-\n',
};

const chart = {
  'chart/Chart.yaml': 'apiVersion: v2\nname: shop\nversion: 1.2.3\n',
  'chart/values.yaml': 'colour: grey\n',
  'chart/templates/a.yaml': configMap('{{ .Release.Name }}', '{colour: {{ .Values.colour }}}'),
  'chart/templates/tests/t.yaml':
    'apiVersion: v1\nkind: Pod\nmetadata:\n  name: t\n  annotations: {helm.sh/hook: test}\nspec: {containers: []}\n',
};

describe('one source', () => {
  it('kustomize, with options, and a commit to the base', { timeout }, async () => {
    const repository = await prepare('overlay', overlay);
    const source = { repoURL: repository.url, path: 'prod', kustomize: { nameSuffix: '-x' } };
    await world.application('overlay', { source, destination: { namespace: 'overlay' } });
    const app = await world.untilSynced('overlay', await repository.head());
    assert.equal(app.status?.sourceType, 'Kustomize');
    assert.deepEqual(await data('overlay', 'prod-a-x'), { from: 'base' });
    const next = await repository.commit({ 'base/a.yaml': configMap('a', '{from: elsewhere}') }, 'change the base');
    const after = await world.untilSynced('overlay', next);
    assert.deepEqual(await data('overlay', 'prod-a-x'), { from: 'elsewhere' });
    const entry = after.status?.history?.at(-1);
    assert.equal(entry?.subject, 'change the base');
    assert.match(entry.author ?? '', /test@example\.invalid/);
  });

  it('a chart in Git; its tests are left out', { timeout }, async () => {
    const repository = await prepare('chart', chart);
    const source = { repoURL: repository.url, path: 'chart', helm: { valuesObject: { colour: 'red' } } };
    await world.application('chart', { source, destination: { namespace: 'chart' } });
    const app = await world.untilSynced('chart');
    assert.equal(app.status?.sourceType, 'Helm');
    assert.deepEqual(await data('chart', 'chart'), { colour: 'red' });
  });

  it('a chart of an index, by a constraint', { timeout }, async () => {
    await using charts = await startCharts(chart, ['1.2.3', '1.3.0', '2.0.0']);
    await world.createNamespace('index');
    const source = { repoURL: charts.url, chart: 'shop', targetRevision: '1.x' };
    await world.application('index', { source, destination: { namespace: 'index' } });
    const app = await world.untilSynced('index', '1.3.0');
    assert.deepEqual(app.status?.history?.at(-1)?.chartVersions, ['shop 1.3.0']);
    assert.deepEqual(await data('index', 'index'), { colour: 'grey' });
  });

  it('the highest tag of a constraint, and the next one', { timeout }, async () => {
    const repository = await prepare('tags', { 'a.yaml': configMap('a', "{v: '1'}") });
    await repository.tag('app-1.0.0');
    const source = { repoURL: repository.url, path: '.', targetRevision: '^1.0', tagPrefix: 'app-' };
    await world.application('tags', { source, destination: { namespace: 'tags' } });
    await world.untilSynced('tags', await repository.head());
    const next = await repository.commit({ 'a.yaml': configMap('a', "{v: '2'}") }, 'second');
    await repository.tag('app-1.1.0', 'main', 'words');
    await repository.tag('app-2.0.0');
    await world.untilSynced('tags', next);
    assert.deepEqual(await data('tags', 'a'), { v: '2' });
  });
});

describe('several sources', () => {
  it('values of another repository; the later source wins; each has its revision', { timeout }, async () => {
    const charts = await prepare('several', chart);
    const others = await world.git.createRepository('several-values');
    await others.commit({ 'prod.yaml': 'colour: blue\n', 'extra/b.yaml': configMap('extra', '{a: first}') }, 'values');
    const sources = [
      { repoURL: others.url, targetRevision: 'main', ref: 'values', path: 'extra' },
      { repoURL: charts.url, path: 'chart', helm: { valueFiles: ['$values/prod.yaml'] } },
    ];
    await world.application('several', { sources, destination: { namespace: 'several' } });
    const app = await world.untilSynced('several');
    assert.deepEqual(app.status?.sourceTypes, ['Directory', 'Helm']);
    assert.deepEqual(
      [app.status.sync?.revision, app.status.sync?.revisions],
      ['', [await others.head(), await charts.head()]],
    );
    assert.deepEqual(await data('several', 'several'), { colour: 'blue' });

    await charts.commit({ 'chart/templates/c.yaml': configMap('extra', '{a: second}') }, 'describe it again');
    const repeated = await world.until(
      'several',
      'warned',
      (now) => conditionOf(now, 'RepeatedResource') !== undefined,
    );
    assert.match(
      conditionOf(repeated.status ?? {}, 'RepeatedResource')?.message ?? '',
      /ConfigMap several\/extra is in extra\/b\.yaml/,
    );
    await world.untilSynced('several');
    assert.deepEqual(await data('several', 'extra'), { a: 'second' });
    await others.commit({ 'prod.yaml': 'colour: green\n' }, 'another colour');
    await eventually('the new values', async () => (await data('several', 'several'))['colour'] === 'green');
  });
});

describe('the command line', () => {
  const render = async (...args: readonly string[]) => {
    const { helm, kustomize } = await obtain(['helm', 'kustomize']);
    const search = [path.dirname(helm), path.dirname(kustomize), process.env['PATH'] ?? ''].join(':');
    const command = [path.join(repositoryRoot, 'src/cli/main.ts'), 'render', ...args];
    const env = { PATH: search, HOME: world.plane.folder, KUBECONFIG: world.plane.kubeconfig };
    return await execute(process.execPath, command, { env });
  };

  it('renders an Application of the cluster as the operator does, with its Secret', { timeout }, async () => {
    await using secured = await startGitServer({ credentials: { username: 'ann', password: 'p' } });
    const repository = await secured.createRepository('cli');
    await repository.commit(overlay, 'first');
    await world.createNamespace('cli');
    const stringData = { username: 'ann', password: 'p', url: secured.url };
    const metadata = { name: 'cli', namespace: 'evenkeel', labels: { 'evenkeel.dev/secret-type': 'repo-creds' } };
    const secret = { apiVersion: 'v1', kind: 'Secret', metadata, stringData };
    await world.plane.kubectl(['apply', '-f', '-'], JSON.stringify(secret));
    const source = { repoURL: repository.url, path: 'prod' };
    await world.application('cli', { source, destination: { namespace: 'cli' } });
    await world.untilSynced('cli');
    const { stdout } = await render('cli', '-o', 'json');
    const rendered = JSON.parse(stdout) as { metadata: { annotations: Record<string, string> } };
    const applied = await world.plane.kubectl(['get', 'configmap', 'prod-a', '-n', 'cli', '-o', 'json']);
    const live = JSON.parse(applied) as typeof rendered & { data: unknown };
    assert.deepEqual(rendered.metadata.annotations, live.metadata.annotations);
    assert.deepEqual((rendered as typeof live).data, live.data);
  });

  it('says what is not there', { timeout }, async () => {
    await assert.rejects(render('nobody'), /there is no Application evenkeel\/nobody/);
  });
});

describe('signatures', () => {
  it('what nobody known has signed is never applied; what is deployed stays', { timeout }, async () => {
    await using keys = await createTemporaryFolder('keys');
    const known = await signingKey(keys.path, 'known');
    const other = await signingKey(keys.path, 'other');
    const repository = await prepare('signed', { 'a.yaml': configMap('a', '{by: nobody}') });
    const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'keys', namespace: 'evenkeel' } };
    await world.plane.kubectl(
      ['apply', '-f', '-'],
      JSON.stringify({ ...secret, stringData: { team: known.publicKey } }),
    );
    const source = { repoURL: repository.url, path: '.', verify: { secretRef: 'keys' } };
    await world.application('signed', { source, destination: { namespace: 'signed' } });
    await world.until('signed', 'refused', (_, app) => reasonOf(app, 'Ready') === 'SignatureInvalid');

    const good = await signedCommit(repository, known.file, configMap('a', '{by: known}'));
    await world.untilSynced('signed', good);
    assert.deepEqual(await data('signed', 'a'), { by: 'known' });
    await signedCommit(repository, other.file, configMap('a', '{by: other}'));
    const refused = await world.until('signed', 'refused', (_, app) => reasonOf(app, 'Ready') === 'SignatureInvalid');
    assert.ok((conditionOf(refused.status ?? {}, 'Ready')?.message ?? '').includes(other.fingerprint), 'names the key');
    assert.deepEqual(await data('signed', 'a'), { by: 'known' });
  });
});

async function signingKey(folder: string, name: string) {
  const file = path.join(folder, name);
  await execute('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', name, '-f', file]);
  const { stdout } = await execute('ssh-keygen', ['-l', '-f', `${file}.pub`]);
  const fingerprint = /SHA256:\S+/.exec(stdout)?.[0] ?? 'none';
  return { file, fingerprint, publicKey: await readFile(`${file}.pub`, 'utf8') };
}

/** Commits `a.yaml` on main, signed by an SSH key. */
async function signedCommit(repository: GitRepository, key: string, content: string): Promise<string> {
  await using folder = await createTemporaryFolder('clone');
  const env = { ...process.env, ...GIT_ENVIRONMENT };
  const git = (args: readonly string[]) => execute('git', ['-C', folder.path, ...args], { env });
  await execute('git', ['clone', '--quiet', repository.folder, folder.path], { env });
  await writeFile(path.join(folder.path, 'a.yaml'), content);
  await git(['add', '.']);
  await git(['-c', 'gpg.format=ssh', '-c', `user.signingKey=${key}`, 'commit', '--quiet', '-S', '-m', 'signed']);
  await git(['push', '--quiet', 'origin', 'HEAD:main']);
  return await repository.head();
}
