import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { startReflector } from '../../src/kube/reflector.ts';
import { ApiError } from '../../src/model/api-error.ts';
import { resourceVersionOf, uidOf } from '../../src/model/object.ts';
import { Recorder } from '../contract/recorder.ts';
import { ManualClock, settled } from '../fakes/clock.ts';
import { RecordedTelemetry } from '../fakes/kube-telemetry.ts';
import { ScriptedServer, configMap, refusal } from './scripted-server.ts';

const kind = { group: '', kind: 'ConfigMap', apiVersion: 'v1', resource: 'configmaps', namespaced: true, verbs: [] };

function stage() {
  const clock = new ManualClock();
  const server = new ScriptedServer();
  const telemetry = new RecordedTelemetry();
  const watchList = { refused: false };
  const recorder = new Recorder();
  const closing = new AbortController();
  const parts = { client: server, clock, random: () => 0.5, telemetry, watchList, closed: closing.signal };
  const start = () => startReflector(parts, { kind, metadataOnly: true, labelSelector: 'a=b', listener: recorder });
  return { clock, server, telemetry, watchList, recorder, closing, start };
}

/** With two objects known, at resourceVersion 10. */
async function synced() {
  const on = stage();
  const reflector = on.start();
  await settled();
  on.server.watch.event('ADDED', configMap('one', '5'));
  on.server.watch.event('ADDED', configMap('two', '6'));
  on.server.watch.initialEnd('10');
  await settled();
  return { ...on, reflector };
}

describe('reflector', () => {
  test('asks for initial events and is complete at their end', async () => {
    const { server, recorder, reflector } = await synced();
    const { parameters } = server.watch;
    assert.equal(parameters.get('sendInitialEvents'), 'true');
    assert.equal(parameters.get('resourceVersionMatch'), 'NotOlderThan');
    assert.equal(parameters.get('allowWatchBookmarks'), 'true');
    assert.equal(parameters.get('labelSelector'), 'a=b');
    assert.equal(parameters.get('timeoutSeconds'), '450');
    assert.equal(server.listPaths.length, 0);
    assert.deepEqual(recorder.told, ['changed one', 'changed two', 'synced']);
    assert.equal(reflector.complete, true);
    reflector.stop();
  });

  test('is not complete before the end of the initial events', async () => {
    const { server, start } = stage();
    const reflector = start();
    await settled();
    server.watch.event('ADDED', configMap('one', '5'));
    await settled();
    assert.equal(reflector.complete, false);
    reflector.stop();
  });

  test('lists page by page where the server refuses initial events, and remembers it', async () => {
    const { server, clock, recorder, watchList, start } = stage();
    server.refusals.push(refusal(422, 'ListOptions is invalid: sendInitialEvents: Forbidden'));
    server.pages.push(
      { metadata: { resourceVersion: '9', continue: 'more' }, items: [configMap('one', '5')] },
      { metadata: { resourceVersion: '9' }, items: [configMap('two', '6')] },
    );
    const reflector = start();
    await settled();
    await clock.advance(1_000);
    assert.equal(watchList.refused, true);
    assert.match(server.listPaths[1] ?? '', /continue=more/);
    assert.equal(server.watch.parameters.get('resourceVersion'), '9');
    assert.equal(server.watch.parameters.get('sendInitialEvents'), null);
    assert.deepEqual(recorder.told, ['interrupted', 'changed one', 'changed two', 'synced']);
    reflector.stop();
  });

  test('lists where the server ignores the wish for initial events', async () => {
    const { server, clock, recorder, start } = stage();
    const reflector = start();
    await settled();
    server.pages.push({ metadata: { resourceVersion: '9' }, items: [configMap('one', '5')] });
    await clock.advance(32_000);
    assert.equal(server.listPaths.length, 1);
    assert.deepEqual(recorder.told, ['interrupted', 'changed one', 'synced']);
    reflector.stop();
  });

  test('goes on after a cut where it was, and stays complete', async () => {
    const { server, clock, recorder, reflector } = await synced();
    await clock.advance(5_000);
    server.watch.event('MODIFIED', configMap('one', '12'));
    server.watch.cut();
    await settled();
    assert.equal(recorder.told.at(-1), 'interrupted');
    assert.equal(reflector.complete, true);
    await clock.advance(1_000);
    assert.equal(server.watches.length, 2);
    assert.equal(server.watch.parameters.get('resourceVersion'), '12');
    assert.equal(recorder.told.at(-1), 'synced');
    reflector.stop();
  });

  test('goes on at a bookmark, at once, when the server ends a watch in time', async () => {
    const { server, clock, recorder, telemetry, reflector } = await synced();
    server.watch.event('BOOKMARK', { metadata: { resourceVersion: '40' } });
    await clock.advance(100_000);
    server.watch.end();
    await settled();
    assert.equal(server.watch.parameters.get('resourceVersion'), '40');
    assert.equal(recorder.count('interrupted'), 0);
    assert.equal(telemetry.failures.length, 0);
    reflector.stop();
  });

  test('backs off when watches are closed in a hurry', async () => {
    const { server, clock, reflector } = await synced();
    for (let i = 0; i < 40; i += 1) {
      server.watch.end();
      await clock.advance(250);
    }
    // Ten seconds, more than a second apart.
    assert.ok(server.attempts <= 10, `${server.attempts} attempts`);
    reflector.stop();
  });

  test('tries at most twice a second while watches are cut every second', async () => {
    const { server, clock, recorder, reflector } = await synced();
    for (let i = 0; i < 30; i += 1) {
      await clock.advance(1_000);
      server.watch.cut();
      await settled();
    }
    assert.ok(server.attempts >= 10 && server.attempts <= 60, `${server.attempts} attempts`);
    assert.equal(reflector.complete, true);
    await clock.advance(10_000);
    assert.equal(recorder.told.at(-1), 'synced');
    reflector.stop();
  });

  test('lists anew after 410, also as an event of a 200 stream, and tells the deletions it missed', async () => {
    const { server, clock, recorder, reflector } = await synced();
    server.watch.event('ERROR', { kind: 'Status', code: 410, message: 'too old resource version', reason: 'Expired' });
    await clock.advance(2_000);
    assert.equal(server.watch.parameters.get('resourceVersion'), null);
    assert.equal(reflector.complete, true, 'a relist is no loss');
    server.watch.event('ADDED', configMap('two', '6'));
    server.watch.initialEnd('50');
    await settled();
    assert.deepEqual(recorder.told.slice(3), ['interrupted', 'changed two', 'deleted one', 'synced']);
    const gone = recorder.last('one');
    assert.ok(gone);
    assert.deepEqual([uidOf(gone), resourceVersionOf(gone)], ['uid-one', '5']);
    reflector.stop();
  });

  test('tells of an object that was replaced meanwhile that the old one is gone', async () => {
    const { server, clock, recorder, reflector } = await synced();
    server.watch.event('ERROR', { kind: 'Status', code: 410, message: 'too old' });
    await clock.advance(2_000);
    server.watch.event('ADDED', configMap('one', '60', 'another-uid'));
    server.watch.event('ADDED', configMap('two', '6'));
    server.watch.initialEnd('70');
    await settled();
    assert.deepEqual(recorder.told.slice(3), ['interrupted', 'deleted one', 'changed one', 'changed two', 'synced']);
    reflector.stop();
  });

  test('survives garbage, unknown events and events without an object', async () => {
    const { server, clock, recorder, reflector } = await synced();
    for (const line of ['<html>', '{"type":"ADDED"}', '{"type":"SURPRISE","object":{}}', '[1', '{"type":"ERROR"}']) {
      server.watch.line(line);
      await clock.advance(10_000);
    }
    assert.equal(server.watches.length, 6);
    assert.equal(server.watch.parameters.get('resourceVersion'), '10');
    server.watch.event('DELETED', configMap('one', '80'));
    await settled();
    assert.equal(recorder.told.at(-1), 'deleted one');
    reflector.stop();
  });

  test('that is stopped while it fails is no failing connection any more', async () => {
    const { server, clock, telemetry, reflector } = await synced();
    server.refusals.push(new ApiError('refused', { kind: 'unavailable', status: 0 }));
    await clock.advance(151_000);
    assert.ok(telemetry.failures.length > 0);
    assert.deepEqual(telemetry.ended, []);
    reflector.stop();
    assert.deepEqual(
      telemetry.ended,
      telemetry.failures.slice(-1).map(({ target, name }) => ({ target, name })),
    );
    const told = telemetry.failures.length;
    await clock.advance(60_000);
    assert.equal(telemetry.failures.length, told);
  });

  test('takes a silent connection for dead, and an outage beyond the idle limit for a loss', async () => {
    const { server, clock, recorder, reflector } = await synced();
    const [first] = server.watches;
    const down = () => new ApiError('refused', { kind: 'unavailable', status: 0 });
    server.refusals.push(...Array.from({ length: 200 }, down));
    await clock.advance(151_000);
    assert.equal(first?.aborted, true);
    assert.match(recorder.whys[0] ?? '', /nothing came for 150 s/);
    assert.equal(reflector.complete, true);
    await clock.advance(160_000);
    assert.equal(reflector.complete, false);
    assert.equal(recorder.count('interrupted'), 1, 'once per episode');
    server.refusals.length = 0;
    await clock.advance(10_000);
    assert.equal(server.watch.parameters.get('sendInitialEvents'), 'true', 'what was known is too old to go on from');
    server.watch.initialEnd('90');
    await settled();
    assert.deepEqual(recorder.told.slice(-3), ['deleted one', 'deleted two', 'synced']);
    reflector.stop();
  });

  test('bookmarks keep a watch alive', async () => {
    const { server, clock, reflector } = await synced();
    for (let i = 0; i < 10; i += 1) {
      await clock.advance(60_000);
      server.watch.event('BOOKMARK', { metadata: { resourceVersion: String(20 + i) } });
    }
    assert.equal(server.watches.length, 1);
    reflector.stop();
  });

  for (const error of [
    refusal(403, 'forbidden', { reason: 'Forbidden' }),
    new ApiError('404 page not found', { kind: 'notServed', status: 404 }),
  ]) {
    test(`asks seldom when only a person can help: ${error.kind}`, async () => {
      const { server, clock, start } = stage();
      server.refusals.push(...Array.from({ length: 100 }, () => error));
      const reflector = start();
      await clock.advance(600_000);
      assert.ok(server.attempts < 20, `${server.attempts} attempts`);
      assert.equal(reflector.complete, false);
      server.refusals.length = 0;
      await clock.advance(100_000);
      assert.ok(server.watches.length > 0);
      reflector.stop();
    });
  }

  test('never undercuts a Retry-After', async () => {
    const { server, clock, start } = stage();
    server.refusals.push(new ApiError('slow down', { kind: 'throttled', status: 429, retryAfterMs: 20_000 }));
    const reflector = start();
    await clock.advance(19_999);
    assert.equal(server.attempts, 1);
    await clock.advance(2_000);
    assert.equal(server.attempts, 2);
    reflector.stop();
  });

  test('asks for a list in one piece after it expired between its pages twice', async () => {
    const { server, clock, watchList, start } = stage();
    watchList.refused = true;
    const page = { metadata: { resourceVersion: '9', continue: 'more' }, items: [configMap('one', '5')] };
    const expired = refusal(410, 'The provided continue parameter is too old', { reason: 'Expired' });
    server.pages.push(page, expired, page, expired);
    const reflector = start();
    await clock.advance(10_000);
    assert.doesNotMatch(server.listPaths.at(-1) ?? '', /limit/);
    assert.equal(reflector.complete, true);
    reflector.stop();
  });

  test('waits quietly while another process may hold the Lease', async () => {
    const { server, clock, telemetry, start } = stage();
    server.refusals.push(
      ...Array.from({ length: 5 }, () => new ApiError('not sent', { kind: 'notLeader', status: 0 })),
    );
    const reflector = start();
    await clock.advance(3_000);
    assert.equal(server.watches.length, 1);
    assert.equal(telemetry.failures.length, 0);
    reflector.stop();
  });

  test('stop is final', async () => {
    const { server, clock, recorder, reflector } = await synced();
    const told = recorder.told.length;
    server.watch.event('MODIFIED', configMap('one', '99'));
    reflector.stop();
    await clock.advance(1_000_000);
    assert.equal(recorder.told.length, told);
    assert.equal(server.watches.length, 1);
    assert.equal(server.watch.aborted, true);
    assert.equal(clock.pending, 0);
  });

  test('the end of the connection stops it', async () => {
    const { server, clock, closing, start, reflector } = await synced();
    closing.abort();
    await clock.advance(1_000);
    assert.equal(server.watch.aborted, true);
    assert.equal(clock.pending, 0);
    start();
    await clock.advance(1_000);
    assert.equal(server.watches.length, 1, 'and none is started any more');
    reflector.stop();
  });

  test('a listener that throws is a bug, not a lost stream', async () => {
    const { server, telemetry, recorder, start } = stage();
    recorder.changed = () => {
      throw new Error('a mistake');
    };
    const reflector = start();
    await settled();
    server.watch.event('ADDED', configMap('one', '5'));
    server.watch.initialEnd('10');
    await settled();
    assert.equal(telemetry.bugs.length, 1);
    assert.equal(reflector.complete, true);
    reflector.stop();
  });
});
