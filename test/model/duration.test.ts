import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import { describeDuration, parseDuration } from '../../src/model/duration.ts';

it('durations are written as people write them', () => {
  const shown = [0, 500, 4_000, 90_000, 600_000, 5_400_000, 3_661_001].map(describeDuration);
  assert.deepEqual(shown, ['0s', '500ms', '4s', '1m30s', '10m', '1h30m', '1h1m1s1ms']);
});

it('what is written is read as the same', () => {
  fc.assert(
    fc.property(fc.nat(10 ** 10), (ms) => {
      assert.equal(parseDuration(describeDuration(ms)), ms);
    }),
  );
});
