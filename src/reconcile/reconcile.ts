import { applyPlan, dependenciesOutside } from '../apply/apply.ts';
import { cascades, isSuspended } from '../model/application.ts';
import type { ApplicationKey } from '../model/installation.ts';
import type { Outcome } from '../model/outcome.ts';
import { begin } from './requests/begin.ts';
import { takeHold } from './requests/hold.ts';
import { judgeHooksAgain } from './hooks/plan-hooks.ts';
import { creationsOf, decide, readLive } from './decide.ts';
import { hookRunOf } from './hooks/hook-runs.ts';
import { judge } from './health/judge.ts';
import { loadDesired } from './load.ts';
import { contextOf } from './context.ts';
import type { Ports } from './ports.ts';
import type { Reconciling, ReconcilingOptions } from './start.ts';
import { start } from './start.ts';
import { healthsAfter, settle } from './settle.ts';

/**
 * Moves one Application one step closer to what Git says. Safe to call at any time, any number of times.
 * Throws OperatorError for everything that was to be expected, and only the worker catches it.
 */
async function reconcile(key: ApplicationKey, ports: Ports, signal: AbortSignal): Promise<Outcome> {
  const app = await begin(key, ports, signal);
  if (app === undefined) return { kind: 'gone', key };
  if (app.deleting && !cascades(app)) return { kind: 'abandoned', app };
  if (isSuspended(app, ports.clock.now()) && !app.deleting) return { kind: 'suspended', app };

  // Deleting is a sync to the empty set: same path, and it must not need Git.
  const desired = await loadDesired(app, ports, signal);
  await takeHold(app, ports);
  const run = hookRunOf(app, desired, ports);
  const hooked = { app, desired, ...(run === undefined ? {} : { run }) };
  const live = await readLive(hooked, ports, signal);
  const plan = await decide({ ...hooked, live }, ports, signal);

  // Claim before the first creation: a crash between may not orphan an object.
  await ports.status.claim(app, creationsOf(app, plan, ports.installation), desired.revision, plan.hooks?.run);
  const outside = await ports.outside.look(app.key, dependenciesOutside(plan), signal);
  const context = contextOf(app, ports, signal, { desired: desired.objects });
  const applied = await applyPlan(plan, { ...context, outside });
  ports.triedOut.keep(app, applied);
  const { progressMs } = app.spec.timeouts;
  const objects = await judge({ app, progressMs, objects: healthsAfter(desired, applied, ports) }, ports, signal);
  judgeHooksAgain(app.key, applied, ports);
  return settle(app, desired, applied, objects);
}

/** Keeps every Application of the cluster as Git says until it is disposed. Resolves when it has begun to work. */
export function startReconciling(options: ReconcilingOptions, signal: AbortSignal): Promise<Reconciling> {
  return start(options, reconcile, signal);
}

export type { CauseOptions } from './health/root-cause.ts';
export type { Reconciling, ReconcilingOptions };
