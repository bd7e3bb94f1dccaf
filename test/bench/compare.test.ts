import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { judge, type Verdict } from '../../bench/check.ts';
import { compare, differencesTable } from '../../bench/compare.ts';
import { figuresOf } from '../../bench/figures.ts';

function verdictsOf(time: number): Verdict[] {
  const readings = [
    { figure: 'time', unit: 's', value: time, floor: 10 },
    { figure: 'CPU', unit: 'CPU s', value: time },
  ] as const;
  return judge(figuresOf('install', [readings]), [], { workloads: ['install'], isFullSize: true });
}

describe('the ratios of two runs', () => {
  it('are close below 15 % of the former one, either way; what has no floor is not compared', () => {
    const apart = (time: number): boolean[] => compare(verdictsOf(time), verdictsOf(20)).map(({ isClose }) => isClose);
    assert.deepEqual([apart(22.9), apart(23.1), apart(17.1), apart(16.9)], [[true], [false], [true], [false]]);
  });

  it('are shown side by side', () => {
    assert.match(
      differencesTable(compare(verdictsOf(30), verdictsOf(20))),
      /install .* time .* 3 .* 2 .* 50 % .* DIFFERS/,
    );
  });

  it('are left out where one run did not measure', () => {
    assert.deepEqual(compare(verdictsOf(20), []), []);
  });
});
