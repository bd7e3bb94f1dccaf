import type { Workload } from '../workload.ts';

/** The event loop and /metrics while the shared fleet is synced for the first time. */
export const firstSync: Workload = {
  name: 'first sync',
  once: true,
  measure: async (bench) => (await bench.fleet()).firstSync,
};
