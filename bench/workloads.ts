import type { Workload } from './workload.ts';
import { commit } from './workloads/commit.ts';
import { comparison } from './workloads/comparison.ts';
import { drift } from './workloads/drift.ts';
import { empty } from './workloads/empty.ts';
import { firstSync } from './workloads/first-sync.ts';
import { growth } from './workloads/growth.ts';
import { health } from './workloads/health.ts';
import { idle } from './workloads/idle.ts';
import { installs } from './workloads/install.ts';
import { lane } from './workloads/lane.ts';
import { memory } from './workloads/memory.ts';
import { restart } from './workloads/restart.ts';
import { takeOver } from './workloads/take-over.ts';

/**
 * In the order in which they are run; what works on the shared fleet leaves it in sync for the next. The restart comes
 * before the drifts, for what was corrected is read once more after a restart.
 */
export const workloads: readonly Workload[] = [
  health,
  empty,
  ...installs,
  growth,
  firstSync,
  restart,
  drift,
  commit,
  takeOver,
  lane,
  comparison,
  idle,
  memory,
];
