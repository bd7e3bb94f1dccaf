import type { DriftEntry, KnownApplication } from '../../model/application.ts';
import type { Override } from '../../model/outcome.ts';

/** What all of a status is made from, besides the run's own result. */
export interface StatusInput<A extends KnownApplication = KnownApplication> {
  readonly app: A;
  readonly drift: readonly DriftEntry[];
  /** Of all objects; undefined: nothing is known but what status says. */
  readonly overrides: readonly Override[] | undefined;
  /** RFC 3339. */
  readonly now: string;
  /** Failures in a row, this one included. */
  readonly attempt: number;
  /** Tries that the retry policy still grants; an operation goes on while it is not 0. */
  readonly triesLeft: number;
  /** Objects with our marks that nobody recorded. */
  readonly unexplained: number;
}
