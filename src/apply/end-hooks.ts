import { isCreatedBy } from '../diff/diff.ts';
import type { HookRun } from '../model/hook-run.ts';
import { clearHook } from './clear-hook.ts';
import type { ApplyContext } from './context.ts';
import { requestOptions } from './context.ts';
import { operatorErrorOf } from './errors.ts';
import { inParallel } from './in-parallel.ts';

/** Deletes the hooks of a run that have not ended: the run is given up. Throws OperatorError. */
export async function endHooks(run: HookRun, context: ApplyContext): Promise<void> {
  const { app, cluster, installation } = context;
  const running = run.hooks.filter(({ state }) => state === 'Running');
  await inParallel(running, async ({ phase, group, kind, namespace, name }) => {
    const ref = { group, kind, namespace, name };
    const served = cluster.kinds.find(ref);
    if (served.state !== 'served') return;
    try {
      const live = await cluster.read({ ...ref, apiVersion: served.kind.apiVersion }, requestOptions(context));
      const owner = { key: app.key, installation };
      if (live !== undefined && isCreatedBy(live, { run, phase, owner })) await clearHook(live, context);
    } catch (error) {
      throw operatorErrorOf(error, { step: 'prune', ref });
    }
  });
}
