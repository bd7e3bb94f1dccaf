import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Connection, Telemetry } from '../../src/model/telemetry.ts';
import { record } from './recorder.ts';

describe('connections', () => {
  const fail = (telemetry: Telemetry, connection: Connection, attempt: number) =>
    telemetry.connectionFailure({ ...connection, reason: 'unavailable', message: 'connect ECONNREFUSED', attempt });

  it('that fail together are one episode: counted each, logged once, and its end with its length', async () => {
    const { telemetry, clock, lines, value } = record('info');
    const watches = ['Deployment.apps', 'Service', 'ConfigMap'].map((name) => ({ target: 'watch', name }) as const);
    for (let attempt = 1; attempt <= 5; attempt++) watches.forEach((watch) => fail(telemetry, watch, attempt));
    assert.deepEqual(
      lines.map((line) => line.message),
      ['watch Deployment.apps fails: unavailable: connect ECONNREFUSED'],
    );
    assert.equal(await value('evenkeel_connections_failing', { target: 'watch' }), 3);
    assert.equal(await value('evenkeel_connection_failures_total', { target: 'watch', reason: 'unavailable' }), 15);

    clock.move(30_000);
    watches.forEach((watch) => telemetry.connectionRestored(watch));
    watches.forEach((watch) => telemetry.connectionRestored(watch));
    assert.equal(await value('evenkeel_connections_failing', { target: 'watch' }), 0);
    assert.equal(lines.length, 2);
    assert.equal(lines[1]?.message, 'watch ConfigMap works again after 30000 ms');
    clock.move(60_000);
    fail(telemetry, { target: 'watch', name: 'Service' }, 1);
    assert.equal(lines.length, 3);
  });

  it('that work every other time do not fill the log, and say so when they fail for good', async () => {
    const { telemetry, clock, lines, value } = record('info');
    const request: Connection = { target: 'request' };
    for (let i = 0; i < 50; i++) {
      fail(telemetry, request, 1);
      clock.move(1000);
      telemetry.connectionRestored(request);
    }
    assert.equal(lines.length, 2);
    assert.equal(await value('evenkeel_connection_failures_total', { target: 'request', reason: 'unavailable' }), 50);
    for (let attempt = 1; attempt < 100; attempt++) {
      fail(telemetry, request, attempt);
      clock.move(1000);
    }
    assert.equal(lines.length, 3);
    assert.match(lines[2]?.message ?? '', /^request fails: unavailable/);
    telemetry.connectionRestored(request);
    assert.equal(lines.length, 4);
  });

  it('that never cease to come and go say so once a minute', () => {
    const { telemetry, clock, lines } = record('info');
    for (let second = 0; second < 300; second++) {
      fail(telemetry, { target: 'watch', name: 'Service' }, 1);
      clock.move(500);
      telemetry.connectionRestored({ target: 'watch', name: 'Service' });
      clock.move(500);
    }
    const told = lines.filter(({ message }) => message.startsWith('watch Service fails'));
    assert.deepEqual([told.length, lines.length], [5, 10]);
  });

  it('that nobody needs any more fail no longer, and do not pretend to work', async () => {
    const { telemetry, lines, value } = record('info');
    const remote: Connection = { target: 'git', name: 'https://a.example.org' };
    fail(telemetry, remote, 1);
    telemetry.connectionEnded(remote);
    telemetry.connectionEnded(remote);
    assert.equal(await value('evenkeel_connections_failing', { target: 'git' }), 0);
    assert.deepEqual(
      lines.map((line) => line.message),
      [
        'git https://a.example.org fails: unavailable: connect ECONNREFUSED',
        'git https://a.example.org is needed no more after 0 ms',
      ],
    );
  });

  it('that fail for another reason say so once', () => {
    const { telemetry, lines } = record('info');
    for (const reason of ['unavailable', 'throttled', 'unavailable', 'throttled'] as const) {
      telemetry.connectionFailure({ target: 'lease', reason, attempt: 1 });
    }
    assert.deepEqual(
      lines.map((line) => line.message),
      ['lease fails: unavailable', 'lease fails: throttled'],
    );
  });

  it('to different remotes are different episodes', () => {
    const { telemetry, lines } = record('info');
    fail(telemetry, { target: 'git', name: 'https://a.example.org' }, 1);
    fail(telemetry, { target: 'git', name: 'https://b.example.org' }, 1);
    telemetry.connectionRestored({ target: 'git', name: 'https://a.example.org' });
    assert.equal(lines.length, 3);
  });

  it('count requests, polls and fetches', async () => {
    const { telemetry, value } = record();
    telemetry.apiRequest({ verb: 'apply', code: 409, durationMs: 3 });
    telemetry.gitPoll({ remote: 'https://a.example.org', outcome: 'unchanged', durationMs: 10 });
    telemetry.gitFetch({ remote: 'https://a.example.org', outcome: 'succeeded', durationMs: 90, bytes: 1234 });
    assert.equal(await value('evenkeel_api_requests_total', { verb: 'apply', code: '409' }), 1);
    assert.equal(await value('evenkeel_api_request_duration_seconds_sum', { verb: 'apply' }), 0.003);
    assert.equal(await value('evenkeel_git_polls_total', { outcome: 'unchanged' }), 1);
    assert.equal(await value('evenkeel_git_fetches_total', { outcome: 'succeeded' }), 1);
    assert.equal(await value('evenkeel_git_fetch_bytes_total'), 1234);
  });

  it('count webhooks, and say no more of them than a debug line', async () => {
    const { telemetry, value, lines } = record();
    telemetry.webhookRequest({ forge: 'gitlab', outcome: 'unauthorized', durationMs: 2 });
    telemetry.webhookRequest({ forge: 'unknown', outcome: 'refused', durationMs: 1 });
    const requests = async (forge: string, outcome: string) =>
      await value('evenkeel_webhook_requests_total', { forge, outcome });
    assert.deepEqual([await requests('gitlab', 'unauthorized'), await requests('unknown', 'refused')], [1, 1]);
    assert.equal(await requests('github', 'pushed'), 0);
    assert.deepEqual(
      lines.map(({ level, message }) => `${level} ${message}`),
      ['debug webhook: unauthorized', 'debug webhook: refused'],
    );
  });
});
