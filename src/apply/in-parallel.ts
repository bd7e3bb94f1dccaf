/** How many requests about managed objects are under way at once: 8 give 70-95 % of what 32 give, at a third of the latency. */
const concurrency = 8;

/**
 * Calls `work` for every item, at most 8 at a time, and returns the results in the order of the items.
 * The first error is thrown after those under way have ended: nothing goes on behind the caller's back.
 */
export async function inParallel<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results = new Map<number, R>();
  const queue = items.entries();
  const lane = async (): Promise<void> => {
    for (const [index, item] of queue) results.set(index, await work(item));
  };
  const lanes = Array.from({ length: Math.min(concurrency, items.length) }, lane);
  const failed = (await Promise.allSettled(lanes)).find((outcome) => outcome.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
  return [...results].sort(([a], [b]) => a - b).map(([, result]) => result);
}
