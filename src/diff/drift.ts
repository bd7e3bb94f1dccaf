import type { FieldWriter } from '../model/live.ts';
import type { KubeObject } from '../model/object.ts';
import type { FieldDifference } from '../model/plan.ts';
import { plain } from './path.ts';
import { compare } from './three-way.ts';

/**
 * - `none`: nothing of ours differs; `doubtful`: only the server knows;
 * - `taken`: somebody else owns what differs; `removed`: what differs is gone, and who did it left no trace;
 * - `rewritten`: other values under our ownership: admission, another client that applies under our name, a reordered
 *   list, or values that are newer in Git than in the cluster;
 * - `ownership`: the values are right and no longer ours (changed and changed back, managedFields wiped).
 */
export type DriftKind = 'none' | 'doubtful' | 'taken' | 'removed' | 'rewritten' | 'ownership';

/** What became of one object since we applied it. */
export interface Drift {
  readonly kind: DriftKind;
  /** Paths, never values. */
  readonly fields: readonly string[];
  /** Who did it, as far as managedFields tell. An `Update` under our own manager name is another client's. */
  readonly by: FieldWriter | undefined;
}

/** Says what differs from what was applied and who is behind it (apply-rules part 1, attribution). */
export function whatDrifted(desired: KubeObject, live: KubeObject, manager: string): Drift {
  const { verdict, differences, doubts, lost } = compare(desired, live, manager);
  switch (verdict) {
    case 'equal':
      return { kind: 'none', fields: [], by: undefined };
    case 'doubtful':
      return drift('doubtful', doubts);
    case 'ownershipLost':
      return drift('ownership', lost);
    case 'different':
      return drift(kindOf(differences), differences);
  }
}

function drift(kind: DriftKind, differences: readonly FieldDifference[]): Drift {
  return { kind, fields: differences.map(({ path }) => path), by: newest(differences.flatMap(({ who }) => who)) };
}

function kindOf(differences: readonly FieldDifference[]): DriftKind {
  if (differences.some(({ who }) => who.length > 0)) return 'taken';
  return differences.every(({ live }) => live === undefined) ? 'removed' : 'rewritten';
}

function newest(writers: readonly FieldWriter[]): FieldWriter | undefined {
  return writers.toSorted((a, b) => (a.time < b.time ? 1 : -1))[0];
}

/** A value of ours that admission replaced at our own write; values of Secrets are masked. */
export interface Override {
  readonly path: string;
  readonly sent: string;
  readonly got: string;
}

/** Our values that the server's answer to our apply does not have. What only may differ, as `1000m` from 1, is none. */
export function overridesOf(request: KubeObject, response: KubeObject, manager: string): Override[] {
  return compare(request, response, manager)
    .differences.filter(({ desired }) => desired !== undefined)
    .map(({ path, desired, live }) => ({ path, sent: plain(desired), got: plain(live) }));
}
