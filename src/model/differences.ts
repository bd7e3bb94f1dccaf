/** One rule of `spec.ignoreDifferences`. */
export interface IgnoreRule {
  /** Wildcards; an empty group is the core group. */
  readonly group: string;
  readonly kind: string;
  /** Empty: any. */
  readonly name: string;
  readonly namespace: string;
  readonly jsonPointers: readonly string[];
  readonly jqPathExpressions: readonly string[];
  readonly managers: readonly string[];
}

export type ConflictAction = 'Overwrite' | 'Yield' | 'Fail';

/** One rule of `spec.conflicts.rules`; everything is wildcards, and what is left out matches anything. */
export interface ConflictRule {
  readonly target: {
    readonly group?: string;
    readonly kind?: string;
    readonly name?: string;
    readonly namespace?: string;
  };
  /** Paths as differences have them; each stands for everything below it, too. */
  readonly fields: readonly string[];
  readonly managers: readonly string[];
  readonly action: ConflictAction;
  /** Not the user's: it holds for a while, because the fields are fought over. */
  readonly truce?: true;
}

/** What happens to a field of ours that another manager owns. */
export interface ConflictPolicy {
  readonly default: ConflictAction;
  /** The first that matches wins. */
  readonly rules: readonly ConflictRule[];
  /** Regular expressions of managers: what they add to an object of ours is removed. */
  readonly reclaimFrom: readonly string[];
}

/** A field of Git that is left as its owner has it. */
export interface Yielded {
  readonly path: string;
  readonly manager: string;
  /** Why it is not written, for people. */
  readonly why: string;
  /** It is tried again. */
  readonly truce?: true;
}

/** What of a spec decides which differences are put right. */
export interface DifferenceRules {
  readonly ignoreDifferences: readonly IgnoreRule[];
  readonly conflicts: ConflictPolicy;
}
