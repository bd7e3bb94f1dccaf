import type { Desired } from './desired.ts';
import type { GroupKind, KubeObject, Ref } from './object.ts';
import type { Health } from './health.ts';

/** The one clock. Unit tests and the cluster tests that need it move it by hand. */
export interface Clock {
  /** Wall time, milliseconds since 1970: for what people read. */
  now(): number;
  /** Monotonic milliseconds: for durations and deadlines. */
  monotonic(): number;
  /** Calls back once after `ms`; the returned function cancels. */
  after(ms: number, call: () => void): () => void;
}

/** The one source of randomness: uniform in [0, 1). */
export type Random = () => number;

/** Whether a kind's objects live in namespaces: asked while preparing desired objects. */
export interface Scopes {
  /** undefined: not served, or discovery is stale. */
  scopeOf(kind: GroupKind): 'Namespaced' | 'Cluster' | undefined;
}

/** Desired objects on disk, by digest. */
export interface Artefacts {
  /** undefined when it is not (or no longer) there, or damaged. */
  open(digest: string): Promise<Desired | undefined>;
}

/** Verdict on one object, pure and synchronous; `live/` calls it on events of kinds whose health is in their status. */
export interface HealthRules {
  /** True when the verdict needs the object's status, so the kind is watched in full. */
  needsStatus(kind: GroupKind): boolean;
  assess(object: KubeObject): Health;
}

/** The body that was last applied to an object: what drift is measured against. */
export interface AppliedBodies {
  /** undefined when the artefact of the last applied revision is lost. */
  bodyOf(ref: Ref): Promise<KubeObject | undefined>;
}
