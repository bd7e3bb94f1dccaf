import type { VerdictField } from '../../model/health.ts';

/** A rule for well-known kinds: the expressions of a health check, for several kinds. */
export interface WellKnownRule extends Readonly<Partial<Record<VerdictField | 'message', string>>> {
  /** `group/Kind`; in both `*` stands for any text. */
  readonly kinds: readonly string[];
}
