import type { Application } from '../model/application.ts';
import type { RefKey } from '../model/object.ts';
import { refKey } from '../model/object.ts';
import type { Change, KeepReason, Plan } from '../model/plan.ts';
import { isSelected } from './requests/selection.ts';
import { isTerminated } from './requests/terminated.ts';

/**
 * The part of a plan that may be written now; the rest is kept as `waitsForSync`.
 *
 * - A request of a user, and a deletion, write everything; a request that names objects writes those.
 * - Automation writes what Git changed, and with it drift, unless drift is to be detected only.
 * - Drift alone is written where its correction is immediate.
 */
export function permit(app: Application, plan: Plan, correction: (change: Change) => Correcting | undefined): Plan {
  if (app.deleting) return plan;
  if (app.request !== undefined) return onlySelected(app, plan);
  const recorded = new Map(app.record.map((entry) => [refKey(entry.ref), entry.desired]));
  const laneOf = (change: Change): Correcting | undefined => (isDrift(change) ? correction(change) : undefined);
  const isDrift = (change: Change): boolean => isWrite(change) && isUnchangedInGit(change, recorded);
  const gitMoved = plan.changes.some((change) => isWrite(change) && !isDrift(change));
  const isAutomatic = app.spec.automated !== undefined && !isTerminated(app, plan.revision);
  const corrects = writesDrift(app, { isAutomatic, syncs: isAutomatic && gitMoved });
  const changes = plan.changes.map((change) => {
    const allowed = isDrift(change) ? corrects : isAutomatic;
    const lane = laneOf(change);
    if (!isWrite(change) || (allowed && lane === undefined)) return change;
    if (lane === 'goesOn') return hold(change, 'correcting', 'drifted; being corrected');
    if (lane === 'backsOff') return hold(change, 'waitsForSync', 'drifted again and again; its correction waits');
    return hold(change, 'waitsForSync', 'differs from Git; waits for a sync');
  });
  return { ...plan, changes };
}

/** How the other lane stands to a drifted object: at work on it, or waiting with it in a fight. */
type Correcting = 'goesOn' | 'backsOff';

interface Automation {
  readonly isAutomatic: boolean;
  /** Git moved, so there is a sync. */
  readonly syncs: boolean;
}

function writesDrift(app: Application, { isAutomatic, syncs }: Automation): boolean {
  const { correction, explicit } = app.spec.drift;
  if (correction === 'DetectOnly') return false;
  if (correction === 'OnSync') return syncs;
  return isAutomatic || explicit;
}

function onlySelected(app: Application, plan: Plan): Plan {
  const changes = plan.changes.map((change) =>
    isWrite(change) && !isSelected(app, change.ref)
      ? hold(change, 'waitsForSync', 'differs from Git; the sync was of other objects')
      : change,
  );
  return { ...plan, changes };
}

/** Whether carrying the plan out may write something. */
export function writes({ changes }: Plan): boolean {
  return changes.some(isWrite);
}

/** Whether a change asks the cluster for a write, or may turn out to. */
function isWrite(change: Change): boolean {
  switch (change.kind) {
    case 'create':
    case 'update':
    case 'replace':
    case 'prune':
    case 'release':
    case 'undecided':
      return true;
    case 'forget':
    case 'keep':
    case 'refuse':
      return false;
  }
}

function isUnchangedInGit(change: Change, recorded: ReadonlyMap<RefKey, string>): boolean {
  return 'desired' in change && recorded.get(refKey(change.ref)) === change.desired.hash;
}

/**
 * The decided plan of a dry run: everything that would be written is kept, and says what it would be; `more` is what there
 * is to say of a change beside.
 */
export function onlyShown(plan: Plan, more: (change: Change) => string | undefined = () => undefined): Plan {
  const messageOf = (change: Change): string =>
    [dryRunMessage(change), more(change)].filter((said) => said !== undefined).join('; ');
  return {
    ...plan,
    changes: plan.changes.map((change) => (isWrite(change) ? hold(change, 'dryRun', messageOf(change)) : change)),
  };
}

/** Nothing is written while something else has to become ready first. */
export function heldBack(plan: Plan, message: string): Plan {
  return {
    ...plan,
    changes: plan.changes.map((change) => (isWrite(change) ? hold(change, 'dependency', message) : change)),
  };
}

function dryRunMessage({ kind }: Change): string {
  if (kind === 'prune') return 'dry run: would be deleted';
  if (kind === 'replace') return 'dry run: would be deleted and created anew';
  return kind === 'update' ? 'dry run: would be changed' : 'dry run: would be created';
}

function hold(change: Change, reason: KeepReason, message: string): Change {
  const kept = { kind: 'keep', ref: change.ref, reason, message } as const;
  const missing = change.kind === 'create' || (change.kind === 'undecided' && change.question === 'exists');
  return 'desired' in change ? { ...kept, desired: change.desired, missing } : kept;
}
