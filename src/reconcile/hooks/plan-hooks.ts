import type { Claims, PlanInput } from '../../diff/diff.ts';
import { hookRefs, planHooks, withoutHooks } from '../../diff/diff.ts';
import type { Application } from '../../model/application.ts';
import type { Desired } from '../../model/desired.ts';
import type { HookPlan } from '../../model/hook-plan.ts';
import type { HookRun } from '../../model/hook-run.ts';
import type { ApplicationKey } from '../../model/installation.ts';
import type { LiveAnswer } from '../../model/live.ts';
import type { Ref, RefKey } from '../../model/object.ts';
import { refKey } from '../../model/object.ts';
import type { Applied } from '../../model/outcome.ts';
import type { Plan } from '../../model/plan.ts';
import type { RecordEntry } from '../../model/record.ts';
import { openHooks } from './hook-outcome.ts';
import type { Ports } from '../ports.ts';

export interface HookSight {
  readonly app: Application;
  readonly desired: Desired;
  readonly live: ReadonlyMap<RefKey, LiveAnswer>;
  /** Absent: no sync runs that has hooks. */
  readonly run?: HookRun;
  readonly claims: Claims;
}

/** The Application as the plan of its objects sees it: without the hooks that Git wants. */
export function apartFromHooks(
  { app, desired }: Pick<HookSight, 'app' | 'desired'>,
  { health }: Pick<Ports, 'health'>,
): Pick<PlanInput, 'app'> & Required<Pick<PlanInput, 'isRunning'>> {
  return {
    app: { ...app, record: withoutHooks(app.record, desired) },
    isRunning: (hook) => health.assess(hook).status === 'Progressing',
  };
}

/** The plan of the hooks, beside the decided plan of the objects. */
export function hooksBeside(plan: Plan, sight: HookSight, ports: Ports): HookPlan {
  const { app, desired, run } = sight;
  const { installation, health, clock, hookVerdicts } = ports;
  return planHooks({
    ...{ app, live: sight.live, claims: sight.claims, installation, hooks: desired.hooks, now: clock.now() },
    ...(run === undefined ? {} : { run: withRelease(run, plan, app) }),
    assess: (object) => health.assess(object),
    runsToAnEnd: (kind) => health.needsStatus(kind),
    lastHealth: (ref) => hookVerdicts.lastOf(app.key, ref),
  });
}

/** Nothing was ever synced, and no object was there before: only then it is what Helm calls an installation. */
function withRelease(run: HookRun, plan: Plan, { status }: Application): HookRun {
  if (run === status.operationState?.hookRun || status.applied !== undefined) return run;
  const adopts = plan.changes.some((change) => change.kind === 'update' && change.adopts);
  return { ...run, release: adopts ? 'upgrade' : 'install' };
}

/** What has to be read to know how the hooks stand, in the form of a record: they are read by name. */
export function hooksToRead(
  { app, desired, run }: Pick<HookSight, 'app' | 'desired' | 'run'>,
  { live, hookVerdicts }: Pick<Ports, 'live' | 'hookVerdicts'>,
): readonly RecordEntry[] {
  const objects = new Set(withoutHooks(app.record, desired));
  const hooks = app.record.filter((entry) => !objects.has(entry));
  const refs = run === undefined ? [] : hookRefs(desired.hooks, run, app.deleting);
  hookVerdicts.follow(app.key, refs);
  // Without a sync only those matter that the watch does not show any more.
  if (run === undefined) return hooks.filter(({ ref }) => live.observation(ref) === undefined);
  const recorded = new Set(hooks.map(({ ref }) => refKey(ref)));
  return [...hooks, ...refs.filter((ref) => !recorded.has(refKey(ref))).map(asClaim)];
}

function asClaim(ref: Ref): RecordEntry {
  return { ref, uid: '', desired: '', fp: '' };
}

/** A hook that does not end in time has failed: somebody has to look then. */
export function judgeHooksAgain(
  key: ApplicationKey,
  applied: Applied,
  { judgeAgain }: Pick<Ports, 'judgeAgain'>,
): void {
  const dues = openHooks(applied).flatMap(({ dueInMs }) => dueInMs ?? []);
  judgeAgain.set(key, Math.min(judgeAgain.get(key) ?? Number.POSITIVE_INFINITY, ...dues));
}
