import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { uidOf } from '../../../src/model/object.ts';
import { recordAfter } from '../../../src/reconcile/settle.ts';
import type { FakeRequest } from '../../fakes/cluster.ts';
import { desiredMap, keep } from '../settled.ts';
import type { ApplicationParts } from '../stage.ts';
import { configMap, configMapRef, isManagedWrite, isStatusWrite, Stage } from '../stage.ts';

const ref = configMapRef('a');

async function begun(names: readonly string[], parts: ApplicationParts = {}): Promise<Stage> {
  const stage = new Stage();
  stage.repository.commit({ shop: names.map((name) => configMap(name)) });
  stage.apply('shop', parts);
  await stage.start();
  await stage.quiet();
  // The five seconds between two reports of drift have passed, and its first report is not what writes the uid.
  await stage.advance(10_000);
  return stage;
}

function uidOnRecord(stage: Stage, name = 'a'): string | undefined {
  return stage.record('shop').find((entry) => entry.ref.name === name)?.uid;
}

function uidOfLive(stage: Stage, name = 'a'): string | undefined {
  const live = stage.cluster.peek(configMapRef(name));
  return live === undefined ? undefined : uidOf(live);
}

/** The process has lost its Lease from the moment at which the request was answered, or refused. */
function loseLeaseAt(stage: Stage, which: (request: FakeRequest) => boolean, isExecuted: boolean): void {
  stage.cluster.beforeAnswer = (request) => {
    if (!which(request)) return Promise.resolve();
    if (!isExecuted) stage.cluster.fail(() => true, 'unavailable');
    stage.cluster.mayWrite = false;
    stage.cluster.beforeAnswer = () => Promise.resolve();
    return Promise.resolve();
  };
}

async function nextLeader(stage: Stage, commit?: readonly string[]): Promise<void> {
  await stage.stop();
  stage.cluster.recover();
  stage.cluster.mayWrite = true;
  if (commit !== undefined) stage.repository.commit({ shop: commit.map((name) => configMap(name)) });
  await stage.start();
  await stage.quiet();
  await stage.advance(20_000);
}

const healing = { syncPolicy: { automated: { prune: true, selfHeal: true } } };
const byHand = { spec: { drift: { correction: 'Immediate' } } };

describe('an object that somebody deletes', () => {
  it('is announced on the record before it is created anew, and its uid follows', async () => {
    await using stage = await begun(['a', 'b']);
    const mark = stage.mark;
    stage.cluster.remove(ref);
    await stage.quiet();
    const writes = stage.since(mark, (request) => isManagedWrite(request) || isStatusWrite(request));
    assert.deepEqual(writes.slice(0, 2), ['patch Application shop', 'apply ConfigMap a']);
    await stage.advance(10_000);
    assert.equal(uidOnRecord(stage), uidOfLive(stage));
  });

  for (const [what, isExecuted] of [
    ['created anew', true],
    ['announced', false],
  ] as const)
    it(`and that was ${what} when the leader lost its Lease is deleted when Git drops it`, async () => {
      await using stage = await begun(['a', 'b']);
      loseLeaseAt(stage, (request) => isManagedWrite(request), isExecuted);
      stage.cluster.remove(ref);
      await stage.quiet();
      assert.deepEqual([uidOnRecord(stage), uidOfLive(stage) !== undefined], ['', isExecuted]);
      await nextLeader(stage, ['b']);
      assert.deepEqual(stage.maps(), ['b']);
      assert.deepEqual(
        stage.record('shop').map((entry) => entry.ref.name),
        ['b'],
      );
    });

  for (const [sync, parts] of [
    ['automated', {}],
    ['by hand', byHand],
  ] as const)
    for (const isExecuted of [true, false])
      it(`${sync}: is put right by the next leader (${isExecuted ? 'created' : 'announced'} before)`, async () => {
        await using stage = await begun(['a', 'b'], parts);
        if (sync === 'by hand') stage.ask('shop', {});
        await stage.advance(10_000);
        loseLeaseAt(stage, (request) => isManagedWrite(request), isExecuted);
        stage.cluster.remove(ref);
        await stage.quiet();
        assert.equal(uidOnRecord(stage), '');
        await nextLeader(stage);
        assert.deepEqual(stage.maps(), ['a', 'b']);
        assert.equal(uidOnRecord(stage), uidOfLive(stage));
      });

  it('is not created while that cannot be announced, and is when it can', async () => {
    for (const parts of [{}, byHand]) {
      await using stage = await begun(['a', 'b'], parts);
      if (parts === byHand) stage.ask('shop', {});
      await stage.advance(10_000);
      stage.cluster.fail(isStatusWrite, 'unavailable', { times: 1_000 });
      stage.cluster.remove(ref);
      await stage.advance(1_000);
      assert.deepEqual(stage.maps(), ['b']);
      stage.cluster.recover();
      await stage.advance(60_000);
      assert.deepEqual(stage.maps(), ['a', 'b']);
      assert.equal(uidOnRecord(stage), uidOfLive(stage));
    }
  });

  it('again before its uid is on record is announced again, and is no stranger by then', async () => {
    await using stage = await begun(['a', 'b'], { spec: { ...healing, ownership: { adopt: 'Never' } } });
    for (const name of ['a', 'b']) {
      stage.cluster.remove(configMapRef(name));
      await stage.advance(100);
    }
    await stage.advance(2_000);
    stage.cluster.edit(configMapRef('b'), (object) => ({ ...object, data: { k: 'foreign' } }));
    await stage.quiet();
    assert.deepEqual(stage.cluster.peek(configMapRef('b'))?.['data'], { k: '1' });
    assert.notEqual(uidOnRecord(stage, 'b'), uidOfLive(stage, 'b'), 'it is yet to be written');
    loseLeaseAt(stage, isManagedWrite, true);
    stage.cluster.remove(configMapRef('b'));
    await stage.advance(2_000);
    assert.deepEqual([uidOnRecord(stage, 'b'), stage.maps()], ['', ['a', 'b']]);
    await nextLeader(stage, ['a']);
    assert.deepEqual(stage.maps(), ['a']);
  });

  it('with a thousand others costs a few status writes', async () => {
    const names = Array.from({ length: 1_000 }, (_, index) => `map-${index}`);
    await using stage = await begun(names);
    const mark = stage.mark;
    for (const name of names) stage.cluster.remove(configMapRef(name));
    await stage.advance(10_000);
    assert.equal(stage.maps().length, 1_000);
    assert.ok(stage.record('shop').every(({ ref: { name }, uid }) => uid === uidOfLive(stage, name)));
    const writes = stage.since(mark, isStatusWrite).length;
    assert.ok(writes <= 8, `${writes} status writes`);
  });

  for (const isExecuted of [true, false])
    it(`by a sync, to create it anew, is deleted when Git drops it (lost ${isExecuted ? 'after' : 'before'} the creation)`, async () => {
      await using stage = await begun(['b']);
      const options = { annotations: { 'argocd.argoproj.io/sync-options': 'Replace=true,Force=true' } };
      stage.repository.commit({ shop: [configMap('a', { k: '1' }, options), configMap('b')] });
      await stage.advance(10_000);
      const before = uidOfLive(stage);
      loseLeaseAt(stage, (request) => request.verb === 'apply' && isManagedWrite(request), isExecuted);
      stage.repository.commit({ shop: [configMap('a', { k: '2' }, options), configMap('b')] });
      await stage.quiet();
      assert.notEqual(uidOfLive(stage), before);
      assert.deepEqual([uidOnRecord(stage), uidOfLive(stage) !== undefined], ['', isExecuted]);
      await nextLeader(stage, ['b']);
      assert.deepEqual(stage.maps(), ['b']);
    });

  it('and that somebody else makes again stays his: the announcement proves nothing of it', async () => {
    await using stage = await begun(['a', 'b']);
    loseLeaseAt(stage, (request) => isManagedWrite(request), false);
    stage.cluster.remove(ref);
    await stage.quiet();
    stage.cluster.seed(configMap('a', { k: 'theirs' }));
    await nextLeader(stage, ['b']);
    assert.deepEqual(stage.cluster.peek(ref)?.['data'], { k: 'theirs' });
  });
});

it('a run that found an object in place does not bring back its uid when that was deleted since', () => {
  const desired = desiredMap('a');
  const entry = { ref, uid: 'former', desired: desired.hash, fp: 'f' };
  const change = { ...keep(desired, 'inSync'), live: configMap('a') };
  const results = [{ kind: 'kept' as const, change, entry }];
  const claim = { ...entry, uid: '', fp: '' };
  const forget = [{ kind: 'removed' as const, change: { kind: 'forget' as const, ref } }];
  assert.deepEqual(recordAfter([claim], [entry], { results: forget }), [claim], 'nor what it found gone');
  assert.deepEqual(recordAfter([entry], [entry], { results: forget }), []);
  assert.deepEqual(recordAfter([claim], [entry], { results }), [claim]);
  assert.deepEqual(recordAfter([claim], [claim], { results }), [entry], 'what was announced before the run is found');
});
