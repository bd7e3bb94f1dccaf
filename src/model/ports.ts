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

/**
 * Where writers of managed objects announce themselves, so that the watch can tell our own echo from somebody else's
 * write: events of the object are held from `begin` until the returned `end`, then those not newer are dropped.
 */
export interface WriteLog {
  begin(ref: Ref): WriteInFlight;
}

export interface WriteInFlight {
  /**
   * The server's answer to a write or a verify of ours: from now on its fingerprint is the expected one, and its
   * generation and resourceVersion count as verified. `desired` is the hash of the body that was applied.
   */
  answered(object: KubeObject, desired: string): void;
  /** The object is gone by our hand, or was let go. */
  gone(): void;
  /** Must be called once, whatever happened. */
  end(): void;
}

/** What templates may ask of the cluster. */
export interface ClusterFacts {
  /** As `v1.36.3`. */
  readonly kubeVersion: string;
  /** `group/version` and `group/version/Kind`, as Helm's `.Capabilities.APIVersions` has them; sorted. */
  readonly apiVersions: readonly string[];
}

export type SecretData = Readonly<Record<string, Buffer>>;

/** Secrets with what opens repositories, followed from their first use on. */
export interface RepositorySecrets {
  named(namespace: string, name: string): Promise<SecretData | undefined>;
  forUrl(
    url: string,
  ): Promise<{ readonly name: string; readonly namespace: string; readonly data: SecretData } | undefined>;
  onChange(listener: (what: { namespace: string; name: string }) => void): () => void;
}
