import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { ApiClient } from '../../src/kube/client.ts';
import { HttpCluster } from '../../src/kube/http-cluster.ts';
import { ApiError } from '../../src/model/api-error.ts';
import { ManualClock } from '../fakes/clock.ts';
import { FakeKinds } from '../fakes/kinds.ts';
import { clientOf, sendJson, startHttpServer } from './http-server.ts';

const pod = { group: '', kind: 'Pod', apiVersion: 'v1', namespace: 'shop', name: 'web-1' };
const options = { container: 'main', previous: true, lines: 5, bytes: 4096 };

function clusterOver(client: ApiClient): HttpCluster {
  const reflect = () => assert.fail('nothing is followed');
  return new HttpCluster({
    client,
    kinds: new FakeKinds(),
    reflect,
    clock: new ManualClock(),
    closed: new AbortController().signal,
  });
}

describe('logs of containers', () => {
  test('are text, asked for by container, run, lines and bytes', async () => {
    await using server = await startHttpServer((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/plain' });
      response.end('{"level":"info"}\nnot JSON\n');
    });
    await using client = clientOf(server.url).client;
    assert.equal(await clusterOver(client).readLog(pod, options), '{"level":"info"}\nnot JSON\n');
    assert.deepEqual(
      server.requests.map(({ line }) => line),
      ['GET /api/v1/namespaces/shop/pods/web-1/log?container=main&previous=true&tailLines=5&limitBytes=4096'],
    );
  });

  test('are asked for once: the node may be gone', async () => {
    await using server = await startHttpServer((_request, response) => sendJson(response, 500, '{"kind":"Status"}'));
    await using client = clientOf(server.url).client;
    await assert.rejects(clusterOver(client).readLog(pod, options), ApiError);
    assert.equal(server.requests.length, 1);
  });
});
