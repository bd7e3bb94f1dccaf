import type { Application } from '../model/application.ts';
import type { Desired } from '../model/desired.ts';
import type { Installation } from '../model/installation.ts';
import type { LiveAnswer } from '../model/live.ts';
import type { KubeObject, Ref, RefKey } from '../model/object.ts';
import type { Hints } from './intended.ts';
import type { Claims } from './ownership.ts';

/** Everything that a plan depends on. */
export interface PlanInput {
  readonly app: Application;
  readonly installation: Installation;
  /** What Git wants; `nothingDesired` for an Application that is being deleted. */
  readonly desired: Desired;
  /** What is known of every desired and every recorded ref; a ref that is missing here counts as unknown. */
  readonly live: ReadonlyMap<RefKey, LiveAnswer>;
  readonly claims: Claims;
  /** True once a person has confirmed the deletions (`Prune=confirm`, `Delete=confirm`) of the operation that runs. */
  readonly confirmed?: boolean;
  /** Whether a hook that Git has dropped runs still. No when left out. */
  isRunning?(hook: KubeObject): boolean;
  /** Of the objects for which something had to be asked before. */
  readonly hints?: ReadonlyMap<RefKey, Hints>;
  /** How many objects go when this one is deleted, itself included: a Namespace takes its content along. 1 when left out. */
  weightOf?(ref: Ref): number;
  /** The destructive changes, as `destructiveOf` writes them, of an approved plan that is not carried out to its end. */
  readonly approved?: ReadonlySet<string>;
}
