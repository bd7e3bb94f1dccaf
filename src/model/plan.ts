import type { DesiredObject } from './desired.ts';
import type { HookPlan } from './hook-plan.ts';
import type { OperatorError } from './errors.ts';
import type { JsonValue } from './json.ts';
import type { Yielded } from './differences.ts';
import type { FieldWriter } from './live.ts';
import type { KubeObject, Ref } from './object.ts';

/** One field in which an object differs from what Git wants. Values of Secrets are masked before they leave `diff`. */
export interface FieldDifference {
  /** `spec.template.spec.containers[name=web].image`: keyed list items by their keys, set items by their value. */
  readonly path: string;
  /** What was owned by us; undefined when the field is not ours. */
  readonly base?: JsonValue;
  /** undefined = to be removed. */
  readonly desired?: JsonValue;
  /** undefined = not there. */
  readonly live?: JsonValue;
  /** The managers that own the field now, or the newest one where nobody owns it; empty = removed by unknown. */
  readonly who: readonly FieldWriter[];
  /** Nobody owns it: `who` wrote the object last. */
  readonly guessed?: true;
  /** Goes although `who` owns it: what it owns is taken over with the object. */
  readonly migrated?: true;
  /** Goes although we never owned it: `who` added it, and `conflicts.reclaimFrom` names them. */
  readonly reclaimed?: true;
}

/** Why an object stays as it is. */
export type KeepReason =
  | 'inSync'
  /** Its list or discovery is not complete, or reading it failed. */
  | 'unknown'
  /** Not in Git any more, and automated pruning is off. */
  | 'pruneDisabled'
  /** `Prune=false`, `resource-policy: keep`, `protect`, policy `no-prune`. */
  | 'protected'
  /** Has a controller ownerReference, another uid, or lacks our marks: the record's rules forbid the deletion. */
  | 'notOurs'
  /** A hook that Git has dropped and that runs still, or is not to be pruned: it counts as in place. */
  | 'hook'
  /** Another Application claims it. */
  | 'claimedElsewhere'
  /** The render is empty and `allowEmpty` is off. */
  | 'emptyRender'
  /** Differs, and nothing allows a write now: manual sync, or drift that the next sync corrects. */
  | 'waitsForSync'
  /** It exists and its policy (`create-only`, `external`) says that it is not ours to change: that is how it should be. */
  | 'leftAlone'
  /** Differs from Git, and its policy (`no-update`) keeps it so. */
  | 'heldByPolicy'
  /** `Prune=confirm`, `Delete=confirm`: its deletion waits for a person. */
  | 'awaitsConfirmation'
  /** Not in Git any more, pruning is off, and `compare-options: IgnoreExtraneous` says that this is no difference. */
  | 'extraneous'
  /** Would be deleted and created anew, and the guard holds that back. */
  | 'guarded'
  /** Its kind is not served, and that is no error (`SkipDryRunOnMissingResource`): it is written when it is. */
  | 'kindMissing'
  /** Would be written if a user had not asked for a dry run. */
  | 'dryRun'
  /** Another Application has it on record, and desires it too. */
  | 'shared'
  /** What the Application depends on is not ready. */
  | 'dependency'
  /** Drifted, and a correction of this one object is under way. */
  | 'correcting'
  /** Being deleted already. */
  | 'terminating';

/** What is to happen to one object. `undecided` only before preflight. */
export type Change =
  | { readonly kind: 'create'; readonly ref: Ref; readonly desired: DesiredObject }
  | {
      readonly kind: 'update';
      readonly ref: Ref;
      readonly desired: DesiredObject;
      readonly live: KubeObject;
      readonly differences: readonly FieldDifference[];
      /** True when the object was not on record: ours by the `ownership` rule from now on. */
      readonly adopts: boolean;
      /** What stays as its owner has it. */
      readonly yielded?: readonly Yielded[];
      /** `Replace=true`: written as a whole, so that what Git does not say goes, whoever set it. */
      readonly whole?: boolean;
      /** What people have to know about it. */
      readonly warnings?: readonly string[];
    }
  /** Deleted and created anew: an immutable field differs, or `Replace=true,Force=true` asks for it. */
  | {
      readonly kind: 'replace';
      readonly ref: Ref;
      readonly desired: DesiredObject;
      readonly live: KubeObject;
      readonly differences: readonly FieldDifference[];
      readonly why: string;
    }
  | { readonly kind: 'prune'; readonly ref: Ref; readonly live: KubeObject }
  /** Off our record without touching anything but our marks: its Application is deleted, or its policy is `external`. */
  | { readonly kind: 'release'; readonly ref: Ref; readonly live: KubeObject; readonly why: string }
  /** Proved gone: leaves the record. */
  | { readonly kind: 'forget'; readonly ref: Ref }
  | {
      readonly kind: 'keep';
      readonly ref: Ref;
      readonly reason: KeepReason;
      readonly message: string;
      readonly desired?: DesiredObject;
      readonly live?: KubeObject;
      /** True when the object is known not to be there. */
      readonly missing?: boolean;
      readonly yielded?: readonly Yielded[];
    }
  | { readonly kind: 'refuse'; readonly ref: Ref; readonly error: OperatorError; readonly desired?: DesiredObject }
  | {
      readonly kind: 'undecided';
      readonly ref: Ref;
      readonly desired: DesiredObject;
      /** `exists`: nobody knows whether an object is there; `equal`: only the server can tell whether it differs. */
      readonly question: 'exists' | 'equal';
      readonly live?: KubeObject;
      readonly differences: readonly FieldDifference[];
      readonly adopts: boolean;
      readonly yielded?: readonly Yielded[];
    };

export type ChangeOf<K extends Change['kind']> = Extract<Change, { kind: K }>;

/** The phases of a sync, in their order. */
export type SyncPhase = 'PreSync' | 'Sync' | 'PostSync';

/** A place in the order of a sync: a wave of a phase. Plain objects are in the phase Sync. */
export interface StepKey {
  readonly phase: SyncPhase;
  readonly wave: number;
}

/** What a step creates first, and removes last: what others are in, what others are defined by, the others. */
export type Stage = 'namespaces' | 'definitions' | 'rest';

/** Tripped: what would be deleted and why that needs approval. */
export interface GuardVerdict {
  readonly message: string;
  /** What would be deleted, or deleted and created anew. */
  readonly destructive: readonly Ref[];
  /** What a percentage is of: the objects on record, without what this sync adds. */
  readonly recorded: number;
  readonly onTrip: 'RequireApproval' | 'Deny';
}

export interface Plan {
  readonly revision: string;
  readonly digest: string;
  readonly changes: readonly Change[];
  /** Present when the guard holds the prunes back; they are shown and not executed. */
  readonly guard?: GuardVerdict;
  /** Absent before they are planned, and where there are none. */
  readonly hooks?: HookPlan;
  /** 16 hex digits over the destructive changes and the Application's uid; empty when there are none. */
  readonly hash: string;
}
