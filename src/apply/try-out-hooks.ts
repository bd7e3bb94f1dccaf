import { checkObject, hookBody } from '../diff/diff.ts';
import { ApiError } from '../model/api-error.ts';
import type { OperatorError } from '../model/errors.ts';
import type { HookChange } from '../model/hook-plan.ts';
import type { HookRun } from '../model/hook-run.ts';
import type { Plan } from '../model/plan.ts';
import type { ApplyContext } from './context.ts';
import type { Provided } from './definitions.ts';
import { providedBy } from './definitions.ts';
import { operatorErrorOf, throwAll } from './errors.ts';
import { inParallel } from './in-parallel.ts';
import { dryRun } from './write.ts';

/**
 * The preflight of hooks, before the first of them is begun: what may not be replaced, what no server takes, and, of
 * those that nothing is in the way of, what this server says to a dry-run.
 * Throws OperatorError, or OperatorErrors when several hooks are refused.
 */
export async function tryOutHooks(plan: Plan, context: ApplyContext): Promise<void> {
  const run = plan.hooks?.run;
  if (run === undefined || run.hooks.length > 0) return;
  const provided = providedBy(plan);
  const changes = plan.hooks?.changes ?? [];
  const errors = await inParallel(changes, (change) => tryOut(change, { run, provided, context }));
  throwAll(errors.flat());
}

interface Trial {
  readonly run: HookRun;
  readonly provided: Provided;
  readonly context: ApplyContext;
}

async function tryOut(change: HookChange, { run, provided, context }: Trial): Promise<OperatorError[]> {
  if (change.kind === 'refuse') return [change.error];
  if (change.kind !== 'begin') return [];
  const { ref, hook } = change;
  const { app, installation } = context;
  const body = hookBody(change, run, { key: app.key, installation });
  const flaws = checkObject(body, hook.origin);
  if (flaws.length > 0 || change.clears.length > 0) return flaws;
  try {
    await dryRun({ ref, body, desired: '', live: change.live, force: true }, context);
    return [];
  } catch (error) {
    if (error instanceof ApiError && comesFirst(error, change, provided)) return [];
    return [operatorErrorOf(error, { step: 'preflight', ref, origin: hook.origin })];
  }
}

/** The same plan brings its namespace or its kind. */
function comesFirst({ kind }: ApiError, { ref }: HookChange, provided: Provided): boolean {
  return (
    (kind === 'namespaceMissing' && provided.namespace(ref.namespace)) || (kind === 'notServed' && provided.kind(ref))
  );
}
