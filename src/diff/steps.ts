import type { Application } from '../model/application.ts';
import type { Installation } from '../model/installation.ts';
import { kindDefinedBy } from '../model/kind-schema.ts';
import { annotationOf, listedIn } from '../model/object-annotations.ts';
import type { Ref } from '../model/object.ts';
import { groupKindKey } from '../model/object.ts';
import type { Change, StepKey, SyncPhase } from '../model/plan.ts';
import { turnOfLive } from '../model/turn.ts';
import { isDefinition } from './protection.ts';
import { orderForApply, orderForRemoval, stageOf } from './stages.ts';

/** One phase and wave of a sync with the changes that belong there, those that need nothing included. */
export interface Step extends StepKey {
  readonly changes: readonly Change[];
}

/** Whose plan is put in order. */
export interface Ordering {
  readonly app: Pick<Application, 'spec'>;
  readonly installation: Pick<Installation, 'prefix'>;
  /** Where its hooks are: they are in Namespaces, and of kinds, too. None when left out. */
  readonly hooks?: readonly User[];
}

/** Something that a Namespace or definition has to be there for. */
interface User extends StepKey {
  readonly ref: Ref;
}

const phases: readonly SyncPhase[] = ['PreSync', 'Sync', 'PostSync'];

/**
 * The steps of a plan, first to last.
 *
 * Guarantees: a Namespace or definition is in the step of its first user, if that comes before its own; removals of the
 * highest wave are in the lowest step that has removals, and so on; those that are to be last are in a wave of their
 * own behind all others of the phase Sync.
 */
export function stepsOf(changes: readonly Change[], ordering: Ordering): readonly Step[] {
  const mirrored = mirrorRemovals(changes.map((change) => placeIn(change, ordering)));
  const placed = moveContainers(mirrored, ordering.hooks ?? []);
  const last = 1 + Math.max(0, ...placed.filter(({ phase }) => phase === 'Sync').map(({ wave }) => wave));
  const steps = new Map<string, StepKey & { changes: Change[] }>();
  for (const { change, phase, wave } of placed) {
    const key = { phase, wave: isLast(change, ordering) ? last : wave };
    const id = `${key.phase} ${key.wave}`;
    const step = steps.get(id) ?? { ...key, changes: [] };
    steps.set(id, step);
    step.changes.push(change);
  }
  return [...steps.values()].sort(compareSteps);
}

/** The order in which a plan is carried out, and shown: by step; removals first, in reverse of writing; by stage and ref. */
export function inOrder(changes: readonly Change[], ordering: Ordering): Change[] {
  return stepsOf(changes, ordering).flatMap((step) =>
    [...orderForRemoval(step.changes), ...orderForApply(step.changes)].flatMap((stage) => stage.changes),
  );
}

export function compareSteps(a: StepKey, b: StepKey): number {
  return phases.indexOf(a.phase) - phases.indexOf(b.phase) || a.wave - b.wave;
}

/** Off to be deleted, or on its way already. */
export function isGoing(change: Change): boolean {
  return (
    change.kind === 'prune' ||
    change.kind === 'release' ||
    (change.kind === 'keep' && change.reason === 'terminating' && change.desired === undefined)
  );
}

interface Placed extends StepKey {
  readonly change: Change;
}

function placeIn(change: Change, { installation }: Ordering): Placed {
  if ('desired' in change) return { change, phase: 'Sync', wave: change.desired.wave ?? 0 };
  const wave = 'live' in change ? (turnOfLive(change.live, installation).wave ?? 0) : 0;
  return { change, phase: 'Sync', wave };
}

/** What was created last goes first. */
function mirrorRemovals(placed: readonly Placed[]): readonly Placed[] {
  const waves = [...new Set(placed.filter(({ change }) => isGoing(change)).map(({ wave }) => wave))];
  const ascending = waves.toSorted((a, b) => a - b);
  const mirrored = new Map(ascending.map((wave, index) => [wave, ascending.at(-1 - index) ?? wave]));
  return placed.map((one) => (isGoing(one.change) ? { ...one, wave: mirrored.get(one.wave) ?? one.wave } : one));
}

function isLast(change: Change, { app, installation }: Ordering): boolean {
  if (change.kind !== 'prune') return false;
  const options = listedIn(annotationOf(change.live, 'sync-options', installation));
  return app.spec.syncOptions.pruneLast || options.includes('PruneLast=true');
}

/** Nothing can be in a Namespace, or of a kind, that comes in a later step. */
function moveContainers(placed: readonly Placed[], hooks: readonly User[]): readonly Placed[] {
  const wanted = placed.filter(({ change }) => 'desired' in change);
  const users = [...wanted.map(({ change, phase, wave }) => ({ ref: change.ref, phase, wave })), ...hooks];
  return placed.map((one) => {
    if (!('desired' in one.change) || stageOf(one.change.ref) === 'rest') return one;
    const earlier = users.filter((other) => compareSteps(other, one) < 0);
    const [first] = earlier.filter(({ ref }) => isIn(ref, one.change)).sort(compareSteps);
    return first === undefined ? one : { ...one, phase: first.phase, wave: first.wave };
  });
}

function isIn(ref: Ref, container: Change): boolean {
  if (!isDefinition(container.ref)) return ref.namespace === container.ref.name;
  // Definitions are large, and are named `<plural>.<group>`: most need not be read.
  if (ref.group === '' || !container.ref.name.endsWith(`.${ref.group}`) || !('desired' in container)) return false;
  return groupKindKey(ref) === groupKindKey(kindDefinedBy(container.desired.body()));
}
