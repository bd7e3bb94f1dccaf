import { setTimeout as sleep } from 'node:timers/promises';

export interface Patience {
  /** Milliseconds after which waiting fails; generous by default, for it only costs time when something is broken. */
  readonly within?: number;
  /** Milliseconds between two probes. */
  readonly every?: number;
}

/**
 * Polls until the probe answers something other than `undefined` or `false`, and returns it.
 *
 * A probe that throws counts as "not yet"; its last error is the cause of the failure when the deadline passes.
 */
export async function eventually<T>(
  what: string,
  probe: () => Promise<T | undefined | false> | T | undefined | false,
  patience: Patience = {},
): Promise<T> {
  const within = patience.within ?? 120_000;
  const deadline = performance.now() + within;
  let cause: unknown;
  for (;;) {
    try {
      const answer = await probe();
      if (answer !== undefined && answer !== false) return answer;
      cause = undefined;
    } catch (error) {
      cause = error;
    }
    if (performance.now() > deadline) {
      throw new Error(`waited ${within} ms in vain: ${what}`, cause === undefined ? {} : { cause });
    }
    await sleep(patience.every ?? 50);
  }
}
