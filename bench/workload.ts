import type { Reading } from './figures.ts';
import type { Sizes } from './sizes.ts';
import type { Fleet } from './stage/shared-fleet.ts';

/** What a run of the suite gives to its workloads. */
export interface Bench {
  readonly sizes: Sizes;
  /** Set up by the first that asks; the workloads leave it in sync. */
  fleet(): Promise<Fleet>;
  /** One line for who waits. */
  readonly say: (line: string) => void;
}

export interface Workload {
  readonly name: string;
  /** Too long, or with too little noise, to be measured more than once. */
  readonly once?: true;
  /** One run. */
  measure(bench: Bench): Promise<readonly Reading[]>;
}
