import type { Claims } from '../diff/diff.ts';
import { hookRefs, planHooks } from '../diff/diff.ts';
import { createHealthRules } from '../health/health.ts';
import type { Application } from '../model/application.ts';
import { deletionOf } from '../model/delete-hooks.ts';
import type { Desired } from '../model/desired.ts';
import type { HookPlan } from '../model/hook-plan.ts';
import type { HookRun } from '../model/hook-run.ts';
import { startAfter } from '../model/hook-run.ts';
import type { Installation } from '../model/installation.ts';
import type { LiveAnswer } from '../model/live.ts';
import type { RefKey } from '../model/object.ts';
import { refKey } from '../model/object.ts';
import type { Plan } from '../model/plan.ts';
import { revisionIn } from '../model/revision.ts';
import type { RecordEntry } from '../model/record.ts';

/** The first try of a sync by hand that would begin now, or the deletion that runs; undefined where it has no hooks. */
export function runOf(app: Application, { hooks, revision, digest }: Desired, now: number): HookRun | undefined {
  if (hooks.length === 0) return undefined;
  const { applied, operationState } = app.status;
  const running = operationState?.hookRun;
  const startedAt = startAfter(running, now);
  const begun = { startedAt, attempt: 1, release: 'upgrade' as const, hooks: [] };
  if (!app.deleting || applied === undefined) return { ...begun, revision, digest };
  const deletion = deletionOf(applied.digest);
  return running?.digest === deletion ? running : { ...begun, revision: revisionIn(applied), digest: deletion };
}

/** What has to be read to know what is in the way of hooks, beside the record. */
export function hooksToRead(app: Application, { hooks }: Desired, run: HookRun | undefined): readonly RecordEntry[] {
  if (run === undefined) return [];
  const recorded = new Set(app.record.map(({ ref }) => refKey(ref)));
  const unknown = hookRefs(hooks, run, app.deleting).filter((ref) => !recorded.has(refKey(ref)));
  return unknown.map((ref) => ({ ref, uid: '', desired: '', fp: '' }));
}

export interface HookScene {
  readonly app: Application;
  readonly desired: Desired;
  readonly run: HookRun;
  readonly live: ReadonlyMap<RefKey, LiveAnswer>;
  readonly claims: Claims;
  readonly installation: Installation;
  readonly now: number;
}

/** The plan of the hooks beside that of the objects, as a sync that begins now would have it. */
export function hooksBeside(plan: Plan, { desired, run, ...scene }: HookScene): HookPlan {
  const health = createHealthRules();
  const adopts = plan.changes.some((change) => change.kind === 'update' && change.adopts);
  const isFirst = scene.app.status.applied === undefined && !adopts;
  return planHooks({
    ...scene,
    hooks: desired.hooks,
    run: isFirst ? { ...run, release: 'install' } : run,
    assess: (object) => health.assess(object),
    runsToAnEnd: (kind) => health.needsStatus(kind),
    lastHealth: () => undefined,
  });
}
