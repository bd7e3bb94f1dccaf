import type { ConflictAction, ConflictPolicy, ConflictRule, Yielded } from '../model/differences.ts';
import { OperatorError } from '../model/errors.ts';
import type { FieldWriter } from '../model/live.ts';
import type { Ref } from '../model/object.ts';
import { describeRef } from '../model/object.ts';
import { matchesWildcard } from '../model/wildcard.ts';
import type { Finding } from './finding.ts';
import { ownersOf } from './place.ts';

/** What the findings of one object come to under a policy. */
export interface Settlement {
  /** What is to be put right. */
  readonly ours: readonly Finding[];
  /** What stays as its owner has it. */
  readonly theirs: readonly Finding[];
  /** Present when a conflict is not to be settled by the operator. */
  readonly refusal?: OperatorError;
}

export interface Contest {
  readonly ref: Ref;
  readonly policy: ConflictPolicy;
  /** Writers with whom there is no conflict: our own name, and those whose fields are taken over anyway. */
  readonly peaceful: (writer: FieldWriter) => boolean;
}

/** Decides about each finding whose field another manager owns. */
export function settleConflicts(findings: readonly Finding[], contest: Contest): Settlement {
  const { policy } = contest;
  if (policy.default === 'Overwrite' && policy.rules.length === 0) return { ours: findings, theirs: [] };
  const judged = findings.map((finding) => ({ finding, action: actionOn(finding, contest) }));
  const failed = judged.filter(({ finding, action }) => action === 'Fail' && finding.kind !== 'lost');
  return {
    ours: judged.filter(({ action }) => action !== 'Yield').map(({ finding }) => finding),
    theirs: judged.filter(({ action }) => action === 'Yield').map(({ finding }) => finding),
    ...(failed.length === 0
      ? {}
      : {
          refusal: conflictRefusal(
            contest.ref,
            failed.map(({ finding }) => conflictOf(finding, contest)),
          ),
        }),
  };
}

/** The strictest action that any owner of the field calls for. */
function actionOn(finding: Finding, contest: Contest): ConflictAction {
  // What Git does not say is released, and its other owners keep it: no conflict.
  if (finding.difference.desired === undefined) return 'Overwrite';
  const actions = rivalsOf(finding, contest).map(({ manager }) =>
    actionFor({ ref: contest.ref, path: finding.difference.path, manager }, contest.policy),
  );
  return strictest.find((action) => actions.includes(action)) ?? 'Overwrite';
}

const strictest: readonly ConflictAction[] = ['Fail', 'Yield'];

function rivalsOf({ place }: Finding, { peaceful }: Contest): FieldWriter[] {
  return place === undefined ? [] : ownersOf(place).filter((writer) => !peaceful(writer));
}

export interface Conflict {
  readonly ref: Ref;
  readonly path: string;
  readonly manager: string;
}

/** The action of the first rule that matches, else the default. */
export function actionFor(conflict: Conflict, policy: ConflictPolicy): ConflictAction {
  return ruleOn(conflict, policy)?.action ?? policy.default;
}

function ruleOn(conflict: Conflict, { rules }: ConflictPolicy): ConflictRule | undefined {
  return rules.find((rule) => isAbout(rule, conflict));
}

function isAbout({ target, fields, managers }: ConflictRule, { ref, path, manager }: Conflict): boolean {
  const aims = [
    [ref.group, target.group],
    [ref.kind, target.kind],
    [ref.name, target.name],
    [ref.namespace, target.namespace],
  ] as const;
  return (
    aims.every(([text, pattern]) => pattern === undefined || matchesWildcard(text, pattern)) &&
    (fields.length === 0 || fields.some((field) => covers(field, path))) &&
    (managers.length === 0 || managers.some((pattern) => matchesWildcard(manager, pattern)))
  );
}

/** A field stands for everything below it, too. */
function covers(field: string, path: string): boolean {
  // The server writes names with dots in them as any other: `metadata.labels.app.kubernetes.io/name`.
  const named = field.replaceAll(/\[([^=\]*]*)\]/g, '.$1');
  return [field, named]
    .flatMap((one) => [one, `${one}.*`, `${one}[*`])
    .some((pattern) => matchesWildcard(path, pattern));
}

function conflictOf(finding: Finding, contest: Contest): Omit<Conflict, 'ref'> {
  const names = rivalsOf(finding, contest).map(({ manager }) => manager);
  return { path: finding.difference.path, manager: names.join(', ') };
}

/** Names fields and managers, never values. */
export function conflictRefusal(
  ref: Ref,
  conflicts: readonly Omit<Conflict, 'ref'>[],
  action: Exclude<ConflictAction, 'Overwrite'> = 'Fail',
): OperatorError {
  const named = conflicts.map(({ path, manager }) => `${path} is owned by ${manager}`).join('; ');
  return new OperatorError(`${describeRef(ref)}: ${named}: spec.conflicts says ${action}, nothing is written`, {
    step: 'plan',
    reason: 'Conflicted',
    retry: 'interval',
    object: ref,
  });
}

/** Of what is equal there is nothing to tell. */
export function yieldedOf(findings: readonly Finding[], { ref, policy }: Contest): Yielded[] {
  return findings
    .filter(({ kind }) => kind !== 'lost')
    .map(({ place, difference: { path } }) => {
      const managers = place === undefined ? [] : ownersOf(place).map(({ manager }) => manager);
      const insistent = managers.find((manager) => ruleOn({ ref, path, manager }, policy)?.truce);
      const yielded = { path, manager: managers.join(', ') };
      return insistent === undefined
        ? { ...yielded, why: 'spec.conflicts says Yield' }
        : { ...yielded, why: `${insistent} takes it again and again (drift.fight)`, truce: true };
    });
}
