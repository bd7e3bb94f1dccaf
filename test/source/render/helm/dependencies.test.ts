import assert from 'node:assert/strict';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { canonicalJson } from '../../../../src/model/json.ts';
import { createCharts } from '../../../../src/source/charts/chart-store.ts';
import type { Charts } from '../../../../src/source/charts/charts.ts';
import { decodeFile } from '../../../../src/source/decode.ts';
import { noProxies } from '../../../../src/source/git/proxy.ts';
import { defaultLimits } from '../../../../src/source/limits.ts';
import { Tree } from '../../../../src/source/tree.ts';
import { runHelm } from '../../../../tools/helm.ts';
import { startOciRegistry } from '../../../../tools/oci-registry.ts';
import { createTemporaryFolder, type TemporaryFolder } from '../../../../tools/temporary-folder.ts';
import { realClock } from '../../../fakes/clock.ts';
import { KnownSecrets, never, packageChart, serveFolder, type StaticServer } from '../../charts/charts-stage.ts';
import { createHelmStage, readFolder, treeOf, type HelmStage } from './helm-stage.ts';

let folder: TemporaryFolder;
let server: StaticServer;
let registry: Awaited<ReturnType<typeof startOciRegistry>>;
let charts: Charts;
let stage: HelmStage;
const cleanup = new AsyncDisposableStack();

before(async () => {
  folder = cleanup.use(await createTemporaryFolder('dependencies'));
  const archives = path.join(folder.path, 'archives');
  registry = cleanup.use(await startOciRegistry());
  for (const version of ['1.0.0', '1.1.0', '2.0.0']) {
    await packageChart(folder.path, { name: 'cache', version });
    const archive = await packageChart(folder.path, { name: 'queue', version: `${version}+build.1` });
    await runHelm(['push', archive, `oci://${registry.host}/team/charts`, '--plain-http']);
  }
  await runHelm(['repo', 'index', archives]);
  server = cleanup.use(await serveFolder(archives));
  const directory = path.join(folder.path, 'cache');
  charts = cleanup.use(
    createCharts({
      clock: realClock,
      directory,
      limits: defaultLimits,
      secrets: new KnownSecrets(),
      proxies: noProxies,
    }),
  );
  stage = cleanup.use(await createHelmStage({ charts }));
});

after(() => cleanup.disposeAsync());

const own = 'apiVersion: v2\nname: shop\nversion: 0.1.0\n';
const template =
  'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: shop}\ndata: {charts: {{ keys .Subcharts | sortAlpha | join "," }}}\n';

/** A chart in a folder of its own, its dependencies as YAML. */
async function written(name: string, dependencies: string): Promise<string> {
  const chart = path.join(folder.path, name);
  await mkdir(path.join(chart, 'templates'), { recursive: true });
  await writeFile(path.join(chart, 'Chart.yaml'), `${own}dependencies:\n${dependencies}`);
  await writeFile(path.join(chart, 'templates', 'map.yaml'), template);
  return chart;
}

async function byHand(chart: string): Promise<string[]> {
  const text = await runHelm(['template', 'app', chart, '--namespace', 'default', '--include-crds']);
  return decodeFile('by hand', Buffer.from(text)).objects.map(({ object }) => canonicalJson(object));
}

async function byUs(files: ReadonlyMap<string, Buffer>): Promise<string[]> {
  const written = await stage.render(await treeOf(files));
  return written.objects.map(({ object }) => canonicalJson(object));
}

const fromBoth = () =>
  // Helm takes any archive that satisfies, so that ranges which overlap would be a lottery.
  `- {name: cache, version: ">1.0.0, <2", repository: "${server.url}"}\n` +
  `- {name: cache, version: "<= 1.0.0", repository: "${server.url}", alias: old, condition: old.enabled, tags: [a, b]}\n` +
  `- {name: queue, version: ">=1.0.0 <3", repository: "oci://${registry.host}/team/charts", import-values: [{child: x, parent: y}]}\n`;

test('dependencies: those of a lock are fetched from an index and a registry, and rendered as by hand', async () => {
  const chart = await written('locked', fromBoth());
  const committed = new Map(await readFolder(chart));
  await runHelm(['dependency', 'update', chart, '--plain-http']);
  committed.set('Chart.lock', await readFile(path.join(chart, 'Chart.lock')));
  const expected = await byHand(chart);
  assert.equal(expected.length, 4);
  assert.deepEqual(await byUs(committed), expected);
  assert.deepEqual(
    stage.placed.filter((file) => file.endsWith('.tgz')),
    ['chart/charts/cache-1.0.0.tgz', 'chart/charts/cache-1.1.0.tgz', 'chart/charts/queue-2.0.0+build.1.tgz'],
  );
  assert.deepEqual(await byUs(await readFolder(chart)), expected);
});

test('dependencies: without a lock the newest that satisfies; a lock goes before that', async () => {
  const dependency = `- {name: cache, version: 1.x, repository: "${server.url}"}\n`;
  const chart = await written('unlocked', dependency);
  const files = await readFolder(chart);
  assert.match((await byUs(files)).join('\n'), /"version":"1\.1\.0"/);
  await writeFile(path.join(chart, 'Chart.yaml'), `${own}dependencies:\n${dependency.replace('1.x', '1.0.0')}`);
  await runHelm(['dependency', 'update', chart]);
  const pinned = await readFolder(chart);
  const lock = pinned.get('Chart.lock') ?? Buffer.alloc(0);
  assert.match(
    (await byUs(new Map([...pinned].filter(([file]) => !file.endsWith('.tgz'))))).join('\n'),
    /"version":"1\.0\.0"/,
  );
  await assert.rejects(byUs(new Map([...files, ['Chart.lock', lock]])), {
    reason: 'RenderFailed',
    message:
      'Chart.yaml: its dependencies are not those of Chart.lock; run "helm dependency update" and commit the result',
  });
});

test('dependencies: what lies in charts/ is used as it is, and nobody is asked', async () => {
  const chart = await written('vendored', `- {name: cache, version: ^9, repository: "https://charts.invalid"}\n`);
  const files = await readFolder(chart);
  files.set('charts/anything.tgz', await readFile(path.join(folder.path, 'archives', 'cache-1.0.0.tgz')));
  assert.match((await byUs(files)).join('\n'), /"version":"1\.0\.0"/);
});

test('dependencies: their digests are part of the identity', async () => {
  const plans = await Promise.all(
    ['1.0.0', '1.0.0', '1.1.0'].map(async (version) => {
      const chart = `${own}dependencies: [{name: cache, version: "^1", repository: "${server.url}"}]\n`;
      const lock = `dependencies: [{name: cache, version: "${version}", repository: "${server.url}"}]\ndigest: x\n`;
      const { identity } = await stage.plan(
        await treeOf({ 'Chart.yaml': chart.replace('^1', version), 'other.lock': lock }),
      );
      return canonicalJson(identity).replace(/"content":"[^"]*"/, '');
    }),
  );
  assert.equal(plans[0], plans[1]);
  assert.notEqual(plans[0], plans[2]);
});

const refused: readonly (readonly [
  what: string,
  dependency: string,
  error: { readonly reason: string; readonly message: RegExp },
])[] = [
  [
    'a name of somebody’s machine',
    '{name: a, version: "1", repository: "@stable"}',
    { reason: 'RenderFailed', message: /"@stable" is a name of somebody's own machine/ },
  ],
  [
    'another such name',
    '{name: a, version: "1", repository: "alias:stable"}',
    { reason: 'RenderFailed', message: /give its address/ },
  ],
  [
    'no repository',
    '{name: a, version: "1"}',
    { reason: 'RenderFailed', message: /dependency "a": is not in charts\/ and names no repository/ },
  ],
  [
    'a folder outside',
    '{name: a, version: "1", repository: "file://../a"}',
    { reason: 'RenderFailed', message: /is outside the repository/ },
  ],
  [
    'an absolute folder',
    '{name: a, version: "1", repository: "file:///etc"}',
    { reason: 'RenderFailed', message: /is outside the repository/ },
  ],
  [
    'a folder that is not there',
    '{name: a, version: "1", repository: "file://a"}',
    { reason: 'RenderFailed', message: /there is no folder "a"/ },
  ],
  [
    'a folder with another version',
    '{name: lib, version: "^2", repository: "file://lib"}',
    { reason: 'RenderFailed', message: /"lib" has version 1\.0\.0, which is not \^2/ },
  ],
  ['itself', '{name: shop, version: "*", repository: "file://."}', { reason: 'RenderFailed', message: /without end/ }],
];

for (const [what, dependency, error] of refused) {
  test(`dependencies: ${what} is refused`, async () => {
    const files = {
      'Chart.yaml': `${own}dependencies:\n- ${dependency}\n`,
      'lib/Chart.yaml': 'apiVersion: v2\nname: lib\nversion: 1.0.0\n',
    };
    await assert.rejects(stage.plan(await treeOf(files)), error);
  });
}

test('dependencies: local ones bring their own', async () => {
  const files = {
    'app/Chart.yaml': `${own}dependencies: [{name: middle, version: "*", repository: "file://../middle"}]\n`,
    'middle/Chart.yaml': `apiVersion: v2\nname: middle\nversion: 1.0.0\ndependencies: [{name: cache, version: 1.0.0, repository: "${server.url}"}]\n`,
    'middle/templates/map.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: middle}\n',
  };
  const { objects } = await stage.render(await treeOf(files), { path: 'app' });
  assert.deepEqual(objects.map(({ origin }) => origin.file).sort(), [
    'app/charts/middle/charts/cache/templates/map.yaml',
    'app/charts/middle/templates/map.yaml',
  ]);
});

test('dependencies: a chart that is the source itself renders like its archive by hand', async () => {
  const repository = { url: server.url, secret: undefined };
  const version = await charts.resolve(repository, 'cache', '^1.0.0', false);
  await using chart = await charts.open({ repository, name: 'cache', version }, never);
  const tree = new Tree(chart.reader, await chart.reader.rootTree(''));
  const { objects } = await stage.render(tree, { path: '' });
  const expected = await byHand(path.join(folder.path, 'archives', 'cache-1.1.0.tgz'));
  assert.deepEqual(
    objects.map(({ object }) => canonicalJson(object)),
    expected,
  );
});
