import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { SourceType } from '../../../src/model/application.ts';
import { OperatorError } from '../../../src/model/errors.ts';
import type { Reason } from '../../../src/model/reasons.ts';
import { readHelm, readKustomize } from '../../../src/model/parse-source.ts';
import { detectRenderer } from '../../../src/source/render/detect.ts';
import { defaultLimits } from '../../../src/source/limits.ts';
import { selectManifests } from '../../../src/source/render/directory.ts';
import type { ObjectReader, TreeEntry } from '../../../src/source/git/engine.ts';
import { Tree } from '../../../src/source/tree.ts';
import { sourceSpec, type SourceChange } from '../../fakes/source-spec.ts';

const submodule = Symbol('submodule');

type Folder = { readonly [name: string]: Folder | string | { readonly target: string } | typeof submodule };

/** A commit in memory; the id of a thing is its path. */
class FakeCommit implements ObjectReader {
  readonly #root: Folder;

  constructor(root: Folder) {
    this.#root = root;
  }

  rootTree(): Promise<string> {
    return Promise.resolve('');
  }

  tree(oid: string): Promise<TreeEntry[]> {
    const folder = this.#at(oid) as Folder;
    return Promise.resolve(
      Object.entries(folder).map(([name, content]) => ({ name, kind: kindOf(content), oid: `${oid}/${name}` })),
    );
  }

  blob(oid: string): Promise<Uint8Array> {
    const content = this.#at(oid);
    const text = typeof content === 'object' && 'target' in content ? content.target : content;
    return Promise.resolve(Buffer.from(text as string));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }

  #at(oid: string): Folder[string] {
    let at: Folder[string] = this.#root;
    for (const name of oid.split('/').filter((part) => part !== '')) at = (at as Folder)[name] ?? '';
    return at;
  }
}

function kindOf(content: Folder[string]): TreeEntry['kind'] {
  if (content === submodule) return 'submodule';
  if (typeof content === 'string') return 'file';
  return 'target' in content ? 'link' : 'folder';
}

async function select(root: Folder, change: SourceChange = {}): Promise<string[]> {
  const source = sourceSpec(change);
  const files = await selectManifests(new Tree(new FakeCommit(root), ''), source, defaultLimits);
  return files.map(({ path }) => path);
}

const tree: Folder = {
  'b.yaml': '',
  'a.yml': '',
  'c.json': '',
  'd.jsonnet': '',
  'README.md': '',
  '.git': { 'config.yaml': '' },
  sub: { 'e.yaml': '', deeper: { 'f.yaml': '', '.git': { 'x.yaml': '' } } },
  'sub.yaml': '',
};

const selections: readonly [name: string, change: SourceChange, expected: string][] = [
  ['manifests of one folder, in order', {}, 'a.yml b.yaml c.json sub.yaml'],
  ['recurse', { directory: { recurse: true } }, 'a.yml b.yaml c.json sub/deeper/f.yaml sub/e.yaml sub.yaml'],
  ['a path', { path: 'sub' }, 'sub/e.yaml'],
  ['a path, recurse', { path: 'sub', directory: { recurse: true } }, 'sub/deeper/f.yaml sub/e.yaml'],
  ['every file', { directory: { disableExtensionFilter: true } }, 'README.md a.yml b.yaml c.json sub.yaml'],
  ['include', { directory: { include: '{a,b}.*' } }, 'a.yml b.yaml'],
  ['exclude wins', { directory: { include: '*.yaml', exclude: 's*' } }, 'b.yaml'],
  ['patterns cross slashes', { directory: { recurse: true, include: 'sub/*' } }, 'sub/deeper/f.yaml sub/e.yaml'],
  ['patterns start at the path', { path: 'sub', directory: { recurse: true, exclude: 'deeper/*' } }, 'sub/e.yaml'],
];

for (const [name, change, expected] of selections) {
  test(name, async () => assert.equal((await select(tree, change)).join(' '), expected));
}

describe('links', () => {
  const linked: Folder = {
    app: {
      'in.yaml': { target: '../shared/x.yaml' },
      'dir.yaml': { target: '../shared' },
      'hop.yaml': { target: 'in.yaml' },
    },
    shared: { 'x.yaml': '' },
    alias: { target: 'app' },
  };

  test('to files of the repository are followed, to folders not', async () => {
    assert.deepEqual(await select(linked, { path: 'app' }), ['app/hop.yaml', 'app/in.yaml']);
  });
  test('in spec.source.path', async () => {
    assert.deepEqual(await select(linked, { path: 'alias' }), ['alias/hop.yaml', 'alias/in.yaml']);
  });
});

const refused: readonly [name: string, root: Folder, change: SourceChange, reason: Reason, message: RegExp][] = [
  ['no such path', tree, { path: 'sub/nope/x' }, 'PathNotFound', /no "sub\/nope\/x"; "sub" has deeper, e\.yaml/],
  ['a path that is a file', tree, { path: 'b.yaml' }, 'PathNotFound', /is a file/],
  ['a link out of the repository', { 'a.yaml': { target: '../../etc/passwd' } }, {}, 'InvalidObject', /leaves the repository/],
  ['an absolute link', { 'a.yaml': { target: '/etc/passwd' } }, {}, 'InvalidObject', /leaves the repository/],
  ['a link to nothing', { 'a.yaml': { target: 'b.yaml' } }, {}, 'PathNotFound', /a\.yaml: links to something that does not exist/],
  ['links in a circle', { 'a.yaml': { target: 'b.yaml' }, 'b.yaml': { target: 'a.yaml' } }, {}, 'PathNotFound', /too many links/],
  ['a path through a link out', { x: { target: '..' } }, { path: 'x/y' }, 'InvalidObject', /leaves the repository/],
  ['a submodule', { m: submodule }, { directory: { recurse: true } }, 'NotYetSupported', /m: is a submodule/],
  ['a path in a submodule', { m: submodule }, { path: 'm/x' }, 'NotYetSupported', /m: is a submodule/],
  ['a bad pattern', tree, { directory: { include: '{a' } }, 'InvalidSpec', /"\{a"/],
]; // prettier-ignore

for (const [name, root, change, reason, message] of refused) {
  test(`refused: ${name}`, async () => {
    await assert.rejects(select(root, change), (error) => {
      assert.ok(error instanceof OperatorError);
      assert.equal(error.reason, reason, error.message);
      assert.match(error.message, message);
      return true;
    });
  });
}

test('overrides of others are no manifests', async () => {
  const root: Folder = { 'Chart.yaml': '', 'values.yaml': '', '.argocd-source-other.yaml': '' };
  assert.deepEqual(await select(root), ['Chart.yaml', 'values.yaml']);
});

const both: Folder = { 'kustomization.yml': '', 'Chart.yaml': '' };
const detections: readonly [name: string, root: Folder, change: SourceChange, expected: SourceType][] = [
  ['plain files', tree, {}, 'Directory'],
  ['kustomize wins over Helm', both, {}, 'Kustomize'],
  ['Helm', { x: { 'Chart.yaml': '' } }, { path: 'x' }, 'Helm'],
  ['the third spelling of a kustomization', { Kustomization: '' }, {}, 'Kustomize'],
  ['a block wins over what is there', both, { directory: { recurse: true } }, 'Directory'],
  ['a block of Helm', both, { helm: readHelm({ releaseName: 'x' }) }, 'Helm'],
  ['a block of kustomize', { 'Chart.yaml': '' }, { kustomize: readKustomize({ namePrefix: 'x' }) }, 'Kustomize'],
  ['a chart', {}, { chart: 'redis' }, 'Helm'],
];

describe('detection', () => {
  for (const [name, root, change, expected] of detections) {
    test(name, async () => {
      assert.equal(await detectRenderer(sourceSpec(change), new Tree(new FakeCommit(root), '')), expected);
    });
  }
});
