import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { exponent, median, percentile } from '../../bench/statistics.ts';

describe('statistics of measurements', () => {
  it('the percentile is a value that was measured, by nearest rank', () => {
    const values = Array.from({ length: 200 }, (_, index) => 200 - index);
    assert.deepEqual(
      [0, 1, 50, 99, 99.5, 100].map((percent) => percentile(values, percent)),
      [1, 2, 100, 198, 199, 200],
    );
    assert.equal(percentile([7], 99), 7);
    assert.ok(Number.isNaN(percentile([], 50)));
  });

  it('the median is the one in the middle, of two the lower one', () => {
    assert.equal(median([9, 1, 5]), 5);
    assert.equal(median([4, 1, 3, 2]), 2);
  });

  it('no percentile depends on the order, nor changes it', () => {
    const values = fc.array(fc.double({ noNaN: true }), { minLength: 1 });
    fc.assert(
      fc.property(values, fc.integer({ min: 0, max: 100 }), (all, percent) => {
        const before = [...all];
        assert.equal(percentile(all, percent), percentile(all.toReversed(), percent));
        assert.deepEqual(all, before);
      }),
    );
  });

  it('the exponent tells linear from quadratic growth', () => {
    const sizes = [100, 300, 1_000];
    const of = (cost: (size: number) => number): string =>
      exponent(sizes.map((size) => ({ size, cost: cost(size) }))).toFixed(2);
    assert.deepEqual([of((n) => 3 * n), of((n) => 5 * n ** 2), of(() => 4)], ['1.00', '2.00', '0.00']);
  });
});
