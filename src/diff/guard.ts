import type { Application, PruneGuard } from '../model/application.ts';
import { sha256Hex } from '../model/hash.ts';
import { canonicalJson } from '../model/json.ts';
import type { Ref } from '../model/object.ts';
import { describeRef, refKey, uidOf } from '../model/object.ts';
import type { Change, ChangeOf, GuardVerdict, Plan } from '../model/plan.ts';
import { wasWritten } from '../model/record.ts';
import type { PlanInput } from './plan-input.ts';
import { isDefinition, isProtectedKind } from './protection.ts';

/** What a plan would destroy, at most named in a message. */
const mostNamed = 10;

/**
 * 16 hex digits that stand for exactly these destructive changes of this Application: kind of change, ref and live uid,
 * sorted, with the Application's uid. Empty when nothing is destroyed.
 */
export function planHash(changes: readonly Change[], applicationUid: string): string {
  const destructive = destructiveOf(changes);
  if (destructive.length === 0) return '';
  return sha256Hex(canonicalJson({ application: applicationUid, changes: destructive.sort() })).slice(0, 16);
}

/** The destructive changes as texts that name each object by its uid. */
export function destructiveOf(changes: readonly Change[]): string[] {
  return destructiveIn(changes).map(({ kind, ref, live }) => `${kind}|${refKey(ref)}|${uidOf(live)}`);
}

/**
 * The verdict of `spec.prune.guard` on a plan's deletions; undefined when they may be carried out. Deleting an
 * Application is its own approval, and its protected objects are released, not deleted.
 */
export function guardOf(input: PlanInput, changes: readonly Change[], hash: string): GuardVerdict | undefined {
  const { app } = input;
  const { guard } = app.spec;
  const destructive = destructiveIn(changes);
  if (destructive.length === 0 || app.deleting) return undefined;
  const refs = destructive.map(({ ref }) => ref);
  const recorded = recordedBefore(app);
  const size = { count: countOf(input, refs), of: recorded, what: whatHappens(destructive) };
  const why = [...(app.request?.prune === true ? [] : overLimits(size, guard)), ...protectedAmong(refs, guard)];
  if (why.length === 0 || isApproved(input, hash) || isRestOfApproved(input, changes)) return undefined;
  return {
    message: `${why.join('; ')}: ${list(refs)}. ${howToGoOn(input, hash)}`,
    destructive: refs,
    recorded,
    onTrip: guard.onTrip,
  };
}

/**
 * How many objects a percentage is of. What a sync adds makes what it deletes no smaller part: creations that were only
 * announced do not count, nor does what has come on record since a plan is held back.
 */
function recordedBefore({ record, status }: Application): number {
  const written = record.filter(wasWritten).length;
  return Math.min(written, status.plan?.recorded ?? written);
}

interface Size {
  readonly count: number;
  readonly of: number;
  readonly what: string;
}

function whatHappens(destructive: readonly Destructive[]): string {
  const kinds = new Set(destructive.map(({ kind }) => kind));
  if (!kinds.has('replace')) return 'deleted';
  return kinds.has('prune') ? 'deleted or replaced' : 'replaced (deleted and created anew)';
}

function overLimits({ count, of, what }: Size, { maxObjects, maxPercent }: PruneGuard): string[] {
  if (count > maxObjects)
    return [`${count} objects would be ${what}, more than prune.guard.maxObjects (${maxObjects})`];
  const percent = (100 * count) / of;
  if (of <= smallRecord || percent <= maxPercent) return [];
  return [`${count} of ${of} objects would be ${what}, more than prune.guard.maxPercent (${maxPercent} %)`];
}

/** Up to this many objects a percentage says nothing. */
const smallRecord = 10;

/** What is replaced is never of a protected kind. */
function protectedAmong(refs: readonly Ref[], guard: PruneGuard): string[] {
  const found = refs.filter((ref) => isProtectedKind(ref, guard.protectedKinds));
  return found.length === 0 ? [] : [`${list(found)} of a protected kind would be deleted`];
}

/** What goes with a pruned Namespace or CustomResourceDefinition is in that one's weight and not counted again. */
function countOf(input: PlanInput, refs: readonly Ref[]): number {
  const counted = refs.filter((ref) => !refs.some((container) => goesWith(ref, container)));
  return counted.reduce((total, ref) => total + Math.max(1, input.weightOf?.(ref) ?? 1), 0);
}

function goesWith(ref: Ref, container: Ref): boolean {
  if (container.group === '' && container.kind === 'Namespace') return ref.namespace === container.name;
  return isDefinition(container) && ref.group !== '' && container.name.endsWith(`.${ref.group}`);
}

/** Whether the plan with this hash is the one that somebody has approved, where that counts. */
export function isApproved({ app, installation }: Pick<PlanInput, 'app' | 'installation'>, hash: string): boolean {
  if (app.spec.guard.onTrip === 'Deny') return false;
  return approvalNames(installation.prefix).some((name) => app.annotations[name] === hash);
}

/** What is left of a plan that was approved and takes several runs. */
function isRestOfApproved({ approved }: PlanInput, changes: readonly Change[]): boolean {
  return approved !== undefined && destructiveOf(changes).every((change) => approved.has(change));
}

function approvalNames(prefix: string): string[] {
  return [`${prefix}approve`, 'evenkeel.dev/approve'];
}

function howToGoOn({ app }: PlanInput, hash: string): string {
  if (app.spec.guard.onTrip === 'Deny') return 'prune.guard.onTrip is Deny: delete by hand, or change the guard.';
  return `If that is meant: kubectl annotate applications.evenkeel.dev -n ${app.namespace} ${app.name} --overwrite evenkeel.dev/approve=${hash}`;
}

function list(refs: readonly Ref[]): string {
  const named = refs.slice(0, mostNamed).map(describeRef).join(', ');
  return refs.length > mostNamed ? `${named} and ${refs.length - mostNamed} more` : named;
}

type Destructive = ChangeOf<'prune'> | ChangeOf<'replace'>;

function destructiveIn(changes: readonly Change[]): Destructive[] {
  return changes.filter((change) => change.kind === 'prune' || change.kind === 'replace');
}

/**
 * A decided plan with the guard's verdict on what it turned out to destroy: a dry-run may have found that an object has
 * to be replaced. What is held back and not left out of the plan is kept as it is; prunes stay, and are not carried out.
 */
export function guarded(input: PlanInput, plan: Plan): Plan {
  const hash = planHash(plan.changes, input.app.uid);
  const guard = guardOf(input, plan.changes, hash);
  const { revision, digest } = plan;
  if (guard === undefined) return { revision, digest, changes: plan.changes, hash };
  const changes = plan.changes.map((change) => (change.kind === 'replace' ? held(change) : change));
  return { revision, digest, changes, hash, guard };
}

function held({ ref, desired, why }: ChangeOf<'replace'>): Change {
  const message = `would be deleted and created anew (${why}); held back by prune.guard`;
  return { kind: 'keep', ref, reason: 'guarded', message, desired };
}
