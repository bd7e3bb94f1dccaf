import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { sha256Hex } from '../../../src/model/hash.ts';
import { registryUser, startOciRegistry } from '../../../tools/oci-registry.ts';
import { runHelm } from '../../../tools/helm.ts';
import { createTemporaryFolder, type TemporaryFolder } from '../../../tools/temporary-folder.ts';
import { createChartsStage, never, packageChart, secretOf, serveFolder, textIn } from './charts-stage.ts';

let folder: TemporaryFolder;
const archives: string[] = [];

before(async () => {
  folder = await createTemporaryFolder('registry-test');
  for (const version of ['1.0.0', '1.1.0', '1.2.0-rc.1', '2.0.0+build.5']) {
    archives.push(await packageChart(folder.path, { name: 'shop', version }));
  }
});

after(() => folder[Symbol.asyncDispose]());

async function push(host: string, credentials: readonly string[] = []): Promise<void> {
  for (const archive of archives)
    await runHelm(['push', archive, `oci://${host}/team/charts`, '--plain-http', ...credentials]);
}

test('registry: versions are resolved from tags, exact ones without listing, and charts are opened by digest', async () => {
  await using registry = await startOciRegistry();
  await push(registry.host);
  await using stage = await createChartsStage();
  const repository = { url: `oci://${registry.host}/team/charts`, secret: undefined };
  const resolve = (constraint: string) => stage.charts.resolve(repository, 'shop', constraint, false);
  const asked = ['1.0.0', '1.x', '^1.0.0-0', '*', '2.0.0+build.5', 'v1.1.0'];
  const all = await Promise.all(asked.map((each) => resolve(each)));
  assert.deepEqual(all, ['1.0.0', '1.1.0', '1.2.0-rc.1', '2.0.0+build.5', '2.0.0+build.5', '1.1.0']);
  const chart = await stage.charts.open({ repository, name: 'shop', version: '2.0.0+build.5' }, never);
  assert.equal(chart.digest, sha256Hex(await readFile(archives[3] ?? '')));
  assert.match(await textIn(chart, 'Chart.yaml'), /version: 2\.0\.0\+build\.5/);
  await assert.rejects(resolve('3.0.0'), {
    reason: 'RevisionNotFound',
    message: /the chart shop has no version "3\.0\.0"; there are 2\.0\.0\+build\.5, 1\.2\.0-rc\.1, 1\.1\.0, 1\.0\.0$/,
  });
  await assert.rejects(stage.charts.resolve(repository, 'none', '*', false), {
    reason: 'RevisionNotFound',
    message: /has no chart "none"/,
  });
});

test('registry: what was opened once is there when the registry is not', async () => {
  await using stage = await createChartsStage();
  const chart = { name: 'shop', version: '1.0.0' };
  let url: string;
  {
    await using registry = await startOciRegistry();
    await push(registry.host);
    url = `oci://${registry.host}/team/charts`;
    await stage.charts.open({ ...chart, repository: { url, secret: undefined } }, never);
  }
  const later = stage.restart();
  const opened = await later.open({ ...chart, repository: { url, secret: undefined } }, never);
  assert.match(await textIn(opened, 'Chart.yaml'), /version: 1\.0\.0/);
  await assert.rejects(later.resolve({ url, secret: undefined }, 'shop', '1.x', false), {
    reason: 'ChartUnavailable',
    retry: 'backoff',
  });
});

test('registry: one that asks for credentials gets those of the Secret, by name or by address as Argo CD writes it', async () => {
  await using registry = await startOciRegistry({ authenticated: true });
  const { username, password } = registryUser;
  await push(registry.host, ['--username', username, '--password', password]);
  await using stage = await createChartsStage();
  const url = `oci://${registry.host}/team/charts`;
  const anonymous = { url, secret: undefined };
  await assert.rejects(stage.charts.resolve(anonymous, 'shop', '1.x', false), {
    reason: 'AuthenticationFailed',
    message: /asks for credentials/,
  });
  stage.secrets.byUrl.set(`${registry.host}/team/charts`, secretOf({ username, password }));
  stage.secrets.changed();
  assert.equal(await stage.charts.resolve(anonymous, 'shop', '1.x', false), '1.1.0');
  const named = { url, secret: { namespace: 'argo', name: 'charts' } };
  stage.secrets.byName.set('argo/charts', secretOf({ username, password: 'wrong' }));
  await assert.rejects(stage.charts.resolve(named, 'shop', '1.x', false), {
    reason: 'AuthenticationFailed',
    message: /refuses the credentials/,
  });
  stage.secrets.byName.set('argo/charts', secretOf({ username, password: `${password}\n` }));
  stage.secrets.changed();
  assert.equal(
    (await stage.charts.open({ repository: named, name: 'shop', version: '1.0.0' }, never)).version,
    '1.0.0',
  );
});

/** A registry's protocol with a token service, pages and a store on another host, as the big ones have them. */
test('registry: tokens, pages and redirected blobs, each with the credentials that it may see', async () => {
  await using store = await serveFolder(folder.path);
  await using registry = await serveFolder(folder.path);
  const archive = await readFile(archives[0] ?? '');
  const digest = `sha256:${sha256Hex(archive)}`;
  store.answer = (_, response) => (response.end(archive), true);
  const layer = { mediaType: 'application/vnd.cncf.helm.chart.content.v1.tar+gzip', digest, size: archive.length };
  const answers: Record<string, unknown> = {
    '/v2/team/shop/tags/list?n=1000': { tags: ['0.9.0', 'latest'] },
    '/v2/team/shop/tags/list?n=1000&last=latest': { tags: ['1.0.0'] },
    '/v2/team/shop/manifests/1.0.0': { layers: [{ ...layer, mediaType: 'text/plain', digest: 'x' }, layer] },
    '/token?service=charts&scope=repository%3Ateam%2Fshop%3Apull': { token: 'short-lived' },
  };
  registry.answer = (request, response) => {
    const { url = '' } = request;
    const isToken = url.startsWith('/token');
    if (!isToken && request.headers.authorization !== 'Bearer short-lived') {
      const challenge = `Bearer realm="${registry.url}/token",service="charts",scope="repository:team/shop:pull"`;
      response.writeHead(401, { 'www-authenticate': challenge }).end();
    } else if (url.includes('/blobs/')) response.writeHead(307, { location: `${store.url}/blob?signed` }).end();
    else {
      if (url.endsWith('n=1000'))
        response.setHeader('link', '</v2/team/shop/tags/list?n=1000&last=latest>; rel="next"');
      response.end(JSON.stringify(answers[url]));
    }
    return true;
  };
  await using stage = await createChartsStage();
  const url = registry.url.replace('http:', 'oci:');
  stage.secrets.byUrl.set(`${url}/team`, secretOf({ username: 'ann', password: 'secret-word' }));
  const repository = { url: `${url}/team`, secret: undefined };
  assert.equal(await stage.charts.resolve(repository, 'shop', '>=0.1', false), '1.0.0');
  const chart = await stage.charts.open({ repository, name: 'shop', version: '1.0.0' }, never);
  assert.equal(`sha256:${chart.digest}`, digest);
  const tokenRequests = registry.requests.filter((seen) => seen.path.startsWith('/token'));
  assert.ok(tokenRequests.every(({ authorization }) => authorization?.startsWith('Basic ')));
  assert.deepEqual(
    store.requests.map(({ authorization }) => authorization),
    [undefined],
  );
});

test('registry: what is no chart is named, and a list of tags without end is cut', async () => {
  await using registry = await serveFolder(folder.path);
  registry.answer = (request, response) => {
    const isList = request.url?.includes('/tags/') === true;
    const page = { tags: Array.from({ length: 200 }, (_, i) => `1.0.${i}`) };
    if (isList) response.setHeader('link', `</v2/shop/tags/list?n=1000&last=${Math.random()}>; rel="next"`);
    response.end(JSON.stringify(isList ? page : { config: { mediaType: 'application/vnd.oci.image.config.v1+json' } }));
    return true;
  };
  await using stage = await createChartsStage({ limits: { chartIndexBytes: 20_000 } });
  const repository = { url: registry.url.replace('http:', 'oci:'), secret: undefined };
  await assert.rejects(stage.charts.resolve(repository, 'shop', '1.0.0', false), {
    reason: 'InvalidSpec',
    message: /is no Helm chart \(application\/vnd\.oci\.image\.config/,
  });
  await assert.rejects(stage.charts.resolve(repository, 'shop', '*', false), {
    reason: 'LimitExceeded',
    message: /chartIndexBytes/,
  });
});
