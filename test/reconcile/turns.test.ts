import assert from 'node:assert/strict';
import { it } from 'node:test';
import { Turns } from '../../src/reconcile/turns.ts';

it('each of many that wait gets a turn of the event loop of its own', async () => {
  const turns = new Turns();
  let turn = 0;
  const count = (): void => {
    turn += 1;
    next = setImmediate(count);
  };
  let next = setImmediate(count);
  const taken = await Promise.all([1, 2, 3].map(() => turns.next().then(() => turn)));
  clearImmediate(next);
  assert.equal(new Set(taken).size, 3, `turns ${taken.join(', ')}`);
});
