import { OperatorError } from '../model/errors.ts';
import type { Change, Plan } from '../model/plan.ts';
import type { ApplyContext } from './context.ts';
import { recordOf } from './context.ts';
import { providedBy } from './definitions.ts';
import { throwAll } from './errors.ts';
import { inParallel } from './in-parallel.ts';
import { isWrite, settle } from './settle.ts';

/**
 * Decides every undecided change of a plan, and tries out every write, by a dry-run at the server.
 *
 * Guarantees: nothing is written; nothing is asked about what is in sync; all errors are reported, not only the first;
 * the plan that comes back is decided, but for objects whose namespace or kind the plan itself brings (`undecided`
 * until their stage starts).
 * Throws OperatorError, or OperatorErrors when several objects are refused.
 */
export async function preflight(plan: Plan, context: ApplyContext): Promise<Plan> {
  const settling = { context, provided: providedBy(plan), recorded: recordOf(context) };
  const outcomes = await inParallel(plan.changes, async (change): Promise<Change | OperatorError> => {
    if (change.kind === 'refuse') return change.error;
    return isWrite(change) ? settle(change, settling).catch(expected) : change;
  });
  throwAll(outcomes.flatMap(errorsOf));
  return { ...plan, changes: outcomes.filter(isChange) };
}

/** An error that tells about one object; everything else ends the preflight. */
function expected(error: unknown): OperatorError {
  if (error instanceof OperatorError) return error;
  throw error;
}

/** An object that exists may turn out not to be ours to take. */
function errorsOf(outcome: Change | OperatorError): OperatorError[] {
  if (outcome instanceof OperatorError) return [outcome];
  return outcome.kind === 'refuse' ? [outcome.error] : [];
}

function isChange(outcome: Change | OperatorError): outcome is Change {
  return !(outcome instanceof OperatorError);
}
