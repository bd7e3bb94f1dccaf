import Table from 'cli-table3';
import type { Verdict } from './check.ts';
import { written } from './table.ts';

/** How far the ratios of two runs of the suite may lie apart, in per cent of the former one. */
const mostPercent = 15;

/** A ratio to the floor in this run and in a former one. */
export interface Difference {
  readonly workload: string;
  readonly figure: string;
  readonly ratio: number;
  readonly former: number;
  readonly percent: number;
  readonly isClose: boolean;
}

/** Of every figure that has a floor in both; times and counts by themselves depend on the machine. */
export function compare(verdicts: readonly Verdict[], former: readonly Verdict[]): Difference[] {
  return verdicts.flatMap(({ workload, figure, measured }) => {
    const before = former.find((one) => one.workload === workload && one.figure === figure)?.measured?.ratio;
    if (measured?.ratio === undefined || before === undefined) return [];
    const percent = (100 * Math.abs(measured.ratio - before)) / before;
    return [{ workload, figure, ratio: measured.ratio, former: before, percent, isClose: percent < mostPercent }];
  });
}

export function differencesTable(differences: readonly Difference[]): string {
  const head = ['workload', 'figure', 'ratio', 'before', 'apart', ''];
  const table = new Table({ head, style: { head: [], border: [] } });
  for (const { workload, figure, ratio, former, percent, isClose } of differences)
    table.push([workload, figure, written(ratio), written(former), `${written(percent)} %`, isClose ? '' : 'DIFFERS']);
  return table.toString();
}
