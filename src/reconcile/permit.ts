import type { Application } from '../model/application.ts';
import type { Ref, RefKey } from '../model/object.ts';
import { refKey } from '../model/object.ts';
import type { Change, Plan } from '../model/plan.ts';

/**
 * The part of a plan that may be written now; the rest is kept as `waitsForSync`.
 *
 * - A request of a user, and a deletion, write everything.
 * - Automation writes what Git changed, and with it drift, unless drift is to be detected only.
 * - Drift alone is written where its correction is immediate.
 */
export function permit(app: Application, plan: Plan, correcting: (ref: Ref) => boolean): Plan {
  if (app.deleting || app.request !== undefined) return plan;
  const recorded = new Map(app.record.map((entry) => [refKey(entry.ref), entry.desired]));
  // The other lane is faster, tells who did it, and writes once.
  const isLeft = (change: Change): boolean => isDrift(change) && correcting(change.ref);
  const isDrift = (change: Change): boolean => isWrite(change) && isUnchangedInGit(change, recorded);
  const gitMoved = plan.changes.some((change) => isWrite(change) && !isDrift(change));
  const syncs = app.spec.automated !== undefined && gitMoved;
  const corrects = writesDrift(app, syncs);
  const changes = plan.changes.map((change) => {
    const allowed = isDrift(change) ? corrects : app.spec.automated !== undefined;
    if (!isWrite(change) || (allowed && !isLeft(change))) return change;
    return hold(change, isLeft(change) ? 'correcting' : 'waitsForSync');
  });
  return { ...plan, changes };
}

function writesDrift(app: Application, syncs: boolean): boolean {
  const { correction, explicit } = app.spec.drift;
  if (correction === 'DetectOnly') return false;
  if (correction === 'OnSync') return syncs;
  return app.spec.automated !== undefined || explicit;
}

/** Whether a change asks the cluster for a write, or may turn out to. */
function isWrite(change: Change): boolean {
  switch (change.kind) {
    case 'create':
    case 'update':
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

/** The decided plan of a dry run: everything that would be written is kept, and says what it would be. */
export function onlyShown(plan: Plan): Plan {
  return { ...plan, changes: plan.changes.map((change) => (isWrite(change) ? hold(change, 'dryRun') : change)) };
}

function messageOf(change: Change, reason: 'correcting' | 'waitsForSync' | 'dryRun'): string {
  if (reason === 'correcting') return 'drifted; being corrected';
  if (reason === 'waitsForSync') return 'differs from Git; waits for a sync';
  if (change.kind === 'prune') return 'dry run: would be deleted';
  return change.kind === 'update' ? 'dry run: would be changed' : 'dry run: would be created';
}

function hold(change: Change, reason: 'correcting' | 'waitsForSync' | 'dryRun'): Change {
  const kept = { kind: 'keep', ref: change.ref, reason, message: messageOf(change, reason) } as const;
  const missing = change.kind === 'create' || (change.kind === 'undecided' && change.question === 'exists');
  return 'desired' in change ? { ...kept, desired: change.desired, missing } : kept;
}
