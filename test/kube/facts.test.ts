import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { connect } from '../../src/kube/kube.ts';
import { readServerVersion, ServerVersion } from '../../src/kube/server-version.ts';
import { ApiError } from '../../src/model/api-error.ts';
import { eventually } from '../../tools/eventually.ts';
import { realClock } from '../fakes/clock.ts';
import { RecordedTelemetry } from '../fakes/kube-telemetry.ts';
import { plainCredentials, sendJson, startHttpServer } from './http-server.ts';

const group = (name: string, kind: string) => ({
  metadata: { name },
  versions: [
    { version: 'v1', freshness: 'Current', resources: [{ resource: 'x', responseKind: { kind }, verbs: [] }] },
  ],
});

describe('facts', () => {
  test('version and kinds of the server, read once while definitions are followed', async () => {
    await using server = await startHttpServer((request, response) => {
      const path = request.url ?? '';
      const list = (item: unknown) => JSON.stringify({ kind: 'APIGroupDiscoveryList', items: [item] });
      if (path === '/version') sendJson(response, 200, '{"major":"1","minor":"36","gitVersion":"v1.36.3"}');
      else if (path === '/api') sendJson(response, 200, list(group('', 'ConfigMap')));
      else if (path === '/apis') sendJson(response, 200, list(group('apps', 'Deployment')));
      else sendJson(response, 500, '{}');
    });
    await using connection = connect({
      credentials: plainCredentials(server.url),
      clock: realClock,
      random: () => 0.5,
      telemetry: new RecordedTelemetry(),
      userAgent: 'evenkeel/test',
    });
    assert.equal(connection.facts(), undefined);
    await connection.followDefinitions();
    const apiVersions = ['apps/v1', 'apps/v1/Deployment', 'v1', 'v1/ConfigMap'];
    await eventually('the facts', () => connection.facts() !== undefined);
    assert.deepEqual(connection.facts(), { kubeVersion: 'v1.36.3', apiVersions });
    assert.equal(connection.facts(), connection.facts());
    assert.equal(server.requests.filter(({ line }) => line === 'GET /version').length, 1);
  });

  test('a version that cannot be read leaves the one that is known', async () => {
    let answer: () => Promise<string | undefined> = () => Promise.resolve('v1.36.2');
    const version = new ServerVersion(() => answer());
    assert.equal(version.known, undefined);
    await version.refresh();
    assert.equal(version.known, 'v1.36.2');
    answer = () => Promise.reject(new ApiError('down', { kind: 'unavailable', status: 0 }));
    await version.refresh();
    answer = () => Promise.resolve(undefined);
    await version.refresh();
    assert.equal(version.known, 'v1.36.2');
    let reads = 0;
    answer = () => Promise.resolve(`v1.37.${reads++}`);
    await Promise.all([version.refresh(), version.refresh()]);
    assert.equal(version.known, 'v1.37.0');
  });

  test('what is no version is none', async () => {
    const client = { call: () => Promise.resolve({ status: 200, etag: undefined, body: { kind: 'Status' } }) };
    assert.equal(await readServerVersion(client), undefined);
  });
});
