import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { once } from 'node:events';
import { describe, it } from 'node:test';
import type { Readiness, TelemetryServer } from '../../src/telemetry/telemetry.ts';
import { serveTelemetry } from '../../src/telemetry/telemetry.ts';
import { record } from './recorder.ts';

function serve(readiness: () => Readiness): Promise<TelemetryServer> {
  return serveTelemetry({ host: '127.0.0.1', port: 0, registry: record().telemetry.registry, readiness });
}

const ready = (): Readiness => ({ ready: true, reason: '' });

async function get({ port }: TelemetryServer, path: string, method = 'GET') {
  const response = await fetch(`http://127.0.0.1:${port}${path}`, { method });
  return { status: response.status, type: response.headers.get('content-type') ?? '', body: await response.text() };
}

describe('telemetry server', () => {
  it('serves metrics as Prometheus reads them', async () => {
    await using server = await serve(ready);
    const { status, type, body } = await get(server, '/metrics?x=1');
    assert.equal(status, 200);
    assert.match(type, /^text\/plain; version=0\.0\.4/);
    assert.match(body, /^evenkeel_queue_depth 0$/m);
  });

  it('serves many scrapes at a time', async () => {
    await using server = await serve(ready);
    const answers = await Promise.all(Array.from({ length: 20 }, () => get(server, '/metrics')));
    assert.ok(answers.every(({ status, body }) => status === 200 && body.includes('evenkeel_leader 0')));
  });

  it('is live, and ready as the port says, with the reason', async () => {
    let readiness: Readiness = { ready: false, reason: 'API server: connect ECONNREFUSED' };
    await using server = await serve(() => readiness);
    assert.equal((await get(server, '/healthz')).status, 200);
    const { status, body } = await get(server, '/readyz');
    assert.deepEqual({ status, body }, { status: 503, body: 'API server: connect ECONNREFUSED\n' });
    readiness = { ready: true, reason: '' };
    assert.equal((await get(server, '/readyz')).status, 200);
  });

  it('answers HEAD without a body', async () => {
    await using server = await serve(ready);
    assert.deepEqual(await get(server, '/healthz', 'HEAD'), {
      status: 200,
      type: 'text/plain; charset=utf-8',
      body: '',
    });
  });

  it('knows no other path and no other method', async () => {
    await using server = await serve(ready);
    for (const path of ['/', '/metrics/', '/debug', '/healthz/..%2fmetrics', '//metrics']) {
      assert.equal((await get(server, path)).status, 404, path);
    }
    assert.equal((await get(server, '/metrics', 'POST')).status, 405);
  });

  it('says only that something is wrong when a part of it fails', async () => {
    await using server = await serve(() => {
      throw new Error('the cluster password');
    });
    const { status, body } = await get(server, '/readyz');
    assert.deepEqual({ status, body }, { status: 500, body: 'internal error\n' });
  });

  it('refuses headers of more than a scraper sends', async () => {
    await using server = await serve(ready);
    const response = await fetch(`http://127.0.0.1:${server.port}/healthz`, { headers: { a: 'x'.repeat(20_000) } });
    await response.text();
    assert.equal(response.status, 431);
  });

  it('closes with a client that says nothing, frees its port, and closes twice', async () => {
    const server = await serve(ready);
    const idle = connect(server.port, '127.0.0.1');
    idle.on('error', () => undefined);
    await once(idle, 'connect');
    await server[Symbol.asyncDispose]();
    await server[Symbol.asyncDispose]();
    await assert.rejects(get(server, '/healthz'));
    idle.destroy();
  });

  it('rejects when its port is taken', async () => {
    await using first = await serve(ready);
    const { registry } = record().telemetry;
    await assert.rejects(serveTelemetry({ host: '127.0.0.1', port: first.port, registry, readiness: ready }), {
      code: 'EADDRINUSE',
    });
  });
});
