import type { Figure } from './figures.ts';
import type { Promised } from './promises.ts';

/** A figure beside what is promised of it; `holds` is absent where nothing is, or not at this size. */
export interface Verdict {
  readonly workload: string;
  readonly figure: string;
  /** Absent when it was promised and not measured. */
  readonly measured?: Figure;
  readonly promised?: Promised;
  readonly holds?: boolean;
}

export interface Judged {
  /** Names of the workloads that were run, also of those that failed. */
  readonly workloads: readonly string[];
  readonly isFullSize: boolean;
}

/** A promise about a workload that was run and yields no such figure is broken: what is not measured does not hold. */
export function judge(figures: readonly Figure[], promises: readonly Promised[], judged: Judged): Verdict[] {
  const due = promises.filter(
    ({ workload, fullSizeOnly }) => judged.workloads.includes(workload) && (judged.isFullSize || fullSizeOnly !== true),
  );
  const verdicts = figures.map((measured) => {
    const promised = due.find((one) => isAbout(one, measured));
    return { ...nameOf(measured), measured, ...(promised && { promised, holds: holds(measured, promised) }) };
  });
  const missing = due.filter((promised) => !figures.some((measured) => isAbout(promised, measured)));
  return [...verdicts, ...missing.map((promised) => ({ ...nameOf(promised), promised, holds: false }))];
}

/** A workload that failed is never success; a promise that falls short is none where it is asked for. */
export function exitCodeOf(
  verdicts: readonly Verdict[],
  run: { readonly failed: boolean; readonly check: boolean },
): 0 | 1 {
  return run.failed || (run.check && fallsShort(verdicts)) ? 1 : 0;
}

function fallsShort(verdicts: readonly Verdict[]): boolean {
  return verdicts.some(({ holds: isKept }) => isKept === false);
}

function nameOf({ workload, figure }: Verdict | Promised | Figure): Pick<Verdict, 'workload' | 'figure'> {
  return { workload, figure };
}

function isAbout(promised: Promised, measured: Figure): boolean {
  return promised.workload === measured.workload && promised.figure === measured.figure;
}

/** A figure that is not a number is worse than any limit. */
function holds({ value, ratio }: Figure, { atMost, ofFloor }: Promised): boolean {
  const isWithin = (figure: number, limit: number | undefined): boolean => limit === undefined || figure <= limit;
  return isWithin(value, atMost) && isWithin(ratio ?? Number.NaN, ofFloor);
}
