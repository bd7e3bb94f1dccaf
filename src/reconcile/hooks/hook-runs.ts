import { isOfDeletion } from '../../diff/diff.ts';
import type { Application, SyncRequest } from '../../model/application.ts';
import { cascades } from '../../model/application.ts';
import { deletionOf } from '../../model/delete-hooks.ts';
import type { Desired } from '../../model/desired.ts';
import type { HookPlan } from '../../model/hook-plan.ts';
import type { HookRun } from '../../model/hook-run.ts';
import { startAfter } from '../../model/hook-run.ts';
import type { Ref } from '../../model/object.ts';
import { revisionIn } from '../../model/revision.ts';
import { isRequested } from '../../model/sync-request.ts';
import type { Ports } from '../ports.ts';
import { isTerminated } from '../requests/terminated.ts';
import { retryDelayMs, retryLimit } from '../schedule.ts';

/**
 * The try of a sync with hooks that this look at the Application belongs to; undefined: no sync with hooks is due.
 *
 * A sync is due when a user asks for all of it, and, where automation is on, until what Git wants, hooks included, was
 * applied once as a whole: so corrections of drift run no hooks, and a slow retry does not repeat them.
 */
export function hookRunOf(
  app: Application,
  desired: Desired,
  { status, dependencies }: Pick<Ports, 'status' | 'dependencies'>,
): HookRun | undefined {
  const waits = !app.deleting && dependencies.waitsFor(app) !== undefined;
  if (waits || !hasHooks(desired, app.deleting)) return undefined;
  const before = app.status.operationState?.hookRun;
  const begun = beginning(app, desired, startAfter(before, Date.parse(status.now())));
  if (begun === undefined || before?.digest !== begun.digest || !goesOn(app)) return begun;
  return continued(app, before, begun);
}

/** What becomes of a try that is known: it goes on, or stands; or it has ended, and there is another one, or none. */
function continued(app: Application, before: HookRun, begun: HookRun): HookRun | undefined {
  if (hasSucceeded(before)) return app.request === undefined ? undefined : begun;
  return isRetryDue(app, before, begun.startedAt) ? again(app, before, begun) : before;
}

function hasHooks({ hooks }: Desired, deleting: boolean): boolean {
  return hooks.some(({ hook }) => hook.times.some(({ phase }) => isOfDeletion(phase) === deleting));
}

function hasSucceeded({ endedAt, failure }: HookRun): boolean {
  return endedAt !== undefined && failure === undefined;
}

function beginning(app: Application, desired: Desired, startedAt: string): HookRun | undefined {
  const begun = { startedAt, attempt: 1, release: 'upgrade' as const, hooks: [] };
  const { applied } = app.status;
  if (!app.deleting)
    return isFullSync(app, desired) ? { ...begun, revision: desired.revision, digest: desired.digest } : undefined;
  if (applied === undefined || !cascades(app)) return undefined;
  return { ...begun, revision: revisionIn(applied), digest: deletionOf(applied.digest) };
}

function isFullSync(app: Application, { digest, revision }: Desired): boolean {
  if (app.request !== undefined) return isWhole(app.request);
  const isAutomatic = app.spec.automated !== undefined && !isTerminated(app, revision);
  return isAutomatic && app.status.applied?.digest !== digest;
}

/** A part of a sync runs no hooks. */
function isWhole({ dryRun, resources, strategy }: SyncRequest): boolean {
  return !dryRun && resources === undefined && strategy !== 'apply';
}

/** A request that was served is over, whatever it came to: the same words again are another one. */
function goesOn({ request, deleting, spec, status: { operationState: state } }: Application): boolean {
  if (request === undefined || deleting) return true;
  return state?.phase === 'Running' && isRequested(state, request, spec);
}

/** A try that failed stands, and its hooks with it, until the next one is due; deletions are tried for ever. */
function isRetryDue(app: Application, run: HookRun, now: string): boolean {
  if (run.endedAt === undefined || (!app.deleting && run.attempt > retryLimit(app))) return false;
  return Date.parse(now) - Date.parse(run.endedAt) >= retryDelayMs(app, run.attempt);
}

/** All hooks run again; of a deletion those that have succeeded stand, for what they were about may be gone. */
function again(app: Application, before: HookRun, begun: HookRun): HookRun {
  const stands = app.deleting ? before.hooks.filter(({ state }) => state === 'Succeeded') : [];
  return { ...begun, attempt: before.attempt + 1, release: before.release, hooks: stands };
}

/** The hooks that a plan begins, now or in a later step, and that have to be on record before. */
export function hooksToClaim({ run, changes }: HookPlan): readonly Ref[] {
  const isFailing = run?.failure !== undefined;
  return changes
    .filter(({ kind, phase }) => kind === 'begin' && (phase === 'SyncFail') === isFailing)
    .map(({ ref }) => ref);
}
