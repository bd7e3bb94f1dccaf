import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { inParallel } from '../../src/apply/in-parallel.ts';
import { settled } from '../fakes/clock.ts';

describe('inParallel', () => {
  it('runs 8 at a time and keeps the order of the items', async () => {
    const gates: PromiseWithResolvers<void>[] = [];
    const items = Array.from({ length: 20 }, (_, index) => index);
    const running = inParallel(items, async (item) => {
      const gate = Promise.withResolvers<undefined>();
      gates.push(gate as PromiseWithResolvers<void>);
      await gate.promise;
      return item * 2;
    });
    for (let opened = 0; opened < items.length; opened++) {
      await settled();
      assert.equal(gates.length, Math.min(items.length, opened + 8));
      gates[opened]?.resolve();
    }
    assert.deepEqual(
      await running,
      items.map((item) => item * 2),
    );
  });

  it('throws the first error after what was under way has ended', async () => {
    const ended: number[] = [];
    const work = async (item: number): Promise<void> => {
      await settled();
      ended.push(item);
      if (item === 0) throw new Error('the first');
    };
    await assert.rejects(inParallel([0, 1, 2], work), /the first/);
    assert.deepEqual(ended.sort(), [0, 1, 2]);
  });

  it('does nothing with nothing', async () => {
    assert.deepEqual(await inParallel([], () => Promise.reject(new Error('never'))), []);
  });
});
