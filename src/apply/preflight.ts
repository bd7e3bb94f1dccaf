import { inOrder } from '../diff/diff.ts';
import { OperatorError } from '../model/errors.ts';
import { refKey } from '../model/object.ts';
import type { RefKey } from '../model/object.ts';
import type { Change, ChangeOf, Plan } from '../model/plan.ts';
import type { ApplyContext } from './context.ts';
import { recordOf } from './context.ts';
import { checkDefinition } from './definition-safety.ts';
import { isDefinition, isNamespace, kindsWritten, providedBy } from './definitions.ts';
import { throwAll } from './errors.ts';
import type { Existence } from './existence.ts';
import { lookForAll } from './existence.ts';
import { inParallel } from './in-parallel.ts';
import { observe } from './observe.ts';
import { OfflineCheck } from './offline-check.ts';
import { lackingPermissions } from './permissions.ts';
import type { Settling, Write } from './settle.ts';
import { created, deferred, hasToWait, isWrite, settle, settleShown } from './settle.ts';

/**
 * Decides every undecided change of a plan and finds out, before anything is written, what the cluster would refuse:
 * permissions that are missing, by asking its authorizers; everything else by a dry-run, or, of objects whose namespace or
 * kind the plan itself brings, by their schema (they stay `undecided` until their step starts).
 *
 * Guarantees: nothing is written; nothing is asked about what is in sync; all errors are reported, not only the first.
 * With `preflight: PerObject` only what a list leaves open is tried out, and what is refused is a `refuse` in the plan.
 * Throws OperatorError, or OperatorErrors when several objects are refused; with `PerObject` only for a bug.
 */
export async function preflight(plan: Plan, context: ApplyContext): Promise<Plan> {
  const outcomes = await checkAll(plan, context);
  if (context.app.spec.preflight === 'All') throwAll(outcomes.flatMap(({ error = [] }) => error));
  return { ...plan, changes: inOrder(outcomes.map(outcomeOf), context) };
}

/** One change after its checks: decided, or what is wrong with it. */
interface Checked {
  readonly change: Change;
  readonly error?: OperatorError;
}

/** An object that exists may turn out not to be ours to take. */
function checked(change: Change): Checked {
  return change.kind === 'refuse' ? { change, error: change.error } : { change };
}

function outcomeOf({ change, error }: Checked): Change {
  if (error === undefined || change.kind === 'refuse') return change;
  const desired = 'desired' in change ? { desired: change.desired } : {};
  return { kind: 'refuse', ref: change.ref, error, ...desired };
}

interface Checks extends Settling {
  readonly lacking: ReadonlyMap<RefKey, OperatorError>;
  readonly offline: OfflineCheck;
  /** What will be as Git has it, or gone, whatever it is like now. */
  readonly written: ReadonlySet<RefKey>;
}

/** Namespaces and definitions first: there is nothing to ask about what will be in, or of, one that is yet to come. */
async function checkAll(plan: Plan, context: ApplyContext): Promise<Checked[]> {
  const provided = providedBy(plan);
  const lacking = await lackingPermissions(plan, provided, context);
  const offline = new OfflineCheck(context, provided);
  const [missing, rewritten] = [new Set<string>(), new Set<string>()];
  const written = new Set(plan.changes.filter(willChange).map(({ ref }) => refKey(ref)));
  const checks = { context, provided, missing, rewritten, recorded: recordOf(context), lacking, offline, written };
  const namespaces = await checkEach(
    plan.changes.filter(({ ref }) => isNamespace(ref)),
    checks,
  );
  for (const { change } of namespaces) if (change.kind === 'create') missing.add(change.ref.name);
  const definitions = await checkEach(
    plan.changes.filter(({ ref }) => isDefinition(ref)),
    checks,
  );
  for (const kind of kindsWritten(definitions.map(({ change }) => change))) rewritten.add(kind);
  const others = plan.changes.filter(({ ref }) => !isNamespace(ref) && !isDefinition(ref));
  return [...namespaces, ...definitions, ...(await checkEach(others, checks))];
}

function willChange(change: Change): boolean {
  return isWrite(change) || change.kind === 'prune';
}

async function checkEach(changes: readonly Change[], checks: Checks): Promise<Checked[]> {
  const existence = await existenceOf(changes, checks);
  return inParallel(changes, async (change) => {
    try {
      return await check(change, checks, existence);
    } catch (error) {
      if (!(error instanceof OperatorError)) throw error;
      return { change, error };
    }
  });
}

async function check(change: Change, checks: Checks, existence: Existence | undefined): Promise<Checked> {
  const error = checks.lacking.get(refKey(change.ref));
  if (error !== undefined) return { change, error };
  if (change.kind === 'keep') return checked(await observe(change, checks.context));
  if (!isWrite(change)) return checked(change);
  if (hasToWait(change, checks)) return checkOffline(change, checks);
  if (isTriedOut(change, checks)) return { change: deferred(change) };
  const safe = await checkSafety(change, checks);
  const settled = await (existence === undefined ? settle(safe, checks) : settleByList(safe, checks, existence));
  if (settled.kind === 'undecided') return checkOffline(settled, checks);
  return checked(change.kind === 'undecided' ? await checkSafety(settled, checks) : settled);
}

/** It is tried out once more when its turn comes: somebody may have created it by then. */
function isTriedOut(change: Write, { context }: Checks): boolean {
  const comesFirst = isNamespace(change.ref) || isDefinition(change.ref);
  return context.app.spec.preflight === 'All' && !comesFirst && context.wasTriedOut?.(change) === true;
}

/** Before the server is asked, which would refuse some of it in words that do not help. */
async function checkSafety<C extends Change>(change: C, { context, written }: Checks): Promise<C | ChangeOf<'update'>> {
  return isDefinition(change.ref) && change.kind === 'update' ? checkDefinition(change, written, context) : change;
}

async function checkOffline(change: Write, { offline }: Checks): Promise<Checked> {
  const error = await offline.errorOf(change);
  return { change: deferred(change), ...(error === undefined ? {} : { error }) };
}

/** Only for `PerObject`. */
async function existenceOf(changes: readonly Change[], checks: Checks): Promise<Existence | undefined> {
  if (checks.context.app.spec.preflight === 'All') return undefined;
  const asked = changes.filter(isWrite).filter((change) => mayBeNew(change) && !hasToWait(change, checks));
  return lookForAll(asked, checks.context);
}

function mayBeNew(change: Write): boolean {
  return change.kind === 'create' || (change.kind === 'undecided' && change.question === 'exists');
}

async function settleByList(change: Write, checks: Checks, { present, absent }: Existence): Promise<Change> {
  const key = refKey(change.ref);
  if (change.kind === 'update') return change;
  if (absent.has(key)) return created(change);
  return present.has(key) ? settleShown(change, checks) : settle(change, checks);
}
