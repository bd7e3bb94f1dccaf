import assert from 'node:assert/strict';
import { mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, test } from 'node:test';
import type { Call } from '../../src/kube/client.ts';
import { loadCredentials } from '../../src/kube/credentials.ts';
import type { Credentials } from '../../src/kube/credentials.ts';
import { ApiError } from '../../src/model/api-error.ts';
import type { ApiErrorKind } from '../../src/model/api-error.ts';
import { eventually } from '../../tools/eventually.ts';
import { freePort } from '../../tools/ports.ts';
import { ManualClock } from '../fakes/clock.ts';
import { clientOf, plainCredentials, sendJson, startHttpServer } from './http-server.ts';

const get: Call = { verb: 'get', method: 'GET', path: '/api/v1/x', headers: {} };
const patch: Call = { verb: 'apply', method: 'PATCH', path: '/api/v1/x', headers: {}, body: '{}' };

async function failsAs(kind: ApiErrorKind, call: Promise<unknown>): Promise<ApiError> {
  const error: unknown = await call.then(
    () => assert.fail('it succeeded'),
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof ApiError, String(error));
  assert.equal(error.kind, kind, error.message);
  return error;
}

describe('client', () => {
  test('keeps 64-bit integers, sends who it is, keeps connections', async () => {
    const ports = new Set<number | undefined>();
    await using server = await startHttpServer((request, response) => {
      ports.add(request.socket.remotePort);
      assert.equal(request.headers['user-agent'], 'evenkeel/test');
      sendJson(response, 200, '{"big":9007199254740993}', { etag: '"1"' });
    });
    await using client = clientOf(server.url).client;
    for (let i = 0; i < 5; i += 1) {
      const { body, etag } = await client.call(get);
      assert.deepEqual(body, { big: 9007199254740993n });
      assert.equal(etag, '"1"');
    }
    // The next request may begin before the connection of the last one is seen to be free.
    assert.ok(ports.size <= 2);
  });

  test('a path of the server address comes before every path', async () => {
    await using server = await startHttpServer((_request, response) => sendJson(response, 200, '{}'));
    await using client = clientOf(`${server.url}/k8s/clusters/c-1/`).client;
    await client.call(get);
    assert.equal(server.requests[0]?.line, 'GET /k8s/clusters/c-1/api/v1/x');
  });

  test('reads are tried again after 5xx, writes are not', async () => {
    await using server = await startHttpServer((_request, response) => sendJson(response, 500, '{}'));
    await using client = clientOf(server.url).client;
    await failsAs('unavailable', client.call(patch));
    assert.equal(server.requests.length, 1);
    await failsAs('unavailable', client.call(get));
    assert.equal(server.requests.length, 4);
    const [, first, second, third] = server.requests.map(({ at }) => at);
    assert.ok((second ?? 0) - (first ?? 0) >= 490 && (third ?? 0) - (second ?? 0) >= 990);
  });

  test('a write whose connection was cut is not sent again', async () => {
    await using server = await startHttpServer((request) => request.socket.destroy());
    await using client = clientOf(server.url).client;
    await failsAs('unavailable', client.call(patch));
    assert.equal(server.requests.length, 1);
  });

  test('a write that could not be sent is tried again', async () => {
    const port = await freePort();
    const { client, telemetry } = clientOf(`http://127.0.0.1:${port}`);
    await using cleanup = new AsyncDisposableStack();
    cleanup.use(client);
    const error = await failsAs('unavailable', client.call(patch));
    assert.equal(client.reachable, false);
    assert.equal(telemetry.requests.length, 3);
    assert.ok(telemetry.failures.every(({ target }) => target === 'request'));
    assert.match(error.message, /ECONNREFUSED|cannot be reached/);
  });

  test('429: a write is sent again, never sooner than Retry-After, and nothing else is sent meanwhile', async () => {
    await using server = await startHttpServer((_request, response) => {
      if (server.requests.length > 1) sendJson(response, 200, '{}');
      else sendJson(response, 429, '{}', { 'retry-after': '2' });
    });
    const { client, telemetry } = clientOf(server.url);
    await using cleanup = new AsyncDisposableStack();
    cleanup.use(client);
    const write = client.call(patch);
    await eventually('the 429', () => telemetry.requests.some(({ code }) => code === 429), { every: 1 });
    const read = client.call({ ...get, priority: 'urgent' });
    await Promise.all([write, read]);
    const [first = 0, ...others] = server.requests.map(({ at }) => at);
    assert.equal(others.length, 2);
    for (const at of others) assert.ok(at - first >= 1_990, `${at - first} ms`);
  });

  test('429 with a long Retry-After fails at once and says how long', async () => {
    await using server = await startHttpServer((_request, response) => {
      sendJson(response, 429, '{}', { 'retry-after': '120' });
    });
    await using client = clientOf(server.url).client;
    const error = await failsAs('throttled', client.call(patch));
    assert.ok((error.retryAfterMs ?? 0) > 100_000);
    await failsAs('throttled', client.call(get));
    await failsAs('throttled', client.open(get, new AbortController().signal));
    assert.equal(server.requests.length, 1);
  });

  test('nothing is sent while another process may hold the Lease, also after waiting for a turn', async () => {
    let leader = true;
    const held = Promise.withResolvers<undefined>();
    await using server = await startHttpServer((_request, response) => {
      void held.promise.then(() => sendJson(response, 200, '{}'));
    });
    await using client = clientOf(server.url, { connections: 2, mayWrite: () => leader }).client;
    const sent = client.call(get);
    const waiting = client.call(patch);
    await eventually('the first request', () => server.requests.length === 1, { every: 1 });
    leader = false;
    held.resolve(undefined);
    await sent;
    await failsAs('notLeader', waiting);
    await failsAs('notLeader', client.call(get));
    await failsAs('notLeader', client.open(get, new AbortController().signal));
    assert.equal(server.requests.length, 1);
    await client.call({ ...get, priority: 'lease' });
    assert.equal(server.requests.length, 2);
  });

  test('urgent requests overtake those that wait', async () => {
    const held: (() => void)[] = [];
    await using server = await startHttpServer((_request, response) => held.push(() => sendJson(response, 200, '{}')));
    await using client = clientOf(server.url, { connections: 2 }).client;
    const calls = ['/a', '/b', '/c'].map((name) => client.call({ ...get, path: name }));
    calls.push(client.call({ ...get, path: '/urgent', priority: 'urgent' }));
    await eventually('two requests', () => server.requests.length === 2, { every: 1 });
    assert.deepEqual(server.requests.map(({ line }) => line).sort(), ['GET /a', 'GET /urgent']);
    while (server.requests.length < 4) {
      held.shift()?.();
      await eventually('the next', () => held.length > 0, { every: 1 });
    }
    for (const answer of held) answer();
    await Promise.all(calls);
  });

  test('a request ends at its deadline although the answer trickles', async () => {
    await using server = await startHttpServer((_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      const timer = setInterval(() => response.write(' '), 20);
      response.on('close', () => clearInterval(timer));
    });
    const { client } = clientOf(server.url, { timeouts: { connectMs: 5_000, requestMs: 300 } });
    await using cleanup = new AsyncDisposableStack();
    cleanup.use(client);
    const error = await failsAs('unavailable', client.call(get));
    assert.match(error.message, /no answer within 0.3 s/);
    assert.equal(server.requests.length, 1, 'waiting again would not help');
    assert.equal(client.reachable, false);
  });

  test('an answer that is no JSON, or is cut, is no answer', async () => {
    await using server = await startHttpServer((_request, response) => {
      if (server.requests.length % 2 === 1) sendJson(response, 200, '<html>');
      else {
        response.writeHead(200, { 'content-length': '100' });
        response.write('{"a":');
        setImmediate(() => response.destroy());
      }
    });
    await using client = clientOf(server.url).client;
    await failsAs('unavailable', client.call(patch));
    await failsAs('unavailable', client.call(patch));
    assert.equal(server.requests.length, 2);
  });

  test('what is on its way is given up when the Lease is lost, the Lease itself is not', async () => {
    await using server = await startHttpServer(() => undefined);
    await using client = clientOf(server.url).client;
    const write = failsAs('unavailable', client.call(patch));
    const lease = client.call({ ...get, priority: 'lease', timeoutMs: 200 });
    lease.catch(() => undefined);
    await eventually('both requests', () => server.requests.length === 2, { every: 1 });
    client.abortInFlight('lost');
    assert.match((await write).message, /lost/);
    await client.drained();
    assert.match((await failsAs('unavailable', lease)).message, /0.2 s/);
  });

  test('the signal of the caller ends a request', async () => {
    await using server = await startHttpServer(() => undefined);
    await using client = clientOf(server.url).client;
    const caller = new AbortController();
    const call = failsAs('unavailable', client.call({ ...get, signal: caller.signal }));
    await eventually('the request', () => server.requests.length === 1, { every: 1 });
    caller.abort();
    await call;
    await failsAs('unavailable', client.call({ ...get, signal: caller.signal }));
    assert.equal(server.requests.length, 1);
  });

  test('a token file is read anew when it was replaced: at once after 401, else within a minute', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'evenkeel-token-'));
    try {
      const file = path.join(folder, 'token');
      await writeFile(path.join(folder, 'ca.crt'), 'none');
      await writeFile(file, 'old\n');
      const clock = new ManualClock();
      const loaded = await loadCredentials({ kind: 'serviceAccount', host: '127.0.0.1', port: '443', folder }, clock);
      assert.equal(loaded.server, 'https://127.0.0.1:443');
      assert.equal(loaded.namespace, 'default');

      let good = 'old';
      await using server = await startHttpServer((request, response) => {
        const status = request.headers.authorization === `Bearer ${good}` ? 200 : 401;
        sendJson(response, status, '{}');
      });
      const credentials = { ...plainCredentials(server.url), ...pick(loaded) };
      await using client = clientOf(server.url, { credentials }).client;
      await client.call(get);

      await replace(file, 'new', 1);
      await client.call(get);
      good = 'new';
      await client.call(patch);
      assert.equal(server.requests.length, 4, 'one more try after the 401, and the write was not executed before');

      await replace(file, 'newer', 2);
      good = 'newer';
      await clock.advance(60_000);
      await client.call(patch);
      assert.equal(server.requests.length, 5);

      good = 'none of ours';
      await failsAs('unauthorized', client.call(get));
      assert.equal(server.requests.length, 6, 'without a new token another try makes no sense');
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  test('several kubeconfigs are merged, and one that cannot be read is named', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'evenkeel-kubeconfig-'));
    try {
      const [a = '', b = ''] = await Promise.all(['a', 'b'].map((name) => writeKubeconfig(folder, name)));
      const file = [a, b].join(path.delimiter);
      const clock = new ManualClock();
      const [first, second] = await Promise.all(
        [{}, { context: 'b' }].map((more) => loadCredentials({ kind: 'kubeconfig', file, ...more }, clock)),
      );
      assert.deepEqual([first?.server, second?.server], ['https://a.example.com', 'https://b.example.com']);
      assert.equal(await second?.authorization(), 'Bearer token-b');
      const absent = path.join(folder, 'absent');
      await assert.rejects(loadCredentials({ kind: 'kubeconfig', file: absent }, clock), {
        message: new RegExp(`^the kubeconfig ${absent} cannot be read: ENOENT`),
      });
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

function pick(credentials: Credentials): Pick<Credentials, 'authorization' | 'renew'> {
  return { authorization: () => credentials.authorization(), renew: () => credentials.renew() };
}

/** Of one context, with a cluster and a user of that name. */
async function writeKubeconfig(folder: string, name: string): Promise<string> {
  const file = path.join(folder, name);
  const config = {
    'current-context': name,
    clusters: [{ name, cluster: { server: `https://${name}.example.com` } }],
    users: [{ name, user: { token: `token-${name}` } }],
    contexts: [{ name, context: { cluster: name, user: name } }],
  };
  await writeFile(file, JSON.stringify(config));
  return file;
}

/** With a time of its own, however coarse the file system's clock is. */
async function replace(file: string, text: string, age: number): Promise<void> {
  await writeFile(file, text);
  const time = new Date(Date.now() + age * 10_000);
  await utimes(file, time, time);
}
