import Table from 'cli-table3';
import type { Verdict } from './check.ts';
import type { Figure, Unit } from './figures.ts';
import type { Promised } from './promises.ts';

const head = ['workload', 'figure', 'measured', 'runs', 'floor', 'promise', ''];

/** One row per figure, for people. */
export function tableOf(verdicts: readonly Verdict[]): string {
  const table = new Table({ head, style: { head: [], border: [] } });
  for (const verdict of verdicts) table.push(rowOf(verdict));
  return table.toString();
}

function rowOf({ workload, figure, measured, promised, holds }: Verdict): string[] {
  return [
    workload,
    figure,
    measured === undefined ? 'not measured' : `${written(measured.value)} ${measured.unit}`,
    measured === undefined || measured.runs.length === 1 ? '' : spread(measured.runs),
    measured?.floor === undefined ? '' : floorText(measured),
    promised === undefined ? '' : promiseText(promised, measured?.unit),
    holds === undefined ? '' : holds ? 'holds' : 'FALLS SHORT',
  ];
}

function spread(runs: readonly number[]): string {
  return `${written(Math.min(...runs))} – ${written(Math.max(...runs))}`;
}

function floorText({ floor = Number.NaN, ratio = Number.NaN, unit }: Figure): string {
  return `${written(floor)} ${unit}, × ${written(ratio)}`;
}

function promiseText({ atMost, ofFloor }: Promised, unit: Unit | undefined): string {
  if (ofFloor !== undefined) return `≤ ${ofFloor} × floor`;
  return `≤ ${String(atMost)} ${unit ?? ''}`.trim();
}

/** Three digits that mean something. */
export function written(value: number): string {
  return Number.isInteger(value) || Math.abs(value) >= 100 ? value.toFixed(0) : value.toPrecision(3);
}
