import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { sizesFor } from '../../bench/sizes.ts';
import type { SuiteResult } from '../../bench/suite.ts';
import { runSuite } from '../../bench/suite.ts';
import type { Workload } from '../../bench/workload.ts';

const sizes = { ...sizesFor({ quick: true }), warmUps: 1, runs: 3 };

/** Yields 1, 2, 3 …, one with each run. */
function counting(name: string, more: Partial<Workload> = {}): Workload {
  let runs = 0;
  const measure = (): Promise<{ figure: string; unit: 'requests'; value: number }[]> => {
    runs += 1;
    return Promise.resolve([{ figure: 'count', unit: 'requests', value: runs }]);
  };
  return { name, measure, ...more };
}

const failing: Workload = { name: 'failing', measure: () => Promise.reject(new Error('no cluster')) };

const deaf = { say: () => undefined, measured: () => Promise.resolve() };

describe('a run of the suite', () => {
  it('forgets the warm-up and keeps every run that counts', async () => {
    const { figures } = await runSuite([counting('one')], sizes, deaf);
    assert.deepEqual(figures[0]?.runs, [2, 3, 4]);
  });

  it('measures once what is to be measured once', async () => {
    const { figures } = await runSuite([counting('one', { once: true })], sizes, deaf);
    assert.deepEqual(figures[0]?.runs, [1]);
  });

  it('goes on after a workload that fails, and names it', async () => {
    const { figures, failures } = await runSuite([failing, counting('other')], sizes, deaf);
    assert.deepEqual(
      failures.map(({ workload }) => workload),
      ['failing'],
    );
    assert.deepEqual(
      figures.map(({ workload }) => workload),
      ['other'],
    );
  });

  it('tells after each workload what there is until then', async () => {
    const told: string[][] = [];
    const measured = ({ figures, failures }: SuiteResult): Promise<void> => {
      told.push([...figures, ...failures].map(({ workload }) => workload));
      return Promise.resolve();
    };
    await runSuite([counting('one'), failing], sizes, { ...deaf, measured });
    assert.deepEqual(told, [['one'], ['one', 'failing']]);
  });
});
