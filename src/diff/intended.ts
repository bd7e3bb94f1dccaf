import type { Application } from '../model/application.ts';
import type { Yielded } from '../model/differences.ts';
import type { OperatorError } from '../model/errors.ts';
import type { Installation } from '../model/installation.ts';
import { isJsonObject, jsonEqual } from '../model/json.ts';
import type { FieldWriter } from '../model/live.ts';
import type { KubeObject } from '../model/object.ts';
import { refOf } from '../model/object.ts';
import { asLive } from './as-live.ts';
import type { Contest } from './conflicts.ts';
import { settleConflicts, yieldedOf } from './conflicts.ts';
import type { Finding } from './finding.ts';
import type { Hidden } from './hidden.ts';
import { hiddenInAll, isNothing, masked, nothingHidden, treeOf, withIdentity } from './hidden.ts';
import { hiddenAt, ignoredBy } from './ignore.ts';
import type { Taking } from './migration.ts';
import { afterFolding, examineTaking, isMigrated } from './migration.ts';
import type { Place } from './place.ts';
import { atField, ownersOf } from './place.ts';
import type { Step } from './field-steps.ts';
import { valueAtPath } from './field-steps.ts';
import { reclaimedIn, reclaimFindings } from './reclaim.ts';
import type { Comparison } from './three-way.ts';
import { comparisonOf, placeOf } from './three-way.ts';

/** What had to be asked before an object can be compared. */
export interface Hints {
  /** Where the jq expressions of ignore rules point. */
  readonly ignored: Hidden;
  /** What sets `spec.replicas`: `HorizontalPodAutoscaler shop/web`. */
  readonly scaledBy?: string;
}

export const noHints: Hints = { ignored: nothingHidden };

/** An object as Git wants it, normalised and marked, and as it is. */
export interface Sides {
  readonly desired: KubeObject;
  readonly live: KubeObject;
  readonly hints?: Hints | undefined;
  /** True when the object becomes ours, and with it what the migrated tools have set. */
  readonly adopts?: boolean;
}

export interface Policy {
  readonly app: Pick<Application, 'spec'>;
  readonly installation: Installation;
}

/** How one object is compared and what is sent of it. */
export interface Intention {
  readonly comparison: Comparison;
  /** What a sync that writes the object sends. */
  readonly body: KubeObject;
  /** What asks and corrects: as `body`, and what is ignored stays as it is. */
  readonly probe: KubeObject;
  /** True when nothing is left to others: both are what Git says. */
  readonly isWhole: boolean;
  /** What Git says and others are left to decide. */
  readonly yielded: readonly Yielded[];
  /** Places that others added and that go: they have to become ours before what is sent removes them. */
  readonly reclaims: readonly (readonly Step[])[];
  /** Why nothing may be written: a conflict that the policy does not settle. */
  readonly refusal?: OperatorError;
}

/**
 * The one place where ignore rules, conflict rules and autoscalers have their say: planning, trying out, applying,
 * correcting and showing all go by its result, so that they cannot disagree. Pure.
 *
 * Guarantees: a field that is given up is left out of what is sent only while it is not ours; else it is sent with its
 * live value, so that giving up never removes or resets anything.
 * Caveats: Argo CD's meaning of ignoring: a sync that writes the object for another reason still writes the ignored
 * fields, unless `RespectIgnoreDifferences` is on.
 */
export function intended(sides: Sides, policy: Policy): Intention {
  const { desired, live, hints = noHints } = sides;
  const { app, installation } = policy;
  const ignored = hiddenInAll([ignoredBy(app.spec.ignoreDifferences, desired, live), hints.ignored]);
  const scaled = hints.scaledBy === undefined ? nothingHidden : hiddenAt([replicas], desired, live);
  const hidden = hiddenInAll([ignored, scaled]);
  const [want, have] = [masked(desired, hidden.desired, installation), masked(live, hidden.live, installation)];
  const { found, reapply } = examineTaking(takingOf({ desired: want, live: have }, policy), sides.adopts ?? false);
  const contest = contestIn(sides, policy);
  const { ours, theirs, refusal } = settleConflicts(found, contest);
  const place = ownPlace(sides, policy, found);
  const given = hiddenInAll([scaled, hiddenIn(theirs, sides)]);
  const added = addedTo(sides, { place, hidden: hiddenInAll([given, ignored]) }, policy);
  const respected = app.spec.syncOptions.respectIgnoreDifferences ? ignored : nothingHidden;
  return {
    comparison: comparisonOf(desired, { found: withReclaimed(ours, added, live), reapply }),
    body: sent(sides, hiddenInAll([given, respected]), { place, installation }),
    probe: sent(sides, hiddenInAll([given, ignored]), { place, installation }),
    isWhole: isNothing(hiddenInAll([given, ignored])),
    yielded: [...scaledOf(sides, installation), ...yieldedOf(theirs, contest)],
    reclaims: added.map(({ steps }) => steps),
    ...(refusal === undefined ? {} : { refusal }),
  };
}

const replicasPath = ['spec', 'replicas'];
const replicas = replicasPath.map((field) => ({ field }));

function takingOf({ desired, live }: Pick<Sides, 'desired' | 'live'>, { app, installation }: Policy): Taking {
  return { desired, live, installation, policy: app.spec.ownership };
}

/** With a tool that is migrated there is no conflict, nor with our own name under another operation. */
function contestIn(sides: Sides, policy: Policy): Contest {
  const taking = takingOf(sides, policy);
  const peaceful = (writer: FieldWriter): boolean =>
    writer.manager === policy.installation.manager || isMigrated(writer, taking);
  return { ref: refOf(sides.desired), policy: policy.app.spec.conflicts, peaceful };
}

/** What is ours at the time of the apply: with an object that is taken over, what the migrated tools have set, too. */
function ownPlace(sides: Sides, policy: Policy, found: readonly Finding[]): Place {
  const takes = sides.adopts === true || found.some(({ difference }) => difference.migrated === true);
  const live = takes ? afterFolding(takingOf(sides, policy)) : sides.live;
  return placeOf(live, policy.installation.manager);
}

function addedTo(
  { desired, live }: Sides,
  { place, hidden }: { readonly place: Place; readonly hidden: Hidden },
  { app, installation }: Policy,
): readonly Place[] {
  const reclaiming = { policy: app.spec.conflicts, manager: installation.manager };
  return reclaimedIn(place, { desired, live, hidden: treeOf(hidden.live) }, reclaiming);
}

/** What we own, too, is not released where its other owners are reclaimed from. */
function withReclaimed(found: readonly Finding[], added: readonly Place[], live: KubeObject): readonly Finding[] {
  if (added.length === 0) return found;
  const paths = new Set(added.map(({ path }) => path));
  const others = found.filter(({ difference: { desired, path } }) => desired !== undefined || !paths.has(path));
  return [...others, ...reclaimFindings(added, live)];
}

function hiddenIn(findings: readonly Finding[], { desired, live }: Sides): Hidden {
  return hiddenAt(
    findings.flatMap(({ place }) => (place === undefined ? [] : [place.steps])),
    desired,
    live,
  );
}

function sent(
  { desired, live }: Sides,
  hidden: Hidden,
  { place, installation }: { readonly place: Place; readonly installation: Installation },
): KubeObject {
  if (isNothing(hidden)) return desired;
  const trees = { desired: treeOf(hidden.desired), live: treeOf(hidden.live) };
  const body = asLive(place, { desired, live, hidden: trees });
  return withIdentity(isJsonObject(body) ? body : {}, desired, installation);
}

/** The number of replicas, where Git says another one than there is. */
function scaledOf({ desired, live, hints }: Sides, installation: Installation): Yielded[] {
  const [wanted, present] = [valueAtPath(desired, replicasPath), valueAtPath(live, replicasPath)];
  if (hints?.scaledBy === undefined || wanted === undefined || jsonEqual(wanted, present)) return [];
  const place = replicasPath.reduce(atField, placeOf(live, installation.manager));
  const manager = ownersOf(place).map((owner) => owner.manager);
  return [{ path: place.path, manager: manager.join(', '), why: `${hints.scaledBy} sets it` }];
}
