import { inOrder } from '../diff/diff.ts';
import { OperatorError } from '../model/errors.ts';
import type { Change, Plan } from '../model/plan.ts';
import type { ApplyContext } from './context.ts';
import { recordOf } from './context.ts';
import { isNamespace, providedBy } from './definitions.ts';
import { throwAll } from './errors.ts';
import { inParallel } from './in-parallel.ts';
import type { Settling } from './settle.ts';
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
  const namespaces = plan.changes.filter(({ ref }) => isNamespace(ref));
  const others = plan.changes.filter(({ ref }) => !isNamespace(ref));
  // Namespaces first: there is nothing to ask about what will be in one that is yet to be created.
  const first = await inParallel(namespaces, (change) => decide(change, { ...settling, missing: new Set() }));
  const missing = new Set(first.filter(isChange).flatMap(({ kind, ref }) => (kind === 'create' ? [ref.name] : [])));
  const rest = await inParallel(others, (change) => decide(change, { ...settling, missing }));
  const outcomes = [...first, ...rest];
  throwAll(outcomes.flatMap(errorsOf));
  return { ...plan, changes: inOrder(outcomes.filter(isChange), context) };
}

async function decide(change: Change, settling: Settling): Promise<Change | OperatorError> {
  if (change.kind === 'refuse') return change.error;
  return isWrite(change) ? settle(change, settling).catch(expected) : change;
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
