import { cascades } from '../model/application.ts';
import { isControlled } from '../model/managed-fields.ts';
import { stringAt } from '../model/json.ts';
import type { LiveAnswer } from '../model/live.ts';
import type { KubeObject, Ref } from '../model/object.ts';
import { uidOf } from '../model/object.ts';
import { annotationOf, listedIn } from '../model/object-annotations.ts';
import type { Change, ChangeOf, KeepReason } from '../model/plan.ts';
import type { RecordEntry } from '../model/record.ts';
import { isHookEntry } from '../model/record.ts';
import { proofOf } from './ownership.ts';
import type { PlanInput } from './plan-input.ts';
import type { Deletability } from './protection.ts';
import { deletionOf, isChildApplication, isDefinition, isProtectedKind, pruningOf } from './protection.ts';

/**
 * What becomes of an object that is on record and not desired.
 *
 * Guarantees: a prune is planned only for a body that was read, is ours by the record, has no controller and is claimed
 * by nobody else. Whatever is not known for certain keeps the object, and keeps it on record.
 */
export function planRemoval(input: PlanInput, entry: RecordEntry, answer: LiveAnswer): Change {
  const { ref } = entry;
  switch (answer.state) {
    case 'absent':
    case 'notServed':
      return { kind: 'forget', ref };
    case 'forbidden':
    case 'unknown':
      return keep(ref, 'unknown', answer.why);
    case 'inSync':
      return prunes(input) ? keep(ref, 'unknown', 'it was not read') : keep(ref, 'pruneDisabled', pruneDisabled(input));
    case 'body':
      return planKnown(input, entry, answer.object);
  }
}

function planKnown(input: PlanInput, entry: RecordEntry, live: KubeObject): Change {
  const { ref } = entry;
  const { app, installation, claims } = input;
  if (entry.uid !== '' && entry.uid !== uidOf(live)) return { kind: 'forget', ref };
  if (claims.recordedBy(ref) !== undefined) return { kind: 'forget', ref };
  if (proofOf(entry, live, { key: app.key, installation }) === 'theirs') return planUnproved(input, ref, live);
  if (stringAt(live.metadata, 'deletionTimestamp') !== undefined)
    return keep(ref, 'terminating', 'it is being deleted', live);
  if (isControlled(live))
    return app.deleting && cascades(app)
      ? release(ref, live, 'a controller owns it')
      : keep(ref, 'notOurs', 'a controller owns it', live);
  return app.deleting ? planDeletion(input, ref, live) : planDropped(input, entry, live);
}

/** A hook that Git has dropped is left to end, and counts as in place where nothing is pruned. */
function planDropped(input: PlanInput, entry: RecordEntry, live: KubeObject): Change {
  const { ref } = entry;
  if (!isHookEntry(entry)) return planPrune(input, ref, live);
  if (input.isRunning?.(live) === true) return keep(ref, 'hook', 'it is a hook that has not ended', live);
  return prunes(input) ? planPrune(input, ref, live) : keep(ref, 'hook', pruneDisabled(input), live);
}

/** Announced and not ours: what is there is not touched, and no deletion waits for it. */
function planUnproved({ app }: PlanInput, ref: Ref, live: KubeObject): Change {
  if (app.deleting && cascades(app)) return { kind: 'forget', ref };
  return keep(ref, 'notOurs', 'its creation was announced, and what is there does not carry our marks', live);
}

function planPrune(input: PlanInput, ref: Ref, live: KubeObject): Change {
  const claimant = input.claims.claimedBy(ref);
  if (claimant !== undefined) return keep(ref, 'claimedElsewhere', `Application ${claimant} claims it`, live);
  const { permission, why } = pruningOf(live, input);
  if (permission === 'no') return keep(ref, 'protected', why, live);
  if (isEmptyRender(input)) {
    return keep(ref, 'emptyRender', 'the source has no objects, and syncPolicy.automated.allowEmpty is not set', live);
  }
  if (!prunes(input))
    return keep(ref, isExtraneous(live, input) ? 'extraneous' : 'pruneDisabled', pruneDisabled(input), live);
  return awaited(input, ref, live, { permission, why }) ?? { kind: 'prune', ref, live };
}

/** Nobody has confirmed the deletion yet: this object alone is held. */
function awaited(input: PlanInput, ref: Ref, live: KubeObject, { permission, why }: Deletability): Change | undefined {
  if (permission !== 'confirm' || input.confirmed === true) return undefined;
  return keep(ref, 'awaitsConfirmation', `${why}: ${howToConfirm(input)}`, live);
}

function howToConfirm({ app }: PlanInput): string {
  const now = '"$(date -u +%Y-%m-%dT%H:%M:%SZ)"';
  return `to delete it: kubectl annotate applications.evenkeel.dev -n ${app.namespace} ${app.name} --overwrite evenkeel.dev/deletion-approved=${now}`;
}

function isExtraneous(live: KubeObject, { installation }: PlanInput): boolean {
  return listedIn(annotationOf(live, 'compare-options', installation)).includes('IgnoreExtraneous');
}

/** Deleting an Application deletes what it may and lets go of the rest: it does not wait for people. */
function planDeletion(input: PlanInput, ref: Ref, live: KubeObject): Change {
  const { app, claims } = input;
  if (!cascades(app)) return keep(ref, 'pruneDisabled', pruneDisabled(input), live);
  const claimant = claims.claimedBy(ref);
  if (claimant !== undefined) return release(ref, live, `Application ${claimant} claims it`);
  const deletability = deletionOf(live, input);
  if (deletability.permission === 'no') return release(ref, live, deletability.why);
  if (isDefinition(ref)) return release(ref, live, 'deleting it would delete every object of its kind');
  const isProtected = isProtectedKind(ref, app.spec.guard.protectedKinds) && !isChildApplication(ref);
  if (isProtected && !deletesProtected(input)) return release(ref, live, `${ref.kind} is a protected kind`);
  return awaited(input, ref, live, deletability) ?? { kind: 'prune', ref, live };
}

function release(ref: Ref, live: KubeObject, why: string): ChangeOf<'release'> {
  return { kind: 'release', ref, live, why };
}

function keep(ref: Ref, reason: KeepReason, message: string, live?: KubeObject): ChangeOf<'keep'> {
  return { kind: 'keep', ref, reason, message, ...(live === undefined ? {} : { live }) };
}

function prunes({ app }: PlanInput): boolean {
  if (app.deleting) return cascades(app);
  return app.spec.automated?.prune === true || app.request?.prune === true;
}

function pruneDisabled({ app }: PlanInput): string {
  if (app.deleting) return 'the Application has no resources finalizer';
  return 'it is not in Git any more, and pruning is off (syncPolicy.automated.prune, or sync with prune)';
}

/** Nothing in Git is far more often a mistake than a wish; a deleted Application wants nothing by definition. */
function isEmptyRender({ app, desired }: PlanInput): boolean {
  return desired.objects.length === 0 && app.spec.automated?.allowEmpty !== true;
}

function deletesProtected({ app, installation }: PlanInput): boolean {
  return [`${installation.prefix}delete-protected`, 'evenkeel.dev/delete-protected'].some(
    (name) => app.annotations[name] === 'true',
  );
}
