import type { Ref } from '../model/object.ts';
import { refKey } from '../model/object.ts';
import type { Change, Stage } from '../model/plan.ts';

const stages: readonly Stage[] = ['namespaces', 'definitions', 'rest'];

/** When an object is written: what others are created in, then what others are defined by, then the others. */
export function stageOf({ group, kind }: Pick<Ref, 'group' | 'kind'>): Stage {
  if (group === '' && kind === 'Namespace') return 'namespaces';
  return group === 'apiextensions.k8s.io' && kind === 'CustomResourceDefinition' ? 'definitions' : 'rest';
}

/** Changes of one stage; they may be carried out in parallel. */
export interface StagedChanges {
  readonly stage: Stage;
  readonly changes: readonly Change[];
}

/** Everything but removals, stage by stage; stages without changes are left out. */
export function orderForApply(changes: readonly Change[]): readonly StagedChanges[] {
  return staged(
    changes.filter((change) => !isRemoval(change)),
    stages,
  );
}

/** Prunes and releases, in the reverse of the order of writing. */
export function orderForRemoval(changes: readonly Change[]): readonly StagedChanges[] {
  return staged(changes.filter(isRemoval), stages.toReversed());
}

/** True when objects of the one stage have to be gone before those of the other are removed. */
export function isRemovedBefore(one: Stage, other: Stage): boolean {
  return stages.indexOf(one) > stages.indexOf(other);
}

function isRemoval({ kind }: Change): boolean {
  return kind === 'prune' || kind === 'release';
}

function staged(changes: readonly Change[], order: readonly Stage[]): StagedChanges[] {
  const sorted = changes.toSorted((a, b) => (refKey(a.ref) < refKey(b.ref) ? -1 : 1));
  return order
    .map((stage) => ({ stage, changes: sorted.filter((change) => stageOf(change.ref) === stage) }))
    .filter((one) => one.changes.length > 0);
}
