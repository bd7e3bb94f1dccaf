import type { OperatorError } from './errors.ts';
import type { DesiredHook } from './desired.ts';
import type { HookPhase } from './hook.ts';
import type { HookRun, HookState } from './hook-run.ts';
import type { KubeObject, Ref } from './object.ts';
import type { RecordEntry } from './record.ts';

/** A hook at one of its times. */
export interface HookTask {
  readonly phase: HookPhase;
  readonly wave: number;
  /** With the name that it has in this run. */
  readonly ref: Ref;
  readonly hook: DesiredHook;
}

/** What is to happen to a hook, as far as the cluster tells how it stands. */
export type HookChange = HookTask &
  (
    | {
        readonly kind: 'ended';
        readonly state: Exclude<HookState, 'Running'>;
        readonly message: string;
        /** As long as it is there. */
        readonly live?: KubeObject;
      }
    /** `dueInMs`: when it counts as failed, if it has not ended by then. */
    | {
        readonly kind: 'running';
        readonly message: string;
        readonly live: KubeObject;
        readonly dueInMs?: number;
      }
    /** What another run has left has to end, or to go, first; or nobody can say how it stands. */
    | { readonly kind: 'waits'; readonly message: string }
    | { readonly kind: 'refuse'; readonly error: OperatorError }
    /** `clears` goes first, `awaited` has to be gone; `live` is applied over. */
    | {
        readonly kind: 'begin';
        readonly clears: readonly KubeObject[];
        readonly awaits?: KubeObject;
        readonly live?: KubeObject;
      }
  );

/** The hooks of a plan, apart from its objects: they count in neither sync status nor health. */
export interface HookPlan {
  /** Absent: no sync runs that has hooks. */
  readonly run?: HookRun;
  readonly changes: readonly HookChange[];
  /** Hooks of former runs that are gone: they leave the record. */
  readonly forgotten: readonly Ref[];
}

/** `Waiting`: for another run's object to end or go; `Pending`: its step is not reached. */
export type HookProgress = HookState | 'Waiting' | 'Pending';

/** What became of a hook. */
export interface HookResult extends HookTask {
  readonly state: HookProgress;
  readonly message: string;
  readonly object?: KubeObject;
  /** What goes on record. */
  readonly entry?: RecordEntry;
  /** Why it could not be begun, or why it failed. */
  readonly error?: OperatorError;
  readonly dueInMs?: number;
}

/** What `applyPlan` did with the hooks. */
export interface HooksDone {
  /** As the status keeps it; absent: no sync with hooks runs, or it has succeeded. */
  readonly run?: HookRun;
  readonly results: readonly HookResult[];
  /** Leaves the record. */
  readonly gone: readonly Ref[];
  /** Why the sync has failed, or cannot go on at present. */
  readonly failure?: OperatorError;
}
