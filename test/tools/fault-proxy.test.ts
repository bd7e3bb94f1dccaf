import assert from 'node:assert/strict';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { Agent, request } from 'undici';
import { createAuthority } from '../../tools/certificates.ts';
import { eventually } from '../../tools/eventually.ts';
import { startFaultProxy, type FaultProxy } from '../../tools/fault-proxy.ts';
import { listen, type Listener } from '../../tools/listener.ts';

const authority = createAuthority('test');

/** Tells what reached it; `/watch` sends a line every 20 ms, without an end. */
async function answer(reached: string[], incoming: IncomingMessage, response: ServerResponse): Promise<void> {
  const { method = '', url = '', headers } = incoming;
  reached.push(`${method} ${url} ${headers.authorization ?? '-'} ${await text(incoming)}`);
  if (url !== '/watch') {
    response.setHeader('x-target', 'yes').end('done');
    return;
  }
  const timer = setInterval(() => response.write('event\n'), 20);
  response.on('close', () => clearInterval(timer));
  response.flushHeaders();
}

interface World extends AsyncDisposable {
  proxy: FaultProxy;
  reached: string[];
  send(method: string, path: string, body?: string, signal?: AbortSignal): Promise<{ status: number; body: string }>;
}

async function start(): Promise<World> {
  const stack = new AsyncDisposableStack();
  const reached: string[] = [];
  const behind: Listener = stack.use(
    await listen((incoming, response) => void answer(reached, incoming, response), {
      certificate: authority.issue({ commonName: 'target' }),
    }),
  );
  const certificate = authority.issue({ commonName: 'proxy' });
  const proxy = stack.use(await startFaultProxy({ target: behind.url, targetCa: authority.certPem, certificate }));
  const agent = new Agent({ connect: { ca: authority.certPem } });
  stack.defer(() => agent.destroy());
  const send: World['send'] = async (method, path, body, signal) => {
    const answer = await request(proxy.url + path, {
      method,
      dispatcher: agent,
      headers: { authorization: 'Bearer t' },
      ...(body === undefined ? {} : { body }),
      ...(signal === undefined ? {} : { signal }),
    });
    return { status: answer.statusCode, body: await answer.body.text() };
  };
  return { proxy, reached, send, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

test('fault proxy: passes everything through and counts it', async () => {
  await using world = await start();
  assert.deepEqual(await world.send('GET', '/a?b=c'), { status: 200, body: 'done' });
  assert.deepEqual(await world.send('POST', '/x', 'payload'), { status: 200, body: 'done' });
  assert.deepEqual(await world.send('DELETE', '/x', 'options'), { status: 200, body: 'done' });
  assert.deepEqual(world.reached, ['GET /a?b=c Bearer t ', 'POST /x Bearer t payload', 'DELETE /x Bearer t options']);
  assert.deepEqual(
    world.proxy.requests.map(({ write, status }) => [write, status]),
    [
      [0, 200],
      [1, 200],
      [2, 200],
    ],
  );
  assert.equal(world.proxy.connections.length > 0, true);
});

test('fault proxy: tells what is over, also when its sender went away before the answer', async () => {
  await using world = await start();
  const { proxy } = world;
  proxy.rules = [{ when: ({ path }) => path === '/hang', then: { kind: 'hang' } }];
  const gone = new AbortController();
  const hanging = world.send('POST', '/hang', undefined, gone.signal);
  await eventually('the request', () => proxy.requests.length === 1);
  assert.equal(proxy.requests[0]?.isOver, false);
  gone.abort();
  await assert.rejects(hanging);
  await world.send('GET', '/');
  await eventually('the end of both', () => proxy.requests.every(({ isOver }) => isOver));
  assert.deepEqual(
    proxy.requests.map(({ status }) => status),
    [undefined, 200],
  );
});

test('fault proxy: rules answer, delay, hang and cut what they match, and nothing else', async () => {
  await using world = await start();
  const { proxy } = world;
  proxy.rules = [
    {
      when: ({ path }) => path === '/busy',
      then: { kind: 'answer', status: 429, headers: { 'retry-after': '3' }, body: 'no' },
    },
    { when: ({ path }) => path === '/slow', then: { kind: 'delay', ms: 200 } },
    { when: ({ path }) => path === '/before', then: { kind: 'cut' } },
    { when: ({ path }) => path === '/after', then: { kind: 'cut', afterBytes: 0 } },
    { when: ({ path }) => path === '/half', then: { kind: 'cut', afterBytes: 2 } },
  ];
  assert.deepEqual(await world.send('GET', '/busy'), { status: 429, body: 'no' });
  const started = performance.now();
  assert.equal((await world.send('GET', '/slow')).status, 200);
  assert.equal(performance.now() - started > 190, true);
  await assert.rejects(world.send('POST', '/before', '1'));
  await assert.rejects(world.send('POST', '/after', '2'));
  await assert.rejects(world.send('GET', '/half'));
  assert.deepEqual(world.reached, ['GET /slow Bearer t ', 'POST /after Bearer t 2', 'GET /half Bearer t ']);
  proxy.rules = [];
  assert.equal((await world.send('GET', '/busy')).status, 200);
});

test('fault proxy: a watch streams at once, and is cut after its time or by hand', async () => {
  await using world = await start();
  world.proxy.rules = [{ when: ({ path }) => path === '/watch', then: { kind: 'cut', afterMs: 300 } }];
  await assert.rejects(world.send('GET', '/watch'));
  assert.equal(world.proxy.requests[0]?.status, 200);
  world.proxy.rules = [];
  setTimeout(() => world.proxy.drop(), 200);
  await assert.rejects(world.send('GET', '/watch'));
});

test('fault proxy: connections are refused, counted, and taken again', async () => {
  await using world = await start();
  world.proxy.refuse(true);
  await assert.rejects(world.send('GET', '/'));
  assert.equal(world.proxy.connections.length, 1);
  assert.equal(world.proxy.requests.length, 0);
  world.proxy.refuse(false);
  assert.equal((await world.send('GET', '/')).status, 200);
});

test('fault proxy: hooks run around the n-th write', async () => {
  await using world = await start();
  const order: string[] = [];
  world.proxy.beforeForward = ({ write }) => {
    order.push(`before ${write}, reached ${world.reached.length}`);
    return write !== 2;
  };
  world.proxy.afterResponse = ({ write }) => void order.push(`after ${write}, reached ${world.reached.length}`);
  await world.send('PUT', '/1');
  await assert.rejects(world.send('PUT', '/2'));
  assert.deepEqual(order, ['before 1, reached 0', 'after 1, reached 1', 'before 2, reached 1']);
  assert.equal(world.reached.length, 1);
});
