import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { OperatorError } from '../../src/model/errors.ts';
import { Asks } from '../../src/reconcile/requests/asks.ts';
import { PendingWrites } from '../../src/reconcile/drift/pending.ts';
import { applicationNamed } from '../apply/application.ts';
import { ManualClock } from '../fakes/clock.ts';
import { configMap, configMapRef, isManagedWrite, isStatusWrite, Stage } from './stage.ts';

describe('the worker', () => {
  it('counts an error that nobody expected as a bug, says so in status, and tries again', async () => {
    await using stage = new Stage();
    stage.repository.commit({ shop: [configMap('a')] });
    stage.repository.failures.set('shop', new TypeError('x is not a function'));
    stage.apply('shop');
    await stage.start();
    await stage.quiet();
    assert.equal(stage.ready('shop'), 'False OperatorBug');
    assert.match(stage.message('shop', 'Ready'), /unexpected: x is not a function/);
    assert.equal(stage.recorder.lines.filter(({ level }) => level === 'error').length, 1);
    stage.repository.failures.clear();
    await stage.advance(6_000);
    assert.equal(stage.ready('shop'), 'True Healthy');
  });

  it('goes on with others while a run waits for an answer', async () => {
    await using stage = new Stage();
    stage.repository.commit({ shop: [configMap('a')], other: [configMap('b')] });
    const hanging = Promise.withResolvers<undefined>();
    stage.cluster.beforeAnswer = ({ ref, dryRun }) =>
      ref.name === 'a' && dryRun === true ? hanging.promise : Promise.resolve();
    stage.apply('shop');
    stage.apply('other');
    await stage.start();
    await stage.quiet();
    assert.equal(stage.ready('other'), 'True Healthy');
    assert.equal(stage.ready('shop'), ' ');
    stage.cluster.beforeAnswer = () => Promise.resolve();
    hanging.resolve(undefined);
    await stage.quiet();
    assert.equal(stage.ready('shop'), 'True Healthy');
  });

  it('writes what a sync came to also when the first try to write it fails, and tells each transition once', async () => {
    await using stage = new Stage();
    stage.repository.commit({ shop: [configMap('a')] });
    stage.apply('shop');
    await stage.start();
    await stage.quiet();
    stage.repository.failures.set('shop', new Error('made to fail'));
    stage.cluster.fail(isStatusWrite, 'unavailable', { times: 3 });
    stage.recorder.lines.length = 0;
    stage.repository.commit({ shop: [configMap('a', { k: '2' })] });
    await stage.quiet();
    await stage.advance(40_000);
    const told = stage.recorder.lines.filter(({ message }) => message.startsWith('ready '));
    assert.equal(told.length, 1);
    stage.repository.failures.clear();
    stage.cluster.fail(isStatusWrite, 'unavailable', { times: 1 });
    await stage.advance(40_000);
    assert.equal(stage.ready('shop'), 'True Healthy');
    const [entry] = stage.record('shop');
    const desired = stage.repository.artefacts.get(stage.status('shop').applied?.digest ?? '')?.objects[0];
    assert.equal(entry?.desired, desired?.hash, 'the record has what was written before the failure');
  });

  it('says why nothing can be compared any more, not what the last sync came to', async () => {
    await using stage = new Stage();
    stage.repository.commit({ shop: [configMap('a')] });
    stage.apply('shop');
    await stage.start();
    await stage.quiet();
    const why = { step: 'source', reason: 'PathNotFound', retry: 'interval' } as const;
    stage.repository.failures.set('shop', new OperatorError('there is no such folder', why));
    stage.recorder.lines.length = 0;
    stage.repository.commit({});
    await stage.quiet();
    const told = stage.recorder.lines.map(({ message }) => message).filter((message) => message.startsWith('sync '));
    assert.deepEqual(told, ['sync Synced → Unknown: there is no such folder']);
  });

  it('says nothing of a run that it was stopped in', async () => {
    await using stage = new Stage();
    stage.repository.commit({ shop: [configMap('a')] });
    const hanging = Promise.withResolvers<undefined>();
    stage.cluster.beforeAnswer = (request) => (isManagedWrite(request) ? hanging.promise : Promise.resolve());
    stage.apply('shop');
    await stage.start();
    await stage.quiet();
    const mark = stage.mark;
    const stopped = stage.stop();
    hanging.resolve(undefined);
    await stopped;
    await stage.quiet();
    assert.deepEqual(
      stage.since(mark, () => true),
      [],
    );
    assert.equal(stage.condition('shop', 'Ready'), undefined);
    stage.cluster.beforeAnswer = () => Promise.resolve();
    await stage.start();
    await stage.quiet();
    assert.equal(stage.ready('shop'), 'True Healthy');
  });
});

describe('what is asked of a run', () => {
  it('is a full comparison once per period, and a run that was none when it began is none at its end', async () => {
    const clock = new ManualClock();
    const asks = new Asks(
      clock,
      () => 0,
      () => undefined,
    );
    const app = applicationNamed('shop');
    assert.equal(asks.msToAudit(app), 1_800_000);
    assert.equal(asks.begin(app).full, false);
    await clock.advance(1_800_000);
    asks.compared(app);
    assert.equal(asks.begin(app).full, true, 'still to be made');
    asks.compared(app);
    assert.deepEqual([asks.begin(app).full, asks.msToAudit(app)], [false, 3_600_000]);
  });

  it('comes up to half a period early together with an audit, with a request only when it is asked for, too', async () => {
    const clock = new ManualClock();
    const looks: string[] = [];
    const phases = [0, 0.5, 1];
    const asks = new Asks(
      clock,
      () => phases.shift() ?? 0,
      (key) => looks.push(key),
    );
    const [first, second, third] = ['first', 'second', 'third'].map((name) => applicationNamed(name));
    assert.ok(first !== undefined && second !== undefined && third !== undefined);
    for (const app of [first, second, third]) asks.msToAudit(app);
    assert.equal(asks.msToTakeAlong(second, first), undefined, 'no audit yet');
    const annotations = { 'evenkeel.dev/refresh': 'hard' };
    assert.equal(asks.msToTakeAlong({ ...second, annotations }, first), 0);
    await clock.advance(1_800_000);
    assert.deepEqual([asks.msToTakeAlong(second, first), asks.msToTakeAlong(third, first)], [900_000, 1_800_000]);
    asks.takeAlong(second);
    assert.deepEqual([looks, asks.begin(second).full], [[second.key], true]);
    assert.equal(asks.msToTakeAlong(second, first), undefined, 'its bodies are read once');
    asks.compared(second);
    assert.deepEqual([asks.msToAudit(second), asks.msToAudit(third)], [3_600_000, 1_800_000]);
  });

  it('is what the annotation says, in both spellings, and nothing periodic when the audit is off', () => {
    const asks = new Asks(
      new ManualClock(),
      () => 0,
      () => undefined,
    );
    const { spec, ...rest } = applicationNamed('shop');
    const app = { ...rest, spec: { ...spec, drift: { ...spec.drift, auditMs: 0 } } };
    assert.equal(asks.msToAudit(app), undefined);
    assert.deepEqual(asks.of(app), { full: false });
    const asked = (annotations: Record<string, string>) => asks.of({ ...app, annotations });
    assert.deepEqual(asked({ 'argocd.argoproj.io/refresh': 'hard' }), { refresh: 'hard', full: true });
    assert.deepEqual(asked({ 'evenkeel.dev/refresh': 'yes' }), { refresh: 'normal', full: false });
  });
});

describe('full comparisons of many Applications', () => {
  const names = Array.from({ length: 12 }, (_, n) => `app-${n}`);

  /** All in sync, of so many ConfigMaps each. */
  async function twelve(maps = 1): Promise<Stage> {
    const stage = new Stage();
    const mapsOf = (name: string) =>
      Array.from({ length: maps }, (_, n) => configMap(n === 0 ? `map-${name}` : `map-${name}-${n}`));
    stage.repository.commit(Object.fromEntries(names.map((name) => [name, mapsOf(name)])));
    for (const name of names) stage.apply(name);
    await stage.start();
    await stage.quiet();
    return stage;
  }

  function looks(stage: Stage, mark: number): string[] {
    return stage.since(mark, ({ verb, ref }) => (verb === 'get' || verb === 'list') && ref.kind === 'ConfigMap');
  }

  it('share the lists of an audit, and find what no watch shows', async () => {
    await using stage = await twelve();
    await stage.stop();
    const forger = { manager: 'evenkeel', operation: 'Apply' } as const;
    stage.cluster.edit(configMapRef('map-app-7'), (map) => ({ ...map, data: { k: 'forged' } }), forger);
    await stage.start();
    await stage.quiet();
    const data = (): unknown => stage.cluster.peek(configMapRef('map-app-7'))?.['data'];
    assert.deepEqual(data(), { k: 'forged' }, 'our entry of this very second tells nothing');
    const { mark } = stage;
    await stage.advance(3_600_000);
    assert.deepEqual(data(), { k: '1' });
    assert.deepEqual(looks(stage, mark), ['list ConfigMap ']);
  });

  it('share the lists when users ask for all of them, and one that is asked for brings nobody along', async () => {
    await using stage = await twelve();
    let mark = stage.mark;
    stage.annotate('app-0', { 'evenkeel.dev/refresh': 'hard' });
    await stage.quiet();
    assert.deepEqual(looks(stage, mark), ['get ConfigMap map-app-0']);
    mark = stage.mark;
    for (const name of names) stage.annotate(name, { 'evenkeel.dev/refresh': 'hard' });
    // Lists are half a second apart.
    await stage.advance(500);
    assert.deepEqual(looks(stage, mark), ['list ConfigMap ']);
  });

  it('read for those whose turn is next, when there is no room for all', async () => {
    await using stage = await twelve(100);
    const { mark } = stage;
    for (const name of names.toReversed()) stage.annotate(name, { 'evenkeel.dev/refresh': 'hard' });
    for (let list = 0; list < 12; list += 1) await stage.advance(500);
    assert.deepEqual(looks(stage, mark), ['list ConfigMap ', 'list ConfigMap ']);
  });
});

describe('pending writes', () => {
  it('hold back a correction until the sync that writes the same object is done, and for it only', () => {
    const pending = new PendingWrites();
    const calls: string[] = [];
    pending.announce('apps/shop', [configMapRef('a')]);
    assert.deepEqual(
      [pending.has('apps/shop', configMapRef('a')), pending.has('apps/shop', configMapRef('b'))],
      [true, false],
    );
    pending.whenDone('apps/shop', () => calls.push('first'));
    pending.whenDone('apps/shop', () => calls.push('second'));
    pending.done('apps/other');
    assert.deepEqual(calls, []);
    pending.done('apps/shop');
    pending.done('apps/shop');
    assert.deepEqual(calls, ['first', 'second']);
    assert.equal(pending.has('apps/shop', configMapRef('a')), false);
    pending.beginCorrection(configMapRef('a'));
    assert.equal(pending.correcting(configMapRef('a')), true);
    pending.endCorrection(configMapRef('a'));
    assert.equal(pending.correcting(configMapRef('a')), false);
  });
});
