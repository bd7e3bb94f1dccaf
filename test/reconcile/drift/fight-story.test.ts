import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { FightShown } from '../../../src/model/fight.ts';
import type { JsonObject } from '../../../src/model/json.ts';
import { configMap, configMapRef, isManagedWrite, isStatusWrite, Stage } from '../stage.ts';

const healing = { automated: { prune: true, selfHeal: true } };
const ref = configMapRef('a');
/** Drift is written to status at most so often. */
const statusLag = 5_000;

async function begun(fight: JsonObject = {}, spec: JsonObject = {}): Promise<Stage> {
  const stage = new Stage();
  stage.repository.commit({ shop: [configMap('a', { k: '1', other: '1' }), configMap('b')] });
  stage.apply('shop', { spec: { syncPolicy: healing, drift: { fight }, ...spec } });
  await stage.start();
  await stage.quiet();
  return stage;
}

async function take(stage: Stage, data: JsonObject = { k: 'foreign' }, manager = 'mallory'): Promise<void> {
  stage.cluster.edit(ref, (object) => ({ ...object, data: { ...(object['data'] as JsonObject), ...data } }), {
    manager,
  });
  await stage.quiet();
}

function value(stage: Stage, key = 'k'): unknown {
  return (stage.cluster.peek(ref)?.['data'] as JsonObject)[key];
}

/** Six times in quick succession, each time when it was put back. */
async function fight(stage: Stage): Promise<void> {
  for (let times = 0; times < 6; times++) {
    assert.equal(value(stage), '1');
    await take(stage);
    await stage.advance(2_000);
  }
}

/** Of the newest entry, and of no other. */
function fightIn(stage: Stage): FightShown {
  const [first, ...others] = stage.status('shop').drift ?? [];
  assert.ok(others.every((entry) => entry.fight === undefined));
  assert.ok(first?.fight !== undefined);
  return first.fight;
}

function writes(stage: Stage, mark: number): string[] {
  return stage.since(mark, isManagedWrite);
}

describe('two clients that fight over a field', () => {
  it('are told once, with a rule that ends it, and counted', async () => {
    await using stage = await begun();
    await fight(stage);
    await stage.advance(statusLag);
    const drifted = stage.condition('shop', 'Drifted');
    assert.deepEqual([drifted?.status, drifted?.reason], ['True', 'Fight']);
    const rule =
      '{"target":{"group":"","kind":"ConfigMap","namespace":"shop","name":"a"},"fields":["data.k"],"managers":["mallory"],"action":"Yield"}';
    assert.equal(
      drifted?.message,
      `ConfigMap shop/a data.k: mallory (Update) takes it again and again, 30/m; its corrections back off; to leave it to mallory, add to spec.conflicts.rules: ${rule}`,
    );
    const told = stage.events.filter(({ reason }) => reason === 'Fight');
    assert.deepEqual(
      told.map(({ type, note }) => [type, note]),
      [['Warning', drifted.message]],
    );
    assert.equal(await stage.recorder.value('evenkeel_fights', { manager: 'other' }), 1);
    assert.equal(await stage.recorder.value('evenkeel_fights_total', { manager: 'other' }), 1);
  });

  it('are shown in status while it goes on, at the newest entry', async () => {
    await using stage = await begun();
    await fight(stage);
    await stage.advance(statusLag);
    const { suggestion, since, ...shown } = fightIn(stage);
    assert.match(since, /^2026-01-01T00:00:1/);
    assert.deepEqual(shown, { rate: '30/m', action: 'BackOff', subresource: '' });
    assert.ok(stage.message('shop', 'Drifted').endsWith(suggestion));
    const entries = stage.status('shop').drift?.map(({ name, fields, manager }) => [name, fields, manager]);
    assert.deepEqual(entries?.[0], ['a', ['data.k'], 'mallory']);
  });

  it('the rule that is suggested ends it', async () => {
    await using stage = await begun();
    await fight(stage);
    await stage.advance(statusLag);
    const rules = [JSON.parse(fightIn(stage).suggestion) as JsonObject];
    stage.respec('shop', { syncPolicy: healing, conflicts: { rules } });
    await stage.quiet();
    await take(stage);
    await stage.advance(300_000);
    assert.equal(value(stage), 'foreign');
    assert.equal(stage.condition('shop', 'Drifted'), undefined);
    assert.equal(stage.status('shop').sync?.status, 'Synced');
  });

  it('BackOff: corrections wait longer each time, what drifted is shown meanwhile, and one read an episode is enough', async () => {
    await using stage = await begun();
    await fight(stage);
    const waits: number[] = [];
    for (let times = 0; times < 4; times++) {
      const from = stage.clock.monotonic();
      await take(stage);
      const mark = stage.mark;
      for (let more = 0; more < 3; more++) await take(stage, { k: `foreign ${more}` });
      assert.deepEqual(
        stage.since(mark, ({ ref: { name } }) => name === 'a'),
        [],
        'nobody looks again',
      );
      while (value(stage) !== '1') await stage.advance(1_000);
      waits.push(Math.round((stage.clock.monotonic() - from) / 1_000));
    }
    assert.deepEqual(waits, [2, 8, 16, 32]);
    await take(stage);
    await stage.advance(5_000);
    const [open] = stage.status('shop').drift ?? [];
    assert.deepEqual([open?.healed, open?.fight?.action], [undefined, 'BackOff']);
    assert.equal(stage.status('shop').sync?.status, 'OutOfSync');
  });

  it('BackOff: nothing else waits: other objects, a deletion, a sync by hand', async () => {
    await using stage = await begun();
    await fight(stage);
    await take(stage);
    stage.cluster.edit(configMapRef('b'), (object) => ({ ...object, data: { k: 'foreign' } }), { manager: 'mallory' });
    await stage.quiet();
    assert.deepEqual((stage.cluster.peek(configMapRef('b'))?.['data'] as JsonObject)['k'], '1');
    assert.equal(value(stage), 'foreign');
    stage.ask('shop', {});
    await stage.quiet();
    assert.equal(value(stage), '1');
    await take(stage);
    stage.cluster.remove(ref);
    await stage.advance(2_000);
    assert.equal(value(stage), '1');
  });

  it('BackOff: a sync of something else leaves the field', async () => {
    await using stage = await begun();
    await fight(stage);
    await take(stage);
    const mark = stage.mark;
    stage.repository.commit({ shop: [configMap('a', { k: '1', other: '1' }), configMap('b', { k: '2' })] });
    await stage.quiet();
    assert.deepEqual(writes(stage, mark), ['apply ConfigMap b']);
  });

  it('Yield: the field is left and counts as in sync, others of the object are not', async () => {
    await using stage = await begun({ action: 'Yield' });
    await fight(stage);
    await take(stage);
    const mark = stage.mark;
    await take(stage, { k: 'newer', other: 'foreign' });
    await stage.advance(10_000);
    assert.deepEqual([value(stage), value(stage, 'other')], ['newer', '1']);
    assert.equal(writes(stage, mark).length, 1);
    const entry = stage.status('shop').drift?.find(({ yielded }) => yielded !== undefined);
    assert.deepEqual([entry?.fields, entry?.yielded], [['data.k'], 'mallory takes it again and again (drift.fight)']);
    assert.equal(stage.status('shop').sync?.status, 'Synced');
    assert.equal(stage.condition('shop', 'Drifted')?.reason, 'Fight');
  });

  it('Yield: tries again after the truce, and yields at once, and longer, if the field is taken again', async () => {
    await using stage = await begun({ action: 'Yield' });
    await fight(stage);
    await take(stage);
    const mark = stage.mark;
    await stage.advance(60_000);
    assert.equal(value(stage), '1');
    await take(stage);
    await stage.advance(110_000);
    assert.deepEqual([value(stage), writes(stage, mark)], ['foreign', ['apply ConfigMap a']]);
    await stage.advance(20_000);
    assert.equal(value(stage), '1');
  });

  it('Yield: ends when the writer gives the field up', async () => {
    await using stage = await begun({ action: 'Yield' });
    await fight(stage);
    await take(stage);
    stage.cluster.edit(ref, (object) => ({ ...object, data: { other: '1' } }), { manager: 'mallory' });
    await stage.advance(10_000);
    assert.equal(value(stage), '1');
    await stage.advance(60_000);
    assert.equal(stage.condition('shop', 'Drifted'), undefined);
    assert.equal(stage.events.filter(({ reason }) => reason === 'FightEnded').length, 1);
  });

  it('Report: is corrected each time, and said', async () => {
    await using stage = await begun({ action: 'Report' });
    await fight(stage);
    for (let times = 0; times < 4; times++) {
      await take(stage);
      await stage.advance(2_000);
      assert.equal(value(stage), '1');
    }
    assert.match(stage.message('shop', 'Drifted'), /it is corrected each time/);
  });

  it('ends when nothing is taken for a minute: told, and what comes then is corrected at once', async () => {
    await using stage = await begun();
    await fight(stage);
    await stage.advance(57_000);
    assert.equal(stage.condition('shop', 'Drifted')?.reason, 'Fight');
    await stage.advance(1_000 + statusLag);
    assert.equal(stage.condition('shop', 'Drifted'), undefined);
    assert.ok(stage.status('shop').drift?.every((entry) => entry.fight === undefined));
    const ended = stage.events.filter(({ reason }) => reason === 'FightEnded');
    assert.deepEqual(
      ended.map(({ type, note }) => [type, note]),
      [['Normal', 'ConfigMap shop/a data.k is no longer fought over with mallory']],
    );
    assert.equal(await stage.recorder.value('evenkeel_fights', { manager: 'other' }), 0);
    await take(stage);
    assert.equal(value(stage), '1');
  });

  it('is over, as far as status says, after a restart', async () => {
    await using stage = await begun();
    await fight(stage);
    await stage.stop();
    await stage.start();
    await stage.quiet();
    await take(stage);
    await stage.quiet();
    assert.equal(value(stage), '1');
    assert.equal(stage.condition('shop', 'Drifted'), undefined);
  });
});

describe('no fight is', () => {
  const others = Array.from({ length: 12 }, (_, index) => `client-${index}`);

  it('a field that each time somebody else takes', async () => {
    await using stage = await begun();
    for (const manager of others) {
      await take(stage, { k: manager }, manager);
      await stage.advance(2_000);
    }
    assert.equal(stage.condition('shop', 'Drifted'), undefined);
  });

  it('a field that is removed again and again: nobody owns what is gone', async () => {
    await using stage = await begun();
    for (let times = 0; times < 12; times++) {
      stage.cluster.edit(ref, (object) => ({ ...object, data: { other: '1' } }), { manager: 'mallory' });
      await stage.quiet();
      await stage.advance(2_000);
      assert.equal(value(stage), '1');
    }
    assert.equal(stage.condition('shop', 'Drifted'), undefined);
  });

  it('a value that is changed and changed back, nor one that another applies equally', async () => {
    await using stage = await begun();
    for (let times = 0; times < 12; times++) {
      for (const k of ['foreign', '1'])
        stage.cluster.edit(ref, (object) => ({ ...object, data: { other: '1', k } }), { manager: 'mallory' });
      await stage.quiet();
      await stage.advance(2_000);
    }
    assert.equal(stage.condition('shop', 'Drifted'), undefined);
    assert.deepEqual(stage.status('shop').drift ?? [], []);
  });

  it('anything where drift is not corrected', async () => {
    await using stage = await begun({}, { drift: { correction: 'DetectOnly' } });
    for (let times = 0; times < 12; times++) {
      await take(stage, { k: `foreign ${times}` });
      await stage.advance(2_000);
    }
    assert.equal(stage.condition('shop', 'Drifted')?.reason, 'Drifted');
  });
});

it('a fight writes the status when it is told, and then no more often than drift does', async () => {
  await using stage = await begun();
  await fight(stage);
  const mark = stage.mark;
  for (let times = 0; times < 30; times++) {
    await take(stage, { k: `foreign ${times}` });
    await stage.advance(1_000);
  }
  assert.ok(stage.since(mark, isStatusWrite).length <= 7);
});
