import type { ApplyContext } from '../apply/apply.ts';
import { createHints, foresee, preflight, tryOutHooks } from '../apply/apply.ts';
import type { Answers } from '../diff/diff.ts';
import { guarded, planChanges, weightBy, withoutHooks } from '../diff/diff.ts';
import { createHealthRules } from '../health/health.ts';
import { createJq } from '../jq/jq.ts';
import { readLiveOnce } from '../live/live.ts';
import { ApiError } from '../model/api-error.ts';
import type { Application } from '../model/application.ts';
import type { Installation } from '../model/installation.ts';
import { installationOf } from '../model/installation.ts';
import type { KubeObject, Ref, RefKey } from '../model/object.ts';
import { refKey, refOf } from '../model/object.ts';
import type { Plan } from '../model/plan.ts';
import type { WriteLog } from '../model/ports.ts';
import { validApplication } from './application.ts';
import type { ClusterFlags } from './command.ts';
import type { Connected } from './connection.ts';
import { desiredOf, withoutHold } from './desired.ts';
import type { Neighbours } from './neighbours.ts';
import { claimsOf, inventoriesOf, readNeighbours, recordsOf } from './neighbours.ts';
import { syncOperation } from './operation.ts';
import { hooksBeside, hooksToRead, runOf } from './plan-hooks.ts';
import type { Terminal } from './terminal.ts';

export interface PlanFlags extends ClusterFlags {
  readonly local?: string;
  readonly revision: readonly string[];
  readonly prune: boolean;
  readonly force: boolean;
  readonly preflight: boolean;
  readonly allowRemoteBases: boolean;
}

/** A plan, and what the server made of its objects. */
export interface Planned {
  readonly app: Application;
  readonly plan: Plan;
  readonly answers: Answers;
}

/** Where the planner looks. */
export interface Site {
  readonly connected: Connected;
  readonly terminal: Terminal;
}

/**
 * What a manual sync of an Application would do now, or its deletion where it is being deleted, by the operator's own
 * planner. Nothing is written.
 * `concerns` cuts the plan to some of its objects; only those are tried out, and what they would be created in.
 * Throws OperatorError, OperatorErrors when several objects are refused, ApiError.
 */
export async function planOnce(
  name: string,
  flags: PlanFlags,
  site: Site,
  concerns: (ref: Ref) => boolean = everything,
): Promise<Planned> {
  const { cluster } = site.connected;
  const { signal } = site.terminal;
  const object = await site.connected.read(flags.namespace, name);
  const installation = installationOf(object);
  const inventories = await inventoriesOf(object, cluster, signal);
  const source = flags.local === undefined ? object : withoutHold(object, installation);
  const app = validApplication({ ...source, operation: syncOperation(flags) }, inventories);
  const desired = await desiredOf(app, flags, { ...site, installation });
  // A part of a sync has no hooks.
  const run = concerns === everything ? runOf(app, desired, site.terminal.clock.now()) : undefined;
  const recorded = [...app.record, ...hooksToRead(app, desired, run)];
  const question = { key: app.key, wanted: desired.objects, recorded };
  const live = await readLiveOnce(question, { cluster, installation, concurrency }, signal);
  const neighbours = await neighboursOf(installation, site);
  const claims = claimsOf(app.key, neighbours);
  const weightOf = weightBy(app, recordsOf(neighbours));
  await using jq = createJq(site.terminal.clock);
  const hints = createHints({ app, cluster, jq, signal, desired: desired.objects });
  const writes = nothingWritten;
  const asker = askerFor(site.connected);
  const context = { cluster, installation, app, claims, hints, signal, asker, writes, health: nothingAwaited };
  const apart = { ...app, record: withoutHooks(app.record, desired) };
  const seen = await foresee({ app: apart, desired, live }, context, jq);
  const input = { app: apart, installation, desired, claims, weightOf, isRunning, ...seen };
  const planned = planChanges(input);
  const needed = cut(planned, (ref) => concerns(ref) || holdsOthers(ref));
  const { plan, answers } = flags.preflight ? await tryOut(needed, context) : { plan: needed, answers: new Map() };
  // A dry-run may have found more to delete and create anew; a part of a plan says nothing about the whole.
  const isWhole = needed.changes.length === planned.changes.length;
  const objects = cut(isWhole ? guarded(input, plan) : plan, concerns);
  if (run === undefined) return { app, plan: objects, answers };
  const hooks = hooksBeside(objects, { app, desired, run, live, claims, installation, now: site.terminal.clock.now() });
  if (flags.preflight) await tryOutHooks({ ...objects, hooks }, context);
  return { app, plan: { ...objects, hooks }, answers };
}

const everything = (): boolean => true;

function isRunning(hook: KubeObject): boolean {
  return createHealthRules().assess(hook).status === 'Progressing';
}

/** Who may not do it, if that turns out. */
function askerFor({ user }: Connected): string {
  return user === '' ? 'the user of the kubeconfig' : `the user "${user}" of the kubeconfig`;
}

/** Reads by name at the same time. */
const concurrency = 8;

/** Who may not list Applications plans as if there were no others, and is told so. */
async function neighboursOf(installation: Installation, { connected, terminal }: Site): Promise<Neighbours> {
  try {
    return await readNeighbours(connected.cluster, installation, terminal.signal);
  } catch (error) {
    if (!(error instanceof ApiError) || error.kind !== 'forbidden') throw error;
    terminal.complain(`warning: what other Applications manage is not known: ${error.message}\n`);
    return new Map();
  }
}

function cut(plan: Plan, keeps: (ref: Ref) => boolean): Plan {
  return { ...plan, changes: plan.changes.filter(({ ref }) => keeps(ref)) };
}

/** Others can be created only when it is there. */
function holdsOthers({ kind }: Ref): boolean {
  return kind === 'Namespace' || kind === 'CustomResourceDefinition';
}

async function tryOut(plan: Plan, context: ApplyContext): Promise<Omit<Planned, 'app'>> {
  const answers = new Map<RefKey, KubeObject>();
  const tried = (object: KubeObject): void => void answers.set(refKey(refOf(object)), object);
  return { plan: await preflight(plan, { ...context, tried }), answers };
}

/** A plan announces no write. */
const nothingWritten: WriteLog = {
  begin: (ref) => {
    throw new Error(`${ref.kind} ${ref.name} is only looked at`);
  },
  found: () => undefined,
};

/** A plan waits for nothing, so nobody watches how objects do. */
const nothingAwaited: ApplyContext['health'] = {
  assess: (object) => createHealthRules().assess(object),
  now: () => ({ status: 'Unknown', message: 'it is not watched' }),
};
