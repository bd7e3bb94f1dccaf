import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parseAllDocuments } from 'yaml';
import { startGitServer, type GitServer } from '../../tools/git-server.ts';
import { createTemporaryFolder } from '../../tools/temporary-folder.ts';
import type { Run } from './run.ts';
import { runIn, writeFiles } from './run.ts';

function run(folder: string, ...args: readonly string[]): Promise<Run> {
  return runIn({ folder }, args);
}

const configMap = (name: string): string =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ${name}\ndata: {a: 'no'}\n`;

const repository: Readonly<Record<string, string>> = {
  '.git/HEAD': 'ref: refs/heads/main\n',
  'plain/a.yaml': configMap('a'),
  'plain/values.yaml': 'image: x\n',
  'base/kustomization.yaml': 'resources: [b.yaml]\n',
  'base/b.yaml': configMap('b'),
  'overlay/kustomization.yaml': 'resources: [../base]\nnamePrefix: x-\n',
  'chart/Chart.yaml': 'apiVersion: v2\nname: chart\nversion: 1.0.0\n',
  'chart/values.yaml': 'value: one\n',
  'chart/templates/c.yaml':
    'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {{ .Release.Name }}\ndata:\n  v: {{ .Values.value }}\n',
  'broken/a.yaml': 'kind: [ConfigMap\n',
  'application.yaml': JSON.stringify({
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Application',
    metadata: { name: 'shop', namespace: 'argocd' },
    spec: {
      source: { repoURL: 'https://git.example.com/shop.git', path: 'chart', helm: { valuesObject: { value: 'two' } } },
      destination: { namespace: 'shop' },
    },
  }),
};

describe('render of a folder', () => {
  const names: readonly [name: string, folder: string, expected: string][] = [
    ['plain manifests', 'plain', 'ConfigMap default/a'],
    ['a kustomization with a base beside it', 'overlay', 'ConfigMap default/x-b'],
    ['a chart', 'chart', 'ConfigMap default/chart'],
  ];
  for (const [name, folder, expected] of names) {
    test(name, async () => {
      await using root = await createTemporaryFolder('cli');
      await writeFiles(root.path, repository);
      const { code, out, complaints } = await run(root.path, 'render', folder, '-o', 'name');
      assert.deepEqual([code, out], [0, `${expected}\n`], complaints);
    });
  }

  test('YAML that readers of YAML 1.1 read the same, and a word about what is left out', async () => {
    await using root = await createTemporaryFolder('cli');
    await writeFiles(root.path, repository);
    const { out, complaints } = await run(root.path, 'render', 'plain');
    const [document] = parseAllDocuments(out, { version: '1.1' });
    assert.deepEqual((document?.toJS() as { data: unknown }).data, { a: 'no' });
    assert.match(out, /evenkeel\.dev\/part-of: /);
    assert.equal(complaints, 'warning: 1 documents without apiVersion and kind are left out\n');
  });

  test('with the options of an Application, and what was edited since the commit', async () => {
    await using root = await createTemporaryFolder('cli');
    await writeFiles(root.path, repository);
    const first = await run(root.path, 'render', '.', '-f', 'application.yaml', '-o', 'json');
    assert.match(first.out, /"v":"two"/, first.complaints);
    await writeFiles(root.path, { 'chart/templates/d.yaml': configMap('edited') });
    const second = await run(root.path, 'render', '.', '-f', 'application.yaml', '-o', 'name');
    assert.equal(second.out, 'ConfigMap shop/edited\nConfigMap shop/shop\n');
  });

  const failures: readonly [name: string, args: readonly string[], code: number, says: RegExp][] = [
    [
      'a file that is no YAML',
      ['render', 'broken'],
      1,
      /^error: DecodeFailed: broken\/a\.yaml:document 1:line [12]: .*\n {2}\S/,
    ],
    ['an unknown option', ['render', 'plain', '--nonsense'], 2, /unknown option '--nonsense'/],
    ['no argument', ['render'], 2, /missing required argument/],
    ['a folder that is not there', ['render', './nowhere'], 1, /^error: \.\/nowhere: there is no such folder$/m],
    [
      'an Application without a cluster',
      ['render', 'nowhere', '--kubeconfig', 'absent'],
      1,
      /^error: the kubeconfig absent cannot be read: ENOENT/,
    ],
    ['a file that is no Application', ['render', 'plain', '-f', 'plain/a.yaml'], 1, /holds no Application/],
  ];
  for (const [name, args, expected, says] of failures) {
    test(`fails: ${name}`, async () => {
      await using root = await createTemporaryFolder('cli');
      await writeFiles(root.path, repository);
      const { code, out, complaints } = await run(root.path, ...args);
      assert.deepEqual([code, out], [expected, ''], complaints);
      assert.match(complaints, says);
    });
  }
});

test('an Application that is read from a file and refused is refused in the words of the operator', async () => {
  await using root = await createTemporaryFolder('cli');
  const spec = {
    source: { repoURL: 'https://git.example.com/a.git', path: '../x' },
    destination: { serviceAccountName: 'deployer' },
  };
  const application = { apiVersion: 'evenkeel.dev/v1alpha1', kind: 'Application', metadata: { name: 'a' }, spec };
  await writeFiles(root.path, { 'a.yaml': JSON.stringify(application) });
  const { code, complaints } = await run(root.path, 'render', '.', '-f', 'a.yaml');
  assert.equal(code, 1);
  assert.match(complaints, /InvalidSpec: spec\.source\.path: expected a path without \.\./);
  assert.match(complaints, /NotYetSupported: spec\.destination\.serviceAccountName/);
});

test('values of another repository are fetched while a folder stands for the first', async () => {
  await using root = await createTemporaryFolder('cli');
  await using server: GitServer = await startGitServer();
  const values = await server.createRepository('values');
  await values.commit({ 'prod.yaml': 'value: three\n' }, 'values');
  const sources = [
    { repoURL: 'https://git.example.com/shop.git', path: 'chart', helm: { valueFiles: ['$values/prod.yaml'] } },
    { repoURL: values.url, ref: 'values', targetRevision: 'main' },
  ];
  const spec = { sources, destination: { namespace: 'shop' } };
  const application = { apiVersion: 'evenkeel.dev/v1alpha1', kind: 'Application', metadata: { name: 'a' }, spec };
  await writeFiles(root.path, { ...repository, 'a.yaml': JSON.stringify(application) });
  const { code, out, complaints } = await run(root.path, 'render', '.', '-f', 'a.yaml', '-o', 'json');
  assert.equal(code, 0, complaints);
  assert.match(out, /"v":"three"/);
});
