import type { ApplyContext } from '../apply/apply.ts';
import { createNamespace, foresee, preflight, tryOutHooks } from '../apply/apply.ts';
import type { Owner, PlanInput } from '../diff/diff.ts';
import { describeTakeover, guarded, planChanges, proofOf, weightBy, withoutHooks } from '../diff/diff.ts';
import { approvesDeletion } from '../model/application-annotations.ts';
import type { Upcoming } from '../live/live.ts';
import type { Application } from '../model/application.ts';
import type { Desired } from '../model/desired.ts';
import type { HookRun } from '../model/hook-run.ts';
import type { Installation } from '../model/installation.ts';
import type { LiveAnswer } from '../model/live.ts';
import type { Ref, RefKey } from '../model/object.ts';
import { refKey, uidOf } from '../model/object.ts';
import type { Change, ChangeOf, Plan } from '../model/plan.ts';
import type { RecordEntry } from '../model/record.ts';
import { groupsSeen } from './requests/as-written.ts';
import { hooksToClaim } from './hooks/hook-runs.ts';
import { takeUpcoming } from './requests/upcoming.ts';
import { operationStart } from './status/operation.ts';
import { heldBack, onlyShown, permit, writes } from './permit.ts';
import { apartFromHooks, hooksBeside, hooksToRead } from './hooks/plan-hooks.ts';
import { contextOf } from './context.ts';
import type { Ports } from './ports.ts';

export interface Sight {
  readonly app: Application;
  readonly desired: Desired;
  readonly live: ReadonlyMap<RefKey, LiveAnswer>;
  /** The try of a sync with hooks that goes on, or begins. */
  readonly run?: HookRun;
}

/** What is known of everything that is on record or desired. */
export async function readLive(
  { app, desired, ...running }: Omit<Sight, 'live'>,
  ports: Ports,
  signal: AbortSignal,
): Promise<ReadonlyMap<RefKey, LiveAnswer>> {
  await ports.live.settled(signal);
  const { full } = ports.asks.begin(app);
  const correcting = (ref: Ref): boolean => ports.pending.correcting(ref);
  const recorded = [...withoutHooks(app.record, desired), ...hooksToRead({ app, desired, ...running }, ports)];
  const upcoming = (room: number): readonly Upcoming[] => takeUpcoming(app, room, ports);
  const question = { key: app.key, wanted: desired.objects, recorded, full, upcoming, correcting };
  return ports.live.read(question, signal);
}

/**
 * The plan of what is written now. It is cut to what may be written before preflight, so that nothing else is asked of
 * the server, and again after it, when doubtful equality is settled.
 */
export async function decide(sight: Sight, ports: Ports, signal: AbortSignal): Promise<Plan> {
  const { app } = sight;
  const context = contextOf(app, ports, signal, { desired: sight.desired.objects });
  const apart = { ...sight, ...apartFromHooks({ ...sight, app: context.app }, ports) };
  const input: PlanInput = {
    ...apart,
    ...(await foresee(apart, context, ports.jq)),
    installation: ports.installation,
    claims: claimsOf(sight, ports),
    weightOf: weightBy(app, {
      sizeOf: (key) => ports.applications.known(key)?.app.record?.length ?? 0,
      sizeIn: (namespace) => ports.claims.recordedIn(namespace),
    }),
    approved: ports.approvals.of(app),
    confirmed: isConfirmed(sight, ports),
  };
  const waitsFor = app.deleting ? undefined : ports.dependencies.waitsFor(app);
  const permitted = (plan: Plan): Plan =>
    waitsFor === undefined ? permit(app, plan, (change) => correctionOf(change, ports)) : heldBack(plan, waitsFor);
  const wanted = permitted(planChanges(input));
  if (waitsFor === undefined) await provideNamespace(sight, wanted, context);
  const allowed = guarded(input, permitted(await preflight(wanted, context)));
  ports.approvals.planned(app, allowed);
  const takeovers = (change: Change): string | undefined =>
    describeTakeover(change, { installation: ports.installation, policy: app.spec.ownership });
  const shown = app.request?.dryRun === true && !app.deleting ? onlyShown(allowed, takeovers) : allowed;
  const decided = { ...shown, changes: shown.changes.map((change) => untilCorrected(change, ports)) };
  ports.pending.announce(
    app.key,
    decided.changes.filter(({ kind }) => kind !== 'keep').map(({ ref }) => ref),
  );
  const hooks = hooksBeside(decided, { ...sight, claims: claimsOf(sight, ports) }, ports);
  await tryOutHooks({ ...decided, hooks }, contextOf(app, ports, signal));
  return { ...decided, hooks };
}

/** What was gone may be there again in a moment, and has to be on record then. The other lane has the Application compared. */
function untilCorrected(change: Change, { pending }: Ports): Change {
  const { kind, ref } = change;
  if (kind !== 'forget' || !pending.correcting(ref)) return change;
  return { kind: 'keep', ref, reason: 'correcting', message: 'was deleted; being corrected' };
}

/** The other lane is faster, tells who did it, writes once, and knows whom it does not answer at once. */
function correctionOf(change: Change, { pending, fights }: Ports): 'goesOn' | 'backsOff' | undefined {
  if (pending.correcting(change.ref)) return 'goesOn';
  const isMissing = change.kind === 'create' || (change.kind === 'undecided' && change.question === 'exists');
  return !isMissing && fights.holdsMs(change.ref) > 0 ? 'backsOff' : undefined;
}

/** Before anything is tried out: a dry-run in a namespace that is not there says nothing. A Namespace in Git wins. */
async function provideNamespace({ app, desired, run }: Sight, plan: Plan, context: ApplyContext): Promise<void> {
  const { destinationNamespace: name, managedNamespace } = app.spec;
  const isInGit = desired.objects.some(({ ref }) => ref.kind === 'Namespace' && ref.group === '' && ref.name === name);
  if (createsNamespace(app) && !isInGit && (writes(plan) || run !== undefined || hasAnotherSpec(app)))
    await createNamespace(name, managedNamespace, context);
}

function createsNamespace({ spec, deleting, request }: Application): boolean {
  return spec.syncOptions.createNamespace && spec.destinationNamespace !== '' && !deleting && request?.dryRun !== true;
}

/** Its metadata may be others now, though no object is. */
function hasAnotherSpec({ spec, request, generation, status }: Application): boolean {
  const syncs = request !== undefined || spec.automated !== undefined;
  return syncs && generation !== status.observedGeneration;
}

/** An approval of a deletion counts from the operation, or the deletion of the Application, that it was given for. */
function isConfirmed({ app, desired }: Sight, { installation, clock }: Ports): boolean {
  const since = app.deleting ? app.deletedAt : operationStart(app, desired.revision);
  return since !== undefined && approvesDeletion(app.annotations, { since, now: clock.now() }, installation);
}

/** What Git dropped stays while another Application claims it, or may. */
function claimsOf({ app, desired }: Sight, ports: Ports): PlanInput['claims'] {
  const view = ports.claims.view(app.key, groupsSeen(app, desired.revision, ports));
  const wanted = new Set(desired.objects.map(({ ref }) => refKey(ref)));
  return {
    recordedBy: (ref) => view.recordedBy(ref),
    claimedBy: (ref) => (app.deleting || wanted.has(refKey(ref)) ? view.claimedBy(ref) : view.keptFor(ref)),
  };
}

/**
 * What is written without being on record yet: also what is on record with the uid of an object that is gone, be it that
 * none is there or another one, or that is about to go.
 */
export function creationsOf(app: Application, plan: Plan, installation: Installation): readonly Ref[] {
  const recorded = new Map(app.record.map((entry) => [refKey(entry.ref), entry]));
  const written = plan.changes.filter(isWritten).filter((change) => {
    const entry = recorded.get(refKey(change.ref));
    return entry === undefined || (entry.uid !== '' && isOutlived(entry, change, { key: app.key, installation }));
  });
  const hooks = plan.hooks === undefined ? [] : hooksToClaim(plan.hooks);
  return [...written.map(({ ref }) => ref), ...hooks.filter((ref) => !recorded.has(refKey(ref)))];
}

type Written = ChangeOf<'create' | 'update' | 'undecided' | 'replace'>;

function isWritten(change: Change): change is Written {
  return ['create', 'update', 'undecided', 'replace'].includes(change.kind);
}

/** Whether the ref will have another object than the recorded one. One that is replaced has to be ours without its uid too. */
function isOutlived(entry: RecordEntry, change: Written, owner: Owner): boolean {
  if (change.kind === 'replace') return proofOf({ ...entry, uid: '' }, change.live, owner) === 'claimed';
  return change.kind === 'create' || change.live === undefined || uidOf(change.live) !== entry.uid;
}
