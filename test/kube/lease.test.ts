import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Answer, Call } from '../../src/kube/client.ts';
import { holdLease } from '../../src/kube/lease.ts';
import type { LeaseOptions, LeaseParts } from '../../src/kube/lease.ts';
import { ApiError } from '../../src/model/api-error.ts';
import { decodeJson, isJsonObject, objectAt, stringAt } from '../../src/model/json.ts';
import type { JsonObject } from '../../src/model/json.ts';
import { ManualClock, settled } from '../fakes/clock.ts';
import { RecordedTelemetry } from '../fakes/kube-telemetry.ts';

/** One Lease in memory, with the server's resourceVersion rule. */
class LeaseServer {
  lease: JsonObject | undefined;
  writes = 0;
  calls = 0;
  /** Set: every call fails so. */
  down: ApiError | undefined;
  /** Set: calls wait for it. */
  hanging: Promise<void> | undefined;
  #version = 0;

  get holder(): string | undefined {
    return stringAt(objectAt(this.lease, 'spec'), 'holderIdentity');
  }

  async call(call: Call): Promise<Answer> {
    this.calls += 1;
    assert.equal(call.priority, 'lease');
    await this.hanging;
    if (this.down !== undefined) throw this.down;
    const body = call.body === undefined ? undefined : decodeJson(call.body);
    if (isJsonObject(body)) this.#write(call.method, body);
    if (this.lease === undefined) throw new ApiError('not found', { kind: 'notFound', status: 404 });
    return { status: 200, etag: undefined, body: this.lease };
  }

  #write(method: string, body: JsonObject): void {
    const sent = stringAt(objectAt(body, 'metadata'), 'resourceVersion');
    if (method === 'POST' && this.lease !== undefined) throw new ApiError('exists', { kind: 'exists', status: 409 });
    if (method === 'PUT' && sent !== String(this.#version))
      throw new ApiError('stale', { kind: 'conflict', status: 409 });
    this.writes += 1;
    this.#version += 1;
    this.lease = { ...body, metadata: { ...objectAt(body, 'metadata'), resourceVersion: String(this.#version) } };
  }
}

function stage() {
  const clock = new ManualClock();
  const server = new LeaseServer();
  const compete = (holder: string, own: Partial<LeaseOptions> = {}) => {
    const changes: boolean[] = [];
    const telemetry = new RecordedTelemetry();
    const aborted: string[] = [];
    const client: LeaseParts['client'] = {
      call: (call) => server.call(call),
      abortInFlight: (why) => aborted.push(why),
      drained: () => Promise.resolve(),
    };
    const lease = holdLease(
      { client, clock, random: () => 0.5, telemetry },
      {
        namespace: 'evenkeel',
        name: 'evenkeel',
        holder,
        manager: 'evenkeel-controller',
        durationMs: 15_000,
        renewDeadlineMs: 10_000,
        retryMs: 2_000,
        changed: (isLeader) => changes.push(isLeader),
        ...own,
      },
    );
    return { lease, changes, telemetry, aborted };
  };
  return { clock, server, compete };
}

const refused = () => new ApiError('refused', { kind: 'unavailable', status: 0 });

describe('lease', () => {
  test('is taken when nobody has it, and renewed once in two retry periods', async () => {
    const { clock, server, compete } = stage();
    const { lease, telemetry } = compete('a');
    assert.equal(lease.mayWrite(), false);
    await lease.acquired();
    assert.equal(lease.mayWrite(), true);
    assert.deepEqual(telemetry.leaderships, [true]);
    const { calls } = server;
    await clock.advance(60_000);
    assert.equal(lease.mayWrite(), true);
    const renewals = server.calls - calls;
    assert.ok(renewals >= 12 && renewals <= 15, `${renewals} renewals in a minute`);
    assert.equal(objectAt(server.lease, 'spec')['leaseTransitions'], 1);
    await lease[Symbol.asyncDispose]();
  });

  test('only one of two may write; the other takes over when the first falls silent', async () => {
    const { clock, server, compete } = stage();
    const first = compete('a');
    await first.lease.acquired();
    const second = compete('b');
    await clock.advance(120_000);
    assert.equal(second.lease.mayWrite(), false);
    assert.equal(first.lease.mayWrite(), true);

    server.down = refused();
    let both = false;
    for (let elapsed = 0; elapsed < 9_000; elapsed += 250) {
      await clock.advance(250);
      both ||= first.lease.mayWrite() && second.lease.mayWrite();
    }
    await clock.advance(2_000);
    assert.equal(first.lease.mayWrite(), false, 'the deadline has passed');
    assert.deepEqual(first.changes, [true, false]);
    assert.equal(first.aborted.length, 1, 'what is on its way is given up');
    assert.equal(both, false);
    server.down = undefined;
    await clock.advance(4_000);
    assert.equal(first.lease.mayWrite() !== second.lease.mayWrite(), true);
    for (const { lease } of [first, second]) await lease[Symbol.asyncDispose]();
  });

  test('a holder that stopped renewing is waited for by our own clock, whatever its time stamps say', async () => {
    const { clock, server, compete } = stage();
    const far = { holderIdentity: 'ghost', leaseDurationSeconds: 15, renewTime: '1999-01-01T00:00:00.000000Z' };
    await server.call({
      verb: 'create',
      method: 'POST',
      path: '',
      headers: {},
      priority: 'lease',
      body: JSON.stringify({
        apiVersion: 'coordination.k8s.io/v1',
        kind: 'Lease',
        metadata: { name: 'evenkeel' },
        spec: far,
      }),
    });
    const { lease } = compete('a');
    await clock.advance(14_500);
    assert.equal(lease.mayWrite(), false);
    await clock.advance(4_000);
    assert.equal(lease.mayWrite(), true);
    assert.equal(objectAt(server.lease, 'spec')['leaseTransitions'], 1);
    await lease[Symbol.asyncDispose]();
  });

  test('its own Lease is taken back at once by a process of the same name', async () => {
    const { server, compete, clock } = stage();
    const first = compete('pod-0');
    await first.lease.acquired();
    server.down = refused();
    await clock.advance(500);
    server.down = undefined;
    const second = compete('pod-0');
    await settled();
    assert.equal(second.lease.mayWrite(), true);
    for (const { lease } of [first, second]) await lease[Symbol.asyncDispose]();
  });

  test('a clean stop gives it back, so that the next need not wait', async () => {
    const { clock, server, compete } = stage();
    const first = compete('a');
    await first.lease.acquired();
    const second = compete('b');
    await settled();
    await first.lease[Symbol.asyncDispose]();
    assert.equal(server.holder, '');
    assert.equal(first.lease.mayWrite(), false);
    assert.deepEqual(first.changes, [true, false]);
    await clock.advance(2_500);
    assert.equal(second.lease.mayWrite(), true);
    await second.lease[Symbol.asyncDispose]();
    assert.equal(clock.pending, 0, 'no timer keeps the process from ending');
  });

  test('the deadline counts from the sending of the renewal, not from its answer', async () => {
    const { clock, server, compete } = stage();
    const { lease } = compete('a');
    await lease.acquired();
    const hanging = Promise.withResolvers<undefined>();
    server.hanging = hanging.promise.then(() => undefined);
    await clock.advance(9_000);
    assert.equal(lease.mayWrite(), true);
    hanging.resolve(undefined);
    await settled();
    // The renewal was sent 4.4 s after the first and answered at 9 s: good until 14.4 s.
    await clock.advance(3_000);
    assert.equal(lease.mayWrite(), true);
    server.down = refused();
    await clock.advance(2_500);
    assert.equal(lease.mayWrite(), false);
    await lease[Symbol.asyncDispose]();
  });

  test('is kept though one renewal hangs until its time is over', async () => {
    const { clock, server, compete } = stage();
    const { lease, changes } = compete('a');
    await lease.acquired();
    const hanging = Promise.withResolvers<undefined>();
    server.hanging = hanging.promise.then(() => undefined);
    await clock.advance(4_500);
    server.down = refused();
    await clock.advance(3_300);
    hanging.resolve(undefined);
    await settled();
    server.hanging = undefined;
    server.down = undefined;
    await clock.advance(10_000);
    assert.deepEqual(changes, [true]);
    await lease[Symbol.asyncDispose]();
  });

  test('after an outage it is taken again, and both changes are told', async () => {
    const { clock, server, compete } = stage();
    const { lease, changes, telemetry } = compete('a');
    await lease.acquired();
    server.down = refused();
    await clock.advance(30_000);
    assert.deepEqual(changes, [true, false]);
    assert.ok(telemetry.failures.length <= 60, 'at most two tries a second');
    assert.ok(telemetry.failures.every(({ target }) => target === 'lease'));
    server.down = undefined;
    await clock.advance(2_500);
    assert.deepEqual(changes, [true, false, true]);
    await lease[Symbol.asyncDispose]();
  });

  test('an edit by somebody else costs one try', async () => {
    const { clock, server, compete } = stage();
    const { lease, changes } = compete('a');
    await lease.acquired();
    const version = stringAt(objectAt(server.lease, 'metadata'), 'resourceVersion');
    await server.call({
      verb: 'patch',
      method: 'PUT',
      path: '',
      headers: {},
      priority: 'lease',
      body: JSON.stringify({
        ...server.lease,
        metadata: { name: 'evenkeel', resourceVersion: version, labels: { x: 'y' } },
      }),
    });
    await clock.advance(11_000);
    assert.deepEqual(changes, [true]);
    assert.deepEqual(objectAt(objectAt(server.lease, 'metadata'), 'labels'), { x: 'y' });
    await lease[Symbol.asyncDispose]();
  });

  test('who waits for it can give up', async () => {
    const { compete } = stage();
    const first = compete('a');
    await first.lease.acquired();
    const second = compete('b');
    const giveUp = new AbortController();
    const waiting = second.lease.acquired(giveUp.signal);
    giveUp.abort();
    await assert.rejects(waiting, ApiError);
    for (const { lease } of [first, second]) await lease[Symbol.asyncDispose]();
  });
});
