import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { KubeObject } from '../../src/model/object.ts';
import { uidOf } from '../../src/model/object.ts';
import type { FakeRequest } from '../fakes/cluster.ts';
import { configMap, configMapRef, Stage } from './stage.ts';

const names = ['a', 'b', 'c', 'd', 'e'];
const tree = fc.dictionary(fc.constantFrom(...names), fc.constantFrom('1', '2'), { minKeys: 1 });
type Tree = Readonly<Record<string, string>>;

function objectsOf(wanted: Tree): KubeObject[] {
  return Object.entries(wanted).map(([name, k]) => configMap(name, { k }));
}

/** Everything after the n-th request from now on fails, as for a process that is killed. */
function killAfter(stage: Stage, n: number, isExecuted: boolean): void {
  let left = n;
  stage.cluster.beforeAnswer = () => {
    if (left === 1 && !isExecuted) stage.cluster.fail(() => true, 'unavailable');
    if (left === 1) stage.cluster.mayWrite = false;
    left -= 1;
    return Promise.resolve();
  };
}

function revive(stage: Stage): void {
  stage.cluster.beforeAnswer = () => Promise.resolve();
  stage.cluster.recover();
  stage.cluster.mayWrite = true;
}

function checkConverged(stage: Stage, wanted: Tree): void {
  const sorted = Object.keys(wanted).sort();
  assert.deepEqual(stage.maps(), sorted, 'live = desired');
  for (const [name, k] of Object.entries(wanted))
    assert.deepEqual(stage.cluster.peek(configMapRef(name))?.['data'], { k });
  const record = stage.record('shop');
  assert.deepEqual(
    record.map(({ ref }) => ref.name),
    sorted,
    'record = desired',
  );
  for (const { ref, uid } of record) {
    const live = stage.cluster.peek(ref);
    assert.equal(uid, live === undefined ? undefined : uidOf(live));
  }
  assert.equal(stage.ready('shop'), 'True Healthy');
}

const isRequest = ({ verb }: FakeRequest): boolean => verb !== 'watch';

const spec = { syncPolicy: { automated: { prune: true, selfHeal: true } }, prune: { guard: { maxPercent: 100 } } };

const story = fc.record({
  first: tree,
  second: tree,
  /** What Git says when the operator is back: what was half created by then may be wanted no more. */
  third: tree,
  /** By somebody, just before: the operator is killed while it creates them anew. */
  deleted: fc.subarray(names),
  killedAfter: fc.integer({ min: 1, max: 20 }),
  isExecuted: fc.boolean(),
});

describe('an operator that is killed at any request', () => {
  it('goes on after the next start: record, cluster and Git agree, and nothing else was touched', async () => {
    await fc.assert(
      fc.asyncProperty(story, async ({ first, second, third, deleted, killedAfter, isExecuted }) => {
        await using stage = new Stage();
        stage.repository.commit({ shop: objectsOf(first) });
        stage.apply('shop', { spec });
        await stage.start();
        await stage.quiet();
        checkConverged(stage, first);
        const former = new Map(stage.record('shop').map(({ ref, uid }) => [ref.name, uid]));
        // Two applies of the same fields within one second leave the same fingerprint.
        await stage.advance(2_000);
        killAfter(stage, killedAfter, isExecuted);
        for (const name of deleted) stage.cluster.remove(configMapRef(name));
        // What is created anew and what the commit says of it are the same: the two applies are within one second.
        const same = Object.entries(first).filter(([name]) => name in second && deleted.includes(name));
        stage.repository.commit({ shop: objectsOf({ ...second, ...Object.fromEntries(same) }) });
        await stage.quiet();
        await stage.stop();
        revive(stage);
        stage.repository.commit({ shop: objectsOf(third) });
        await stage.start();
        await stage.quiet();
        await stage.advance(20_000);
        checkConverged(stage, third);
        for (const { ref, uid } of stage.record('shop'))
          if (ref.name in second && !deleted.includes(ref.name))
            assert.equal(former.get(ref.name) ?? uid, uid, 'no uid changed');
        const mark = stage.mark;
        await stage.advance(60_000);
        assert.deepEqual(stage.since(mark, isRequest), [], 'and then it rests');
      }),
      { numRuns: 60 },
    );
  });
});
