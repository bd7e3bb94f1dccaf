/** Runs the task for every item, at most `limit` at a time. The first failure ends it when the running ones are done. */
export async function eachBounded<T>(
  items: readonly T[],
  limit: number,
  task: (item: T) => Promise<void>,
): Promise<void> {
  const queue = items.values();
  let failed = false;
  const lane = async (): Promise<void> => {
    for (const item of queue) {
      if (failed) return;
      await task(item);
    }
  };
  const stopOthers = (error: unknown): never => {
    failed = true;
    throw error;
  };
  const lanes = Array.from({ length: Math.min(limit, items.length) }, () => lane().catch(stopOthers));
  const results = await Promise.allSettled(lanes);
  for (const result of results) if (result.status === 'rejected') throw result.reason;
}
