import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { exitCodeOf, judge, type Verdict } from '../../bench/check.ts';
import { figuresOf, type Reading } from '../../bench/figures.ts';
import { promises, type Promised } from '../../bench/promises.ts';
import { tableOf } from '../../bench/table.ts';
import { workloads } from '../../bench/workloads.ts';

const time = (value: number, floor?: number): Reading => ({ figure: 'time', unit: 's', value, floor });
const full = { workloads: ['install'], isFullSize: true };

function verdictOn(readings: readonly Reading[], promised: Omit<Promised, 'workload' | 'figure'>): boolean | undefined {
  const promise = { workload: 'install', figure: 'time', ...promised };
  const figures = figuresOf(
    'install',
    readings.map((reading) => [reading]),
  );
  return judge(figures, [promise], full)[0]?.holds;
}

const fallsShort = (verdicts: readonly Verdict[]): boolean =>
  exitCodeOf(verdicts, { failed: false, check: true }) === 1;

describe('the figures of several runs', () => {
  it('are medians, and the ratio is that of the runs, each beside its own floor', () => {
    const [figure] = figuresOf('install', [[time(10, 5)], [time(30, 10)], [time(12, 12)]]);
    assert.deepEqual(figure, {
      ...{ workload: 'install', figure: 'time', unit: 's' },
      ...{ runs: [10, 30, 12], value: 12, floor: 10, ratio: 2 },
    });
  });

  it('have no floor where nothing can be compared', () => {
    const [figure] = figuresOf('idle', [[time(1)]]);
    assert.ok(figure !== undefined && !('floor' in figure) && !('ratio' in figure));
  });
});

describe('the check', () => {
  it('holds a figure against a limit, the limit included', () => {
    assert.equal(verdictOn([time(2)], { atMost: 2 }), true);
    assert.equal(verdictOn([time(2.01)], { atMost: 2 }), false);
    assert.equal(verdictOn([time(Number.NaN)], { atMost: 2 }), false);
  });

  it('holds a figure against its floor', () => {
    assert.equal(verdictOn([time(15, 10)], { ofFloor: 1.5 }), true);
    assert.equal(verdictOn([time(16, 10)], { ofFloor: 1.5 }), false);
    assert.equal(verdictOn([time(1)], { ofFloor: 1.5 }), false, 'without a floor nothing holds');
  });

  it('takes a promise as broken when its workload ran and did not measure it', () => {
    const promise = { workload: 'install', figure: 'time', atMost: 2 };
    const verdicts = judge([], [promise], full);
    assert.equal(fallsShort(verdicts), true);
    assert.match(tableOf(verdicts), /not measured .* FALLS SHORT/);
    assert.deepEqual(judge([], [promise], { workloads: ['idle'], isFullSize: true }), []);
  });

  it('holds what names a size against that size only', () => {
    const promise: Promised = { workload: 'install', figure: 'time', atMost: 2, fullSizeOnly: true };
    const figures = figuresOf('install', [[time(3)]]);
    assert.equal(fallsShort(judge(figures, [promise], full)), true);
    assert.equal(fallsShort(judge(figures, [promise], { ...full, isFullSize: false })), false);
  });

  it('lets what nobody promised be as it is', () => {
    const verdicts = judge(figuresOf('install', [[time(3)]]), [], full);
    assert.equal(fallsShort(verdicts), false);
    assert.match(tableOf(verdicts), /install .* time .* 3 s/);
  });
});

describe('the exit code', () => {
  const broken = judge([], [{ workload: 'install', figure: 'time', atMost: 2 }], full);

  it('is 1 when a promise falls short, and the check was asked for', () => {
    assert.equal(exitCodeOf(broken, { failed: false, check: true }), 1);
    assert.equal(exitCodeOf(broken, { failed: false, check: false }), 0);
    assert.equal(exitCodeOf([], { failed: false, check: true }), 0);
  });

  it('is 1 when a workload failed, whatever was asked for', () => {
    assert.equal(exitCodeOf([], { failed: true, check: false }), 1);
  });
});

describe('the promises', () => {
  it('name workloads that exist, one limit each', () => {
    const names = new Set(workloads.map(({ name }) => name));
    for (const { workload, figure, atMost, ofFloor } of promises) {
      assert.ok(names.has(workload), workload);
      assert.ok((atMost === undefined) !== (ofFloor === undefined), `${workload}: ${figure}`);
    }
  });

  it('say nothing twice', () => {
    const all = promises.map(({ workload, figure }) => `${workload}: ${figure}`);
    assert.equal(new Set(all).size, all.length);
  });
});
