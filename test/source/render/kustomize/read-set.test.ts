import assert from 'node:assert/strict';
import { access } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { arrayAt, encodeJson } from '../../../../src/model/json.ts';
import { readKustomize } from '../../../../src/model/parse-source.ts';
import type { Reason } from '../../../../src/model/reasons.ts';
import type { RenderPlan } from '../../../../src/source/render/renderer.ts';
import type { CaseFile } from './by-hand.ts';
import { MemoryCommit } from './memory-commit.ts';
import { createRenderStage, type RenderStage, type Wish } from './stage.ts';
import { refused } from '../../../refused.ts';

function configMap(name: string): string {
  return `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ${name}}\n`;
}

function kustomization(...resources: readonly string[]): string {
  return `resources: [${resources.join(', ')}]\n`;
}

/** An overlay that reads about everything, beside files that nobody names. */
const shop = {
  'apps/web/kustomization.yaml': `${kustomization('../../base', 'own.yaml')}
configMapGenerator: [{name: g, files: [key=data/a.txt]}]
transformers: [labels.yaml]
`,
  'apps/web/own.yaml': configMap('own'),
  'apps/web/data/a.txt': 'a',
  'apps/web/data/unused.txt': 'b',
  'apps/web/README.md': '# Web',
  'apps/web/labels.yaml': `apiVersion: builtin
kind: LabelTransformer
metadata: {name: l}
labels: {a: b}
fieldSpecs: [{path: metadata/labels, create: true}]
`,
  'apps/other/kustomization.yaml': kustomization('../../base'),
  'base/kustomization.yml': kustomization('map.yaml'),
  'base/map.yaml': configMap('base'),
  'base/unused.yaml': configMap('unused'),
  'parts/one/kustomization.yaml': `apiVersion: kustomize.config.k8s.io/v1alpha1
kind: Component
resources: [part.yaml]
`,
  'parts/one/part.yaml': configMap('part'),
};

function filesOf({ identity }: RenderPlan): string[] {
  return arrayAt(identity, 'files').map((file) => String(Array.isArray(file) ? file[0] : file));
}

describe('the read set of a kustomization', () => {
  let stage: RenderStage;

  before(async () => {
    stage = await createRenderStage();
  });

  after(() => stage[Symbol.asyncDispose]());

  function plan(files: Readonly<Record<string, CaseFile>>, wish?: Wish): Promise<RenderPlan> {
    const commit = new MemoryCommit(files);
    return stage.plan(commit, commit.root, wish);
  }

  async function identity(files: Readonly<Record<string, CaseFile>>, wish?: Wish): Promise<string> {
    return encodeJson((await plan(files, wish)).identity);
  }

  const web = { path: 'apps/web' };

  test('holds what is named and nothing else', async () => {
    const planned = await plan(shop, web);
    assert.deepEqual(filesOf(planned), [
      'apps/web/data/a.txt',
      'apps/web/kustomization.yaml',
      'apps/web/labels.yaml',
      'apps/web/own.yaml',
      'base/kustomization.yml',
      'base/map.yaml',
    ]);
    assert.equal(planned.unknown, undefined);
  });

  test('holds what options add', async () => {
    const kustomize = readKustomize({
      components: ['../../parts/one'],
      patches: [{ path: 'data/unused.txt', target: { kind: 'None' } }],
    });
    const files = filesOf(await plan(shop, { ...web, kustomize }));
    assert.deepEqual(
      files.filter((file) => !filesOfShop.has(file)),
      ['apps/web/data/unused.txt', 'parts/one/kustomization.yaml', 'parts/one/part.yaml'],
    );
  });

  const filesOfShop = new Set([
    'apps/web/data/a.txt',
    'apps/web/kustomization.yaml',
    'apps/web/labels.yaml',
    'apps/web/own.yaml',
    'base/kustomization.yml',
    'base/map.yaml',
  ]);

  test('is found by reading kustomizations and plugins, once however often it is walked', async () => {
    await using fresh = await createRenderStage();
    const commit = new MemoryCommit(shop);
    await fresh.plan(commit, commit.root, web);
    assert.deepEqual(commit.read.splice(0), [
      'apps/web/kustomization.yaml',
      'base/kustomization.yml',
      'apps/web/labels.yaml',
    ]);
    const next = new MemoryCommit({ ...shop, 'apps/web/README.md': '# Changed' });
    await fresh.plan(next, next.root, web);
    assert.deepEqual(next.read, []);
    await fresh.plan(next, next.root, { path: 'apps/other' });
    assert.deepEqual(next.read, ['apps/other/kustomization.yaml']);
  });

  test('reads a folder once, however many files of it are named', async () => {
    const names = Array.from({ length: 500 }, (_, index) => `a/b/c/${index}.yaml`);
    const commit = new MemoryCommit({
      'kustomization.yaml': kustomization(...names),
      ...Object.fromEntries(names.map((name) => [name, configMap('x')])),
    });
    await stage.plan(commit, commit.root);
    assert.ok(commit.trees <= 10, `${commit.trees} trees`);
  });

  test('is all of the folder when a field is unknown', async () => {
    const files = filesOf(await plan({ ...shop, 'apps/web/kustomization.yaml': 'future: [thing]\n' }, web));
    assert.deepEqual(
      files,
      Object.keys(shop)
        .filter((name) => name.startsWith('apps/web/'))
        .toSorted(),
    );
  });

  test('is all of the folder when a plugin is not built in', async () => {
    const plugin = 'apiVersion: example.com/v1\nkind: Chart\nmetadata: {name: x}\n';
    const files = { 'k/kustomization.yaml': 'generators: [p.yaml]\n', 'k/p.yaml': plugin, 'k/sub/x': '', y: '' };
    assert.deepEqual(filesOf(await plan(files, { path: 'k' })), ['k/kustomization.yaml', 'k/p.yaml', 'k/sub/x']);
  });

  test('changes the identity with its files, its options and nothing else', async () => {
    const before = await identity(shop, web);
    assert.equal(await identity({ ...shop, 'base/unused.yaml': 'x', 'apps/web/README.md': '' }, web), before);
    assert.notEqual(await identity({ ...shop, 'base/map.yaml': configMap('changed') }, web), before);
    assert.notEqual(await identity({ ...shop, 'apps/web/data/a.txt': 'changed' }, web), before);
    const options = [{ namePrefix: 'x-' }, { namePrefix: 'y-' }, { images: ['a:1'] }, { kubeVersion: '1.30' }];
    const edited = await Promise.all(
      options.map((change) => identity(shop, { ...web, kustomize: readKustomize(change) })),
    );
    assert.equal(new Set([before, ...edited]).size, options.length, 'kubeVersion has no effect');
  });

  const refusals: readonly [name: string, files: Record<string, CaseFile>, reason: Reason, message: RegExp][] = [
    ['https', { 'kustomization.yaml': kustomization('https://example.com/x.yaml') }, 'Refused', /resources\[0\]/],
    ['HTTP in capitals', { 'kustomization.yaml': kustomization('HTTP://127.0.0.1/x') }, 'Refused', /elsewhere/],
    ['GitHub', { 'kustomization.yaml': kustomization('github.com/org/repo//base?ref=v1') }, 'Refused', /elsewhere/],
    ['scp', { 'kustomization.yaml': kustomization('"git@example.com:org/repo.git//x"') }, 'Refused', /elsewhere/],
    ['ssh', { 'kustomization.yaml': kustomization('ssh://git@example.com/org/repo') }, 'Refused', /elsewhere/],
    ['git::', { 'kustomization.yaml': kustomization('"git::https://example.com/o/r"') }, 'Refused', /elsewhere/],
    ['file:', { 'kustomization.yaml': kustomization('file:///etc') }, 'Refused', /files of this machine/],
    ['a component', { 'kustomization.yaml': 'components: [https://example.com/o/r]\n' }, 'Refused', /components\[0\]/],
    ['a patch', { 'kustomization.yaml': 'patches: [{path: "https://example.com/p"}]\n' }, 'Refused', /patches\[0\]/],
    [
      'a generator',
      { 'kustomization.yaml': 'configMapGenerator: [{name: a, files: ["k=http://127.0.0.1/"]}]\n' },
      'Refused',
      /configMapGenerator\[0\]\.files\[0\] "http:/,
    ],
    ['folded names', { 'kustomization.yaml': 'reſourceS: [http://127.0.0.1/]\n' }, 'Refused', /elsewhere/],
    [
      'a plugin',
      {
        'kustomization.yaml': 'transformers: [t.yaml]\n',
        't.yaml': 'apiVersion: builtin\nkind: PatchTransformer\nmetadata: {name: a}\npath: http://127.0.0.1/\n',
      },
      'Refused',
      /transformers\[0\] \(PatchTransformer\)\.path/,
    ],
    [
      'plugins that are patched',
      {
        'kustomization.yaml': 'transformers: [t]\n',
        't/kustomization.yaml': 'resources: [x.yaml]\nnamePrefix: http://127.0.0.1/\n',
        't/x.yaml': 'apiVersion: builtin\nkind: PatchTransformer\nmetadata: {name: a}\npath: x\n',
        x: '',
      },
      'NotYetSupported',
      /t\/kustomization\.yaml: changes the plugins/,
    ],
    ['..', { 'kustomization.yaml': kustomization('../../../etc/passwd') }, 'InvalidObject', /leaves the repository/],
    ['absolute', { 'kustomization.yaml': 'crds: [/etc/passwd]\n' }, 'InvalidObject', /absolute paths/],
    [
      'a link out of the tree',
      { 'kustomization.yaml': kustomization('x.yaml'), 'x.yaml': { symlink: '../../etc/passwd' } },
      'InvalidObject',
      /leaves the repository/,
    ],
    [
      'a link to the machine',
      { 'kustomization.yaml': kustomization('x.yaml'), 'x.yaml': { symlink: '/etc/passwd' } },
      'InvalidObject',
      /leaves the repository/,
    ],
    [
      'links in a circle',
      { 'kustomization.yaml': kustomization('x.yaml'), 'x.yaml': { symlink: 'x.yaml' } },
      'PathNotFound',
      /too many links/,
    ],
    ['a dead link', { 'kustomization.yaml': kustomization('x'), x: { symlink: 'y' } }, 'PathNotFound', /there is no/],
    [
      'charts by a generator',
      { 'kustomization.yaml': 'generators: ["{apiVersion: builtin, kind: HelmChartInflationGenerator}"]\n' },
      'NotYetSupported',
      /run Helm/,
    ],
    ['deep bases', deep(200), 'RenderFailed', /more than 100 bases deep/],
    [
      'a link to itself as base',
      { ...loop(), 'kustomization.yaml': kustomization('a') },
      'PathNotFound',
      /too many links/,
    ],
  ];

  for (const [name, files, reason, message] of refusals) {
    test(`is refused: ${name}`, async () => {
      await refused(plan(files), reason, message);
    });
  }

  test('has a limit', async () => {
    await using small = await createRenderStage({ limits: { renderFiles: 5 } });
    const commit = new MemoryCommit(shop);
    await refused(small.plan(commit, commit.root, web), 'LimitExceeded', /renderFiles/);
  });

  test('has a limit for entries that lead to the same file', async () => {
    const files = { 'kustomization.yaml': `resources:\n${'- a.yaml\n'.repeat(20_001)}`, 'a.yaml': configMap('a') };
    await refused(plan(files), 'LimitExceeded', /entries in kustomizations exceeds the limit renderFiles/);
  });

  test('has a limit for plugins that are found by very many ways', async () => {
    const files: Record<string, string> = {
      'kustomization.yaml': 'transformers: [t0]\n',
      't40/kustomization.yaml': '',
    };
    for (let level = 0; level < 40; level++) {
      const [next, other] = [`../t${level + 1}`, `../u${level + 1}`];
      files[`t${level}/kustomization.yaml`] = kustomization(next, other);
      files[`u${level + 1}/kustomization.yaml`] = kustomization(`../t${level + 1}`);
    }
    await refused(plan(files), 'LimitExceeded', /renderFiles/);
  });

  test('meets each base once, whatever number of ways lead to it', async () => {
    const layers = 40;
    const files: Record<string, string> = { 'l0/kustomization.yaml': kustomization('x.yaml'), 'l0/x.yaml': '' };
    for (let layer = 1; layer <= layers; layer++) {
      const [left, right] = [`l${layer}/left`, `l${layer}/right`];
      files[`l${layer}/kustomization.yaml`] = kustomization('left', 'right');
      for (const side of [left, right]) files[`${side}/kustomization.yaml`] = kustomization(`../../l${layer - 1}`);
    }
    const planned = await plan(files, { path: `l${layers}` });
    assert.equal(filesOf(planned).length, 2 + layers * 3);
  });

  test('never executes anything of the repository', async () => {
    const proof = path.join(stage.folder, 'executed');
    const plugin = `apiVersion: example.com/v1
kind: Evil
metadata:
  name: evil
  annotations:
    config.kubernetes.io/function: |
      exec: {path: ./evil.sh}
`;
    for (const field of ['generators', 'transformers', 'validators']) {
      const planned = await plan({
        'kustomization.yaml': `resources: [a.yaml]\n${field}: [evil.yaml]\n`,
        'a.yaml': configMap('a'),
        'evil.yaml': plugin,
        'evil.sh': `#!/bin/sh\ntouch ${proof}\n`,
      });
      await refused(planned.run(AbortSignal.timeout(60_000)), 'RenderFailed', /external plugins disabled/);
    }
    await assert.rejects(access(proof));
  });
});

/** Each base names the next. */
function deep(levels: number): Record<string, string> {
  const folders = Array.from({ length: levels }, (_, index) => [
    `b${index}/kustomization.yaml`,
    kustomization(`../b${index + 1}`),
  ]);
  return { 'kustomization.yaml': kustomization('b0'), ...(Object.fromEntries(folders) as Record<string, string>) };
}

/** A base that a link makes endlessly deep. */
function loop(): Record<string, CaseFile> {
  return { 'a/kustomization.yaml': kustomization('a'), 'a/a': { symlink: '.' } };
}
