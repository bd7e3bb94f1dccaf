import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { canonicalJson } from '../../../../src/model/json.ts';
import { ChartReader } from '../../../../src/source/charts/chart-reader.ts';
import type { ObjectReader, TreeEntry } from '../../../../src/source/git/engine.ts';
import { defaultLimits } from '../../../../src/source/limits.ts';
import { Tree } from '../../../../src/source/tree.ts';
import { createHelmStage, type HelmStage } from './helm-stage.ts';

let stage: HelmStage;

before(async () => {
  stage = await createHelmStage();
});

after(() => stage[Symbol.asyncDispose]());

const chartYaml = 'apiVersion: v2\nname: shop\nversion: 0.1.0\n';

/** A repository in which every file called `….link` is a link, by Git's rules: its content is where it leads. */
async function linkedTree(files: Readonly<Record<string, string>>): Promise<Tree> {
  const reader = new ChartReader(
    new Map(Object.entries(files).map(([name, text]) => [name, Buffer.from(text)])),
    defaultLimits,
  );
  const asLink = (entry: TreeEntry): TreeEntry =>
    entry.name.endsWith('.link') ? { ...entry, name: entry.name.slice(0, -'.link'.length), kind: 'link' } : entry;
  const linking = { ...readerMethods(reader), tree: async (oid: string) => (await reader.tree(oid)).map(asLink) };
  return new Tree(linking, await reader.rootTree());
}

function readerMethods(reader: ChartReader): ObjectReader {
  return {
    rootTree: () => reader.rootTree(),
    tree: (oid) => reader.tree(oid),
    blob: (oid, path) => reader.blob(oid, path),
    [Symbol.asyncDispose]: () => reader[Symbol.asyncDispose](),
  };
}

test('links: what they lead to inside the repository is the chart’s, and part of the identity', async () => {
  const files = {
    'app/Chart.yaml': chartYaml,
    'app/templates/map.yaml.link': '../../shared/map.yaml',
    'shared/map.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: linked}\n',
  };
  const { objects } = await stage.render(await linkedTree(files), { path: 'app' });
  assert.deepEqual(
    objects.map(({ origin }) => origin.file),
    ['app/templates/map.yaml'],
  );
  const identity = async (change: Readonly<Record<string, string>>) =>
    canonicalJson((await stage.plan(await linkedTree({ ...files, ...change }), { path: 'app' })).identity);
  assert.equal(await identity({ 'shared/other.yaml': 'x' }), await identity({}));
  assert.notEqual(await identity({ 'shared/map.yaml': 'apiVersion: v1\n' }), await identity({}));
});

for (const [target, message] of [
  ['../../../etc/passwd', /leaves the repository/],
  ['/etc/passwd', /leaves the repository/],
  ['nowhere.yaml', /links to something that does not exist/],
] as const) {
  test(`links: one to ${target} is refused`, async () => {
    const files = { 'app/Chart.yaml': chartYaml, 'app/templates/a.yaml.link': target };
    await assert.rejects(async () => await stage.plan(await linkedTree(files), { path: 'app' }), { message });
  });
}
