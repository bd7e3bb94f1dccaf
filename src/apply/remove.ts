import { ApiError } from '../model/api-error.ts';
import { isControlled } from '../model/managed-fields.ts';
import { stringAt } from '../model/json.ts';
import type { KubeObject } from '../model/object.ts';
import { refOf, resourceVersionOf, targetOf, uidOf } from '../model/object.ts';
import type { ChangeResult } from '../model/outcome.ts';
import type { Change, ChangeOf } from '../model/plan.ts';
import { deletionOf, pruningOf, releasePatch } from '../diff/diff.ts';
import type { ApplyContext } from './context.ts';
import { requestOptions } from './context.ts';
import type { Complaint } from './errors.ts';
import { objectError, operatorErrorOf } from './errors.ts';

export type Removal = ChangeOf<'prune'> | ChangeOf<'release'>;

export function isRemoval(change: Change): change is Removal {
  return change.kind === 'prune' || change.kind === 'release';
}

/** How often an object is looked at anew because somebody wrote it between our look and our request. */
const looks = 3;

/**
 * Deletes an object, or lets it go. What was looked at is what is removed: uid and resourceVersion are preconditions;
 * an object that changed meanwhile is read and judged again. `removed` only when the server proves that it is gone.
 */
export async function remove(change: Removal, context: ApplyContext): Promise<ChangeResult> {
  const flight = context.writes.begin(change.ref);
  try {
    const result = await removeLooking(change, context);
    if (result.kind === 'removed') flight.gone();
    return result;
  } catch (error) {
    return { kind: 'failed', change, error: operatorErrorOf(error, { step: 'prune', ref: change.ref }) };
  } finally {
    flight.end();
  }
}

async function removeLooking(change: Removal, context: ApplyContext): Promise<ChangeResult> {
  let live: KubeObject | undefined = change.live;
  for (let look = 0; look < looks; look++) {
    if (live === undefined || uidOf(live) !== uidOf(change.live)) return { kind: 'removed', change };
    if (change.kind === 'prune' && isTerminating(live)) return { kind: 'terminating', change };
    const refusal = look === 0 || change.kind === 'release' ? undefined : forbidsPruning(live, change.live, context);
    if (refusal !== undefined) throw objectError({ step: 'prune', ref: change.ref }, refusal);
    const result = await attempt(change, live, context);
    if (result !== undefined) return result;
    live = await context.cluster.read(targetOf(live), requestOptions(context));
  }
  const message = 'it is written by somebody else all the time; the operator tries again';
  throw objectError({ step: 'prune', ref: change.ref }, { message, reason: 'SyncFailed', retry: 'backoff' });
}

/** undefined: it is not the object any more that was looked at. */
async function attempt(change: Removal, live: KubeObject, context: ApplyContext): Promise<ChangeResult | undefined> {
  try {
    return change.kind === 'prune' ? await prune(change, live, context) : await release(change, live, context);
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    if (error.kind === 'conflict') return undefined;
    if (error.kind === 'notFound' || isKindGone(error, change, context)) return { kind: 'removed', change };
    throw error;
  }
}

async function prune(change: Removal, live: KubeObject, context: ApplyContext): Promise<ChangeResult> {
  const left = await context.cluster.delete(targetOf(live), {
    ...requestOptions(context),
    uid: uidOf(live),
    resourceVersion: resourceVersionOf(live),
    propagation: propagationOf(context),
  });
  return { kind: left === undefined ? 'removed' : 'terminating', change };
}

/** Argo CD's finalizer may say that the deletion of an Application waits for no dependents. */
function propagationOf({ app }: ApplyContext): 'Foreground' | 'Background' | 'Orphan' {
  if (!app.deleting) return app.spec.syncOptions.propagation;
  return app.finalizers.includes('resources-finalizer.argocd.argoproj.io/background') ? 'Background' : 'Foreground';
}

/** Only our marks go: an empty apply would remove every field that only we own. */
async function release(change: Removal, live: KubeObject, context: ApplyContext): Promise<ChangeResult> {
  const { installation, cluster } = context;
  const operations = releasePatch(live, installation);
  const options = { ...requestOptions(context), manager: installation.manager };
  if (operations.length > 0) await cluster.patch(targetOf(live), operations, options);
  return { kind: 'removed', change };
}

/** No route is not a proof: only discovery that is complete says that a kind is gone, and its objects with it. */
function isKindGone(error: ApiError, change: Removal, { cluster }: ApplyContext): boolean {
  return error.kind === 'notServed' && cluster.kinds.find(change.ref).state === 'gone';
}

function isTerminating(live: KubeObject): boolean {
  return stringAt(live.metadata, 'deletionTimestamp') !== undefined;
}

/** The rules of the record, asked again of an object that changed between the plan and the deletion. */
function forbidsPruning(live: KubeObject, planned: KubeObject, context: ApplyContext): Complaint | undefined {
  const { app, claims } = context;
  const keeps = (object: KubeObject): string => (app.deleting ? deletionOf : pruningOf)(object, context).why;
  const claimant = claims.claimedBy(refOf(live));
  const why = isControlled(live)
    ? 'a controller owns it'
    : claimant === undefined
      ? kept(keeps(live), keeps(planned))
      : `Application ${claimant} claims it`;
  if (why === undefined) return undefined;
  return {
    message: `it changed while it was to be deleted, and is kept: ${why}`,
    reason: 'SyncFailed',
    retry: 'backoff',
  };
}

/** What the plan knew of, a person has confirmed. */
function kept(now: string, planned: string): string | undefined {
  return now === '' || now === planned ? undefined : now;
}
