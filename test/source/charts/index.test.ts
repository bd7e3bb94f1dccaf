import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { createAuthority } from '../../../tools/certificates.ts';
import { runHelm } from '../../../tools/helm.ts';
import { createTemporaryFolder, type TemporaryFolder } from '../../../tools/temporary-folder.ts';
import { entriesOf } from '../../../src/source/charts/chart-index.ts';
import { noProxies } from '../../../src/source/git/proxy.ts';
import { ManualClock } from '../../fakes/clock.ts';
import {
  createChartsStage,
  never,
  packageChart,
  secretOf,
  serveFolder,
  textIn,
  type StaticServer,
} from './charts-stage.ts';

let folder: TemporaryFolder;
let archives: string;

before(async () => {
  folder = await createTemporaryFolder('index');
  archives = path.join(folder.path, 'archives');
  for (const version of ['1.0.0', '1.1.0', '1.2.0-rc.1', '2.0.0+build.5']) {
    await packageChart(folder.path, { name: 'shop', version });
  }
  await runHelm(['repo', 'index', archives]);
});

after(() => folder[Symbol.asyncDispose]());

const repositoryOf = (server: StaticServer) => ({ url: server.url, secret: undefined });

test('index: versions and constraints are resolved, the index is asked for once and then by its tag', async () => {
  const clock = new ManualClock();
  await using stage = await createChartsStage({ clock });
  await using server = await serveFolder(archives);
  const repository = repositoryOf(server);
  const resolve = (constraint: string, anew = false) => stage.charts.resolve(repository, 'shop', constraint, anew);
  const all = await Promise.all(['1.0.0', '1.x', '^1.0.0-0', '*', 'v1.1.0', '2.0.0'].map((each) => resolve(each)));
  assert.deepEqual(all, ['1.0.0', '1.1.0', '1.2.0-rc.1', '2.0.0+build.5', '1.1.0', '2.0.0+build.5']);
  assert.equal(server.count('/index.yaml'), 1);
  await clock.advance(61_000);
  assert.equal(await resolve('1.x'), '1.1.0');
  assert.equal(server.count('/index.yaml', 304), 1);
  await clock.advance(3_000);
  await Promise.all([resolve('1.x', true), resolve('*', true)]);
  assert.equal(server.count('/index.yaml', 304), 2);
});

test('index: what is not there is RevisionNotFound, with the versions that are there', async () => {
  await using stage = await createChartsStage();
  await using server = await serveFolder(archives);
  const repository = repositoryOf(server);
  await assert.rejects(stage.charts.resolve(repository, 'shop', '^3', false), {
    reason: 'RevisionNotFound',
    message: /no version "\^3"; there are 2\.0\.0\+build\.5, 1\.2\.0-rc\.1, 1\.1\.0, 1\.0\.0$/,
  });
  await assert.rejects(stage.charts.resolve(repository, 'shap', '*', false), {
    reason: 'RevisionNotFound',
    message: /has no chart "shap"/,
  });
  await assert.rejects(stage.charts.resolve({ ...repository, url: `${server.url}/none` }, 'shop', '*', false), {
    reason: 'RevisionNotFound',
    message: /has no index\.yaml/,
  });
  await assert.rejects(stage.charts.resolve(repository, 'shop', 'not a version', false), { reason: 'InvalidSpec' });
  await assert.rejects(stage.charts.resolve(repository, '../etc/passwd', '*', false), { reason: 'InvalidSpec' });
});

test('index: a chart is downloaded once, by all who want it, and not again after a restart', async () => {
  await using stage = await createChartsStage();
  await using server = await serveFolder(archives);
  const version = { repository: repositoryOf(server), name: 'shop', version: '1.1.0' };
  const opened = await Promise.all([1, 2, 3].map(() => stage.charts.open(version, never)));
  for (const chart of opened) {
    assert.equal(chart.version, '1.1.0');
    assert.match(await textIn(chart, 'Chart.yaml'), /version: 1\.1\.0/);
    assert.match(await textIn(chart, 'templates/map.yaml'), /ConfigMap/);
    assert.deepEqual(Buffer.from(await chart.archive()), await readFile(path.join(archives, 'shop-1.1.0.tgz')));
    await chart[Symbol.asyncDispose]();
  }
  assert.equal(server.count('.tgz'), 1);
  const later = stage.restart();
  await (await later.open(version, never))[Symbol.asyncDispose]();
  assert.equal(server.count('.tgz'), 1);
  server.answer = (_, response) => (response.writeHead(503).end(), true);
  const offline = stage.restart();
  assert.match(await textIn(await offline.open(version, never), 'Chart.yaml'), /version: 1\.1\.0/);
});

test('index: a damaged archive on disk is fetched again', async () => {
  await using stage = await createChartsStage();
  await using server = await serveFolder(archives);
  const version = { repository: repositoryOf(server), name: 'shop', version: '1.0.0' };
  const { digest } = await stage.charts.open(version, never);
  await writeFile(path.join(stage.folder, 'cache', `${digest}.chart`), 'noise');
  assert.match(await textIn(await stage.restart().open(version, never), 'Chart.yaml'), /version: 1\.0\.0/);
  assert.equal(server.count('.tgz'), 2);
});

test('index: the cache on disk stays within its limit', async () => {
  const { length } = await readFile(path.join(archives, 'shop-1.0.0.tgz'));
  await using stage = await createChartsStage({ limits: { chartCacheBytes: length * 2 } });
  await using server = await serveFolder(archives);
  for (const version of ['1.0.0', '1.1.0', '2.0.0+build.5']) {
    await (
      await stage.charts.open({ repository: repositoryOf(server), name: 'shop', version }, never)
    )[Symbol.asyncDispose]();
  }
  assert.equal(server.count('.tgz'), 3);
  await (
    await stage.restart().open({ repository: repositoryOf(server), name: 'shop', version: '1.0.0' }, never)
  )[Symbol.asyncDispose]();
  assert.equal(server.count('.tgz'), 4);
});

test('index: an archive that is not what the index promises is refused', async () => {
  await using stage = await createChartsStage();
  await using server = await serveFolder(archives);
  server.answer = (request, response) =>
    request.url?.endsWith('.tgz') === true && (response.end('something else'), true);
  await assert.rejects(stage.charts.open({ repository: repositoryOf(server), name: 'shop', version: '1.0.0' }, never), {
    reason: 'ChartUnavailable',
    message: /has the digest sha256:.*, not the promised sha256:/,
  });
});

test('index: a host that fails is asked ever more seldom, and a Retry-After is never undercut', async () => {
  const clock = new ManualClock();
  await using stage = await createChartsStage({ clock });
  await using server = await serveFolder(archives);
  const resolve = () => stage.charts.resolve(repositoryOf(server), 'shop', '1.x', true);
  server.answer = (_, response) => (response.writeHead(503, { 'retry-after': '120' }).end(), true);
  await assert.rejects(resolve(), { reason: 'ChartUnavailable', retry: 'backoff', retryAfterMs: 120_000 });
  await clock.advance(100_000);
  await assert.rejects(resolve(), { reason: 'ChartUnavailable', retryAfterMs: 20_000 });
  assert.equal(server.requests.length, 1);
  server.answer = undefined;
  await clock.advance(20_000);
  assert.equal(await resolve(), '1.1.0');
});

test('index: a server that stalls ends in bounded time and holds up nobody else', async () => {
  await using stage = await createChartsStage({ limits: { stallMs: 300 } });
  await using slow = await serveFolder(archives);
  await using server = await serveFolder(archives);
  slow.answer = () => true;
  const stalled = assert.rejects(stage.charts.resolve(repositoryOf(slow), 'shop', '*', false), {
    reason: 'ChartUnavailable',
    message: /silent for 0\.3 s/,
  });
  assert.equal(await stage.charts.resolve(repositoryOf(server), 'shop', '1.x', false), '1.1.0');
  await stalled;
});

test('index: credentials go to their own origin only, unless passCredentials says otherwise', async () => {
  await using stage = await createChartsStage();
  await using other = await serveFolder(archives);
  await using server = await serveFolder(folder.path);
  const credentials = { username: 'ann', password: 'secret-word' };
  server.credentials = credentials;
  const index = await readFile(path.join(archives, 'index.yaml'), 'utf8');
  await writeFile(path.join(folder.path, 'index.yaml'), index.replaceAll('- shop-', `- ${other.url}/shop-`));
  const repository = { url: server.url, secret: { namespace: 'argo', name: 'charts' } };
  const chart = { repository, name: 'shop', version: '1.0.0' };
  await assert.rejects(stage.charts.open(chart, never), {
    reason: 'AuthenticationFailed',
    message: /there is no Secret argo\/charts/,
  });
  stage.secrets.byName.set('argo/charts', secretOf({ ...credentials, password: 'wrong' }));
  stage.secrets.changed();
  await assert.rejects(stage.charts.open(chart, never), {
    reason: 'AuthenticationFailed',
    message: /refuses the credentials \(HTTP 401\)$/,
  });
  stage.secrets.byName.set('argo/charts', secretOf(credentials));
  stage.secrets.changed();
  await stage.charts.open(chart, never);
  assert.deepEqual(
    other.requests.map(({ authorization }) => authorization),
    [undefined],
  );
  const passing = { ...chart, version: '1.1.0', repository: { ...repository, passCredentials: true } };
  await stage.charts.open(passing, never);
  assert.match(other.requests.at(-1)?.authorization ?? '', /^Basic /);
});

test('index: redirects are followed without credentials, and never out of TLS', async () => {
  await using stage = await createChartsStage();
  const authority = createAuthority('charts-ca');
  await using plain = await serveFolder(archives);
  await using server = await serveFolder(archives, authority.issue({ commonName: 'charts' }));
  const repository = repositoryOf(server);
  await assert.rejects(stage.charts.resolve(repository, 'shop', '*', false), {
    reason: 'ChartUnavailable',
    message: /certificate is not trusted/,
  });
  stage.secrets.byUrl.set(
    server.url,
    secretOf({ username: 'ann', password: 'secret-word', caBundle: authority.certPem }),
  );
  const trusting = stage.restart();
  assert.equal(await trusting.resolve(repository, 'shop', '1.x', false), '1.1.0');
  server.answer = (request, response) => (
    response.writeHead(302, { location: `${plain.url}${request.url ?? ''}` }).end(),
    true
  );
  await assert.rejects(trusting.open({ repository, name: 'shop', version: '1.0.0' }, never), {
    reason: 'ChartUnavailable',
    message: /redirects from TLS/,
  });
  assert.deepEqual(plain.requests, []);
  const fromPlain = stage.restart();
  await using first = await serveFolder(archives);
  stage.secrets.byUrl.set(first.url, secretOf({ username: 'ann', password: 'secret-word' }));
  first.answer = (request, response) => (
    response.writeHead(302, { location: `${plain.url}${request.url ?? ''}` }).end(),
    true
  );
  assert.equal(await fromPlain.resolve(repositoryOf(first), 'shop', '1.x', false), '1.1.0');
  assert.match(first.requests[0]?.authorization ?? '', /^Basic /);
  assert.deepEqual(
    plain.requests.map(({ authorization }) => authorization),
    [undefined],
  );
});

test('index: requests go through the proxy of the environment, but for what it exempts', async () => {
  await using server = await serveFolder(archives);
  await using proxy = await serveFolder(archives);
  const index = await readFile(path.join(archives, 'index.yaml'));
  const seen: string[] = [];
  proxy.answer = (request, response) => {
    seen.push(`${request.headers['proxy-authorization'] ?? ''} ${request.url ?? ''}`);
    response.end(index);
    return true;
  };
  const address = proxy.url.replace('://', '://ann:pass@');
  await using stage = await createChartsStage({ proxies: { ...noProxies, http: address } });
  const far = { url: 'http://charts.example.com', secret: undefined };
  assert.equal(await stage.charts.resolve(far, 'shop', '1.x', false), '1.1.0');
  const expected = `Basic ${Buffer.from('ann:pass').toString('base64')} http://charts.example.com/index.yaml`;
  assert.deepEqual(seen, [expected]);
  const exempt = stage.restart({ proxies: { ...noProxies, http: address, no: '127.0.0.1' } });
  assert.equal(await exempt.resolve(repositoryOf(server), 'shop', '1.x', false), '1.1.0');
  assert.equal(seen.length, 1);
});

test('index: one that is too large, or none, is an error and no answer', async () => {
  await using stage = await createChartsStage({ limits: { chartIndexBytes: 10_000 } });
  await using server = await serveFolder(archives);
  server.answer = (_, response) => (response.end(`entries:\n  shop: []\n${'#'.repeat(20_000)}`), true);
  await assert.rejects(stage.charts.resolve(repositoryOf(server), 'shop', '*', false), {
    reason: 'LimitExceeded',
    message: /chartIndexBytes/,
  });
  for (const page of ['<html>sign in</html>', 'entries: {a: [', '[]']) {
    await using other = await serveFolder(archives);
    other.answer = (_, response) => (response.end(page), true);
    await assert.rejects(stage.charts.resolve(repositoryOf(other), 'shop', '*', false), {
      reason: 'ChartUnavailable',
      message: /its index cannot be read/,
    });
  }
});

const entry = (version: string) => ({ version, urls: [`shop-${version}.tgz`], digest: 'a'.repeat(64) });
const layouts: readonly (readonly [string, string])[] = [
  [
    'as Helm writes it',
    'apiVersion: v1\nentries:\n  other:\n  - version: 9.0.0\n    urls: [o]\n  shop:\n  - digest: D\n    urls:\n    - shop-1.0.0.tgz\n    version: 1.0.0\n  zoo:\n  - version: 8.0.0\n    urls: [z]\ngenerated: "2026-01-01"\n',
  ],
  [
    'with deeper lists and quoted names',
    'entries:\n    "shop":\n        - version: "1.0.0"\n          digest: D\n          description: |\n            entries:\n              shop:\n          urls: ["shop-1.0.0.tgz"]\n',
  ],
  [
    'as the last thing, with Windows line ends',
    'entries:\r\n  shop:\r\n  - version: 1.0.0\r\n    digest: D\r\n    urls:\r\n    - shop-1.0.0.tgz\r\n',
  ],
  ['in flow style', 'entries: {shop: [{version: 1.0.0, digest: D, urls: [shop-1.0.0.tgz]}]}\n'],
  ['in flow style below its name', 'entries:\n  shop: [{version: 1.0.0, digest: D, urls: [shop-1.0.0.tgz]}]\n'],
  ['as JSON', JSON.stringify({ entries: { shop: [entry('1.0.0')] } })],
];

for (const [layout, text] of layouts) {
  test(`index: ${layout} is read`, () => {
    const found = entriesOf('https://charts.example.com', text.replaceAll(' D', ` ${'a'.repeat(64)}`), 'shop');
    assert.deepEqual(found, [{ version: '1.0.0', url: 'shop-1.0.0.tgz', digest: 'a'.repeat(64) }]);
    assert.equal(entriesOf('https://charts.example.com', text, 'none'), undefined);
  });
}

test('index: of tens of megabytes only the part of the chart is read, and a part that is too long is refused', () => {
  const many = Array.from(
    { length: 60_000 },
    (_, i) => `  - version: 1.0.${i}\n    description: ${'x'.repeat(150)}\n`,
  ).join('');
  // What is not YAML at all is in the part that is not read.
  const text = `entries:\n  shop:\n  - version: 1.0.0\n    urls: [a]\n  other: {\n${many}`;
  assert.equal(entriesOf('https://charts.example.com', text, 'shop')?.length, 1);
  assert.throws(() => entriesOf('https://charts.example.com', `entries:\n  shop:\n${many}`, 'shop'), {
    reason: 'LimitExceeded',
    message: /what its index says of shop is longer than/,
  });
  assert.throws(() => entriesOf('https://charts.example.com', `entries: {}\n${many}`, 'shop'), {
    reason: 'LimitExceeded',
  });
});
