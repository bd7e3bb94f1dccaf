import type { Clock } from '../model/ports.ts';
import type { Log } from './logger.ts';
import type { Metrics } from './metrics.ts';

/** What an event is reported with. */
export interface Parts {
  readonly metrics: Metrics;
  readonly log: Log;
  readonly clock: Clock;
}

/**
 * The call, unable to throw: who reports what it did must not fail because reporting did (a log that cannot be written,
 * a value that is no number). The failure is counted as a bug.
 */
export function quietly<A extends readonly unknown[]>(parts: Parts, call: (...args: A) => void): (...args: A) => void {
  return (...args) => {
    try {
      call(...args);
    } catch {
      parts.metrics.bugs.inc();
    }
  };
}

/** Seconds for a metric; a clock that gave nonsense counts as no time. */
export function seconds(milliseconds: number): number {
  return Number.isFinite(milliseconds) && milliseconds > 0 ? milliseconds / 1000 : 0;
}
