import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { ObjectEvent } from '../../src/kube/cluster.ts';
import { createEvents } from '../../src/kube/events.ts';
import { isJsonObject, objectAt, stringAt } from '../../src/model/json.ts';
import { ManualClock, settled } from '../fakes/clock.ts';
import { FakeCluster } from '../fakes/cluster.ts';
import { RecordedTelemetry } from '../fakes/kube-telemetry.ts';

function stage() {
  const clock = new ManualClock();
  const cluster = new FakeCluster(clock);
  const telemetry = new RecordedTelemetry();
  const events = createEvents({ cluster, clock, telemetry, manager: 'evenkeel-controller', instance: 'pod-0' });
  return { clock, cluster, events };
}

function event(own: Partial<ObjectEvent> = {}): ObjectEvent {
  const regarding = {
    group: 'evenkeel.dev',
    kind: 'Application',
    apiVersion: 'evenkeel.dev/v1alpha1',
    namespace: 'default',
    name: 'shop',
    uid: '1',
  };
  return { regarding, type: 'Normal', reason: 'Synced', action: 'Sync', note: 'Synced to 1234567.', ...own };
}

describe('events', () => {
  test('are written beside the object that they are about', async () => {
    const { cluster, events } = stage();
    events.emit(event());
    await events.flushed();
    const [request] = cluster.requests;
    assert.equal(request?.verb, 'create');
    assert.equal(request.ref.namespace, 'default');
    assert.match(request.ref.name, /^shop\.[0-9a-f]+$/);
    assert.equal(request.manager, 'evenkeel-controller');
    const body = isJsonObject(request.body) ? request.body : {};
    assert.equal(stringAt(objectAt(body, 'regarding'), 'uid'), '1');
    assert.equal(body['eventTime'], '2026-01-01T00:00:00.000000Z');
    await events[Symbol.asyncDispose]();
  });

  test('equal ones are counted and written as a series at most once a minute', async () => {
    const { clock, cluster, events } = stage();
    for (let second = 0; second < 300; second += 1) {
      events.emit(event());
      await clock.advance(1_000);
    }
    await events.flushed();
    assert.deepEqual(
      cluster.requests.map(({ verb }) => verb),
      ['create', 'merge', 'merge', 'merge', 'merge'],
    );
    const last = cluster.requests.at(-1)?.body;
    assert.equal(objectAt(last, 'series')['count'], 241);
    await events[Symbol.asyncDispose]();
  });

  test('after ten minutes of silence a new event begins', async () => {
    const { clock, cluster, events } = stage();
    events.emit(event());
    await clock.advance(601_000);
    events.emit(event());
    await events.flushed();
    const names = cluster.requests.map(({ ref }) => ref.name);
    assert.equal(new Set(names).size, 2);
    await events[Symbol.asyncDispose]();
  });

  test('a flood is cut off at the limit, and refusals trouble nobody', async () => {
    const { clock, cluster, events } = stage();
    cluster.fail(() => true, 'forbidden', { times: 10 });
    for (let i = 0; i < 1_000; i += 1) events.emit(event({ note: `note ${i}` }));
    await events.flushed();
    assert.equal(cluster.requests.length, 50);
    await clock.advance(2_000);
    for (let i = 0; i < 100; i += 1) events.emit(event({ note: `later ${i}` }));
    await events.flushed();
    assert.equal(cluster.requests.length, 60);
    await events[Symbol.asyncDispose]();
  });

  test('sends nothing after it was disposed, and nothing by itself', async () => {
    const { clock, cluster, events } = stage();
    await clock.advance(3_600_000);
    assert.equal(clock.pending, 0);
    await events[Symbol.asyncDispose]();
    events.emit(event());
    await settled();
    assert.equal(cluster.requests.length, 0);
  });

  test('long notes and names are shortened to what the server takes', async () => {
    const { cluster, events } = stage();
    const { regarding } = event();
    events.emit(event({ note: 'x'.repeat(5_000), regarding: { ...regarding, namespace: '', name: 'n'.repeat(253) } }));
    await events.flushed();
    const [request] = cluster.requests;
    assert.equal(request?.ref.namespace, 'default');
    assert.ok(request.ref.name.length <= 253);
    const body = isJsonObject(request.body) ? request.body : {};
    assert.ok((stringAt(body, 'note') ?? '').length <= 1_024);
    await events[Symbol.asyncDispose]();
  });
});
