import { median } from './statistics.ts';

export type Unit = 's' | 'ms' | 'ns' | 'MiB' | 'KiB' | 'CPU s' | '% of a core' | 'requests' | 'renders' | 'exponent';

/** One number of one run of a workload. */
export interface Reading {
  readonly figure: string;
  readonly unit: Unit;
  readonly value: number;
  /** What a bare client needed for the same in the same run, in the same unit. */
  readonly floor?: number | undefined;
}

/** What several runs of a workload say about one figure. */
export interface Figure {
  readonly workload: string;
  readonly figure: string;
  readonly unit: Unit;
  readonly runs: readonly number[];
  /** Median of the runs. */
  readonly value: number;
  /** Median of the floors. */
  readonly floor?: number;
  /** Median of value by floor, each of one run. */
  readonly ratio?: number;
}

/** Gathers the readings of all runs of a workload by figure, in the order in which they were first made. */
export function figuresOf(workload: string, runs: readonly (readonly Reading[])[]): Figure[] {
  const byFigure = Map.groupBy(runs.flat(), ({ figure }) => figure);
  return [...byFigure.values()].flatMap((readings) =>
    readings[0] === undefined ? [] : [combined(workload, readings)],
  );
}

function combined(workload: string, readings: readonly Reading[]): Figure {
  const { figure = '', unit = 's' } = readings[0] ?? {};
  const runs = readings.map(({ value }) => value);
  const floored = readings.flatMap(({ value, floor }) => (floor === undefined ? [] : [{ value, floor }]));
  return {
    ...{ workload, figure, unit, runs, value: median(runs) },
    ...(floored.length === 0
      ? {}
      : {
          floor: median(floored.map(({ floor }) => floor)),
          ratio: median(floored.map((one) => one.value / one.floor)),
        }),
  };
}
