import type { Application } from './application.ts';
import type { Desired } from './desired.ts';
import type { OperatorError } from './errors.ts';
import type { Health, ObjectHealth } from './health.ts';
import type { HooksDone } from './hook-plan.ts';
import type { HookRun } from './hook-run.ts';
import type { ApplicationKey } from './installation.ts';
import type { KubeObject, Ref } from './object.ts';
import type { Change, ChangeOf, Plan } from './plan.ts';
import type { RecordEntry } from './record.ts';

/** What became of one change of the plan. */
export type ChangeResult =
  /** Written; `object` is the server's answer, `entry` what goes on record; `message`: what Git dropped and others keep. */
  | {
      readonly kind: 'applied';
      readonly change: Change;
      readonly object: KubeObject;
      readonly entry: RecordEntry;
      readonly message?: string;
    }
  /** Deletion confirmed (404 or another uid), or given up by us: leaves the record. */
  | { readonly kind: 'removed'; readonly change: Change }
  /** Deletion accepted, finalizers still run: stays on record. */
  | { readonly kind: 'terminating'; readonly change: Change }
  /** Nothing was to be done. */
  | { readonly kind: 'kept'; readonly change: ChangeOf<'keep'>; readonly entry?: RecordEntry }
  /** Its kind is not served yet: woken by the CRD's event. */
  | { readonly kind: 'parked'; readonly change: Change; readonly message: string }
  /** `entry`: what goes on record although it failed; the former object was put back. */
  | { readonly kind: 'failed'; readonly change: Change; readonly error: OperatorError; readonly entry?: RecordEntry }
  /** Not reached: something before it failed or is waited for (`message` says what), or the sync was superseded. */
  | { readonly kind: 'skipped'; readonly change: Change; readonly message?: string };

/** A value of ours that the server's answer to our write does not have; values of Secrets are masked. */
export interface Override {
  readonly ref: Ref;
  readonly path: string;
  readonly sent: string;
  readonly got: string;
}

/** What `applyPlan` did. */
export interface Applied {
  readonly plan: Plan;
  readonly results: readonly ChangeResult[];
  readonly hooks?: HooksDone;
  /** Objects whose health the rest of the plan waits for. */
  readonly awaited: readonly Ref[];
  /** Our values that admission replaced at our own write. */
  readonly overrides: readonly Override[];
}

/** What one run of `reconcile` came to. */
export type Outcome =
  | { readonly kind: 'gone'; readonly key: ApplicationKey }
  /** Being deleted without a finalizer of ours: nothing of it is touched. */
  | { readonly kind: 'abandoned'; readonly app: Application }
  | { readonly kind: 'suspended'; readonly app: Application }
  /** Compared or applied; `settled` says how it stands now. */
  | { readonly kind: 'settled'; readonly app: Application; readonly settled: Settled }
  /** An expected error ended the run. */
  | {
      readonly kind: 'failed';
      readonly key: ApplicationKey;
      readonly app?: Application;
      readonly error: OperatorError;
    };

/** What was compared, without its objects. */
export type Origins = Pick<
  Desired,
  'revision' | 'digest' | 'sourceTypes' | 'repeated' | 'chartVersions' | 'about' | 'ahead'
>;

export interface Settled extends Origins {
  readonly sync: 'Synced' | 'OutOfSync' | 'Unknown';
  readonly health: Health;
  readonly objects: readonly ObjectHealth[];
  readonly applied: Applied;
  /** What failed of the plan, when something did: the rest stands. */
  readonly failure?: OperatorError;
  /** The try of a sync with hooks that this run belongs to. */
  readonly hookRun?: HookRun;
  /** How many hooks run when the Application is deleted. */
  readonly deleteHooks?: number;
  /** True when there is more to be done that nothing has to wake it for. */
  readonly again?: boolean;
  /** True when something was written to the cluster. */
  readonly wrote: boolean;
  /** True when the run has to be woken again by watch events or time: parked objects, terminating ones, bad health. */
  readonly progressing: boolean;
}
