import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { OperatorError } from '../../src/model/errors.ts';
import { applicationRef, configMap, configMapRef, isManagedWrite, Stage } from './stage.ts';

const failing = new OperatorError('made to fail', { step: 'source', reason: 'GitUnavailable', retry: 'backoff' });

const automated = { syncPolicy: { automated: { prune: true, selfHeal: true } } };

/** `left` has `moving`; both are in sync. */
async function started(): Promise<Stage> {
  const stage = new Stage();
  stage.repository.commit({
    left: [configMap('moving'), configMap('stays')],
    right: [configMap('other')],
  });
  stage.apply('left');
  stage.apply('right');
  await stage.start();
  await stage.quiet();
  return stage;
}

function move(stage: Stage): void {
  stage.repository.commit({ left: [configMap('stays')], right: [configMap('other'), configMap('moving')] });
}

function uidOfMoving(stage: Stage): unknown {
  return stage.cluster.peek(configMapRef('moving'))?.metadata['uid'];
}

function names(stage: Stage, application: string): string[] {
  return stage.record(application).map(({ ref }) => ref.name);
}

describe('a manifest that moves to another Application', () => {
  it('keeps its object, which changes hands', async () => {
    await using stage = await started();
    const uid = uidOfMoving(stage);
    assert.notEqual(uid, undefined);
    move(stage);
    await stage.quiet();
    await stage.advance(60_000);
    assert.equal(uidOfMoving(stage), uid);
    assert.deepEqual(names(stage, 'left'), ['stays']);
    assert.deepEqual(names(stage, 'right'), ['moving', 'other']);
    assert.deepEqual([stage.ready('left'), stage.ready('right')], ['True Healthy', 'True Healthy']);
  });

  it('is not deleted while the other one cannot be rendered, however it got there', async () => {
    await using stage = await started();
    const uid = uidOfMoving(stage);
    stage.repository.commit({ right: [configMap('other'), configMap('moving')] });
    await stage.quiet();
    assert.equal(stage.condition('right', 'SharedResource')?.status, 'True', 'of two that desire it one writes');
    stage.repository.failures.set('right', failing);
    stage.repository.commit({ left: [configMap('stays')] });
    await stage.quiet();
    assert.equal(uidOfMoving(stage), uid, 'the newest render of the other one desired it');
    stage.repository.failures.clear();
    await stage.advance(60_000);
    assert.equal(uidOfMoving(stage), uid);
    assert.deepEqual(names(stage, 'left'), ['stays']);
    assert.deepEqual(names(stage, 'right'), ['moving', 'other']);
  });

  it('is deleted when the other one gives it up before it has written it', async () => {
    await using stage = await started();
    stage.edit('right', (application) => ({
      ...application,
      metadata: { ...application.metadata, annotations: { 'evenkeel.dev/skip-reconcile': 'true' } },
    }));
    await stage.quiet();
    move(stage);
    await stage.quiet();
    stage.cluster.remove(applicationRef('right'));
    await stage.quiet();
    assert.equal(uidOfMoving(stage), undefined);
    assert.deepEqual(names(stage, 'left'), ['stays']);
  });

  it('of another repository keeps its object, though nobody has seen the commit that adds it', async () => {
    await using stage = await started();
    const source = { repoURL: 'https://git.example.com/other.git', path: 'right' };
    stage.respec('right', { ...automated, source });
    await stage.quiet();
    const uid = uidOfMoving(stage);
    stage.repository.seen.set('right', stage.repository.newest);
    stage.repository.commit({ right: [configMap('other'), configMap('moving')] });
    await stage.quiet();
    stage.repository.commit({ left: [configMap('stays')] });
    await stage.quiet();
    await stage.advance(60_000);
    assert.equal(uidOfMoving(stage), uid);
    assert.deepEqual([names(stage, 'left'), names(stage, 'right')], [['stays'], ['moving', 'other']]);
  });

  for (const [retry, deleted] of [
    ['backoff', []],
    ['interval', ['delete ConfigMap moving']],
  ] as const) {
    it(`a new Application whose source fails, to be tried again by ${retry}, holds back ${deleted.length === 0 ? 'every' : 'no'} deletion`, async () => {
      await using stage = await started();
      const error = new OperatorError('made to fail', { step: 'source', reason: 'GitUnavailable', retry });
      stage.repository.failures.set('third', error);
      stage.apply('third');
      await stage.quiet();
      const mark = stage.mark;
      stage.repository.commit({ left: [configMap('stays')] });
      await stage.quiet();
      assert.deepEqual(stage.since(mark, isManagedWrite), deleted);
      stage.repository.failures.clear();
      await stage.advance(200_000);
      assert.equal(uidOfMoving(stage), undefined);
    });
  }

  it('survives any order of moves and restarts, as long as one of the two has it', async () => {
    const step = fc.constantFrom('left', 'right', 'both', 'restart', 'fail right', 'repair', 'wait');
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 8 }), async (steps) => {
        await using stage = await started();
        const uid = uidOfMoving(stage);
        for (const one of steps) {
          await take(one, stage);
          assert.equal(uidOfMoving(stage), uid, one);
        }
        stage.repository.failures.clear();
        move(stage);
        await stage.quiet();
        await stage.advance(120_000);
        assert.equal(uidOfMoving(stage), uid);
        assert.deepEqual([names(stage, 'left'), names(stage, 'right')], [['stays'], ['moving', 'other']]);
      }),
      { numRuns: 25 },
    );
  });
});

async function take(step: string, stage: Stage): Promise<void> {
  const left = [configMap('stays'), ...(step === 'right' ? [] : [configMap('moving')])];
  const right = [configMap('other'), ...(step === 'left' ? [] : [configMap('moving')])];
  if (step === 'left' || step === 'right' || step === 'both') stage.repository.commit({ left, right });
  if (step === 'fail right') stage.repository.failures.set('right', failing);
  if (step === 'repair') stage.repository.failures.clear();
  if (step === 'restart') {
    await stage.stop();
    await stage.start();
  }
  if (step === 'wait') await stage.advance(30_000);
  await stage.quiet();
}
