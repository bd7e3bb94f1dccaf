import type { Artefact } from './desired.ts';
import type { JsonValue } from './json.ts';
import type { ApplicationKey } from './installation.ts';
import type { GroupKind, KubeObject, Ref } from './object.ts';
import type { Health } from './health.ts';
import type { Forge } from './push.ts';

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

/** What templates may ask of the cluster. */
export interface ClusterFacts {
  /** As `v1.36.3`. */
  readonly kubeVersion: string;
  /** `group/version` and `group/version/Kind`, as Helm's `.Capabilities.APIVersions` has them; sorted. */
  readonly apiVersions: readonly string[];
}

/** Desired objects on disk, by digest. */
export interface Artefacts {
  /** undefined when it is not (or no longer) there, or damaged. */
  open(digest: string): Promise<Artefact | undefined>;
}

/** Verdict on one object, pure and synchronous; `live/` calls it on events of kinds whose health is in their status. */
export interface HealthRules {
  /** True when the verdict needs the object's status, so the kind is watched in full. */
  needsStatus(kind: GroupKind): boolean;
  assess(object: KubeObject): Health;
  /**
   * Tells that verdicts may be others now, also those of objects that did not change, of the kinds for which the given
   * question is answered with yes. Returns the way to unsubscribe.
   */
  onChange(listener: (isAffected: (kind: GroupKind) => boolean) => void): () => void;
}

/** Verdicts that `HealthRules.assess` has to leave for later, because a script gives them. */
export interface LateVerdicts {
  /** Returns the way to unsubscribe. */
  onVerdict(listener: (verdict: LateVerdict) => void): () => void;
  /** Resolves when those that were asked for are there; undefined when none is waited for. */
  settled(): Promise<void> | undefined;
}

/** A verdict on an object as it was in one version. */
export interface LateVerdict {
  readonly ref: Ref;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly health: Health;
}

/** The body that was last applied to an object: what drift is measured against. */
export interface AppliedBodies {
  /** undefined when the artefact of the last applied revision is lost. */
  bodyOf(ref: Ref): Promise<KubeObject | undefined>;
}

/** Where a jq expression points in documents. Never throws. */
export interface Jq {
  pathsIn(expression: string, documents: readonly JsonValue[]): Promise<JqAnswer>;
}

export type JqAnswer =
  /** For each document the places, as field names and indexes. */
  | { readonly kind: 'paths'; readonly paths: readonly (readonly (readonly (string | number)[])[])[] }
  /** It can be used on no document. */
  | { readonly kind: 'invalid'; readonly message: string }
  /** It took too much on these. */
  | { readonly kind: 'failed'; readonly message: string };

/**
 * Where writers of managed objects announce themselves, so that the watch can tell our own echo from somebody else's
 * write: events of the object are held from `begin` until the returned `end`, then those not newer are dropped.
 */
export interface WriteLog {
  begin(ref: Ref): WriteInFlight;
  /**
   * Read, and found to be as the Application's body with the hash `desired` would leave it: it is known by its fingerprint
   * from now on, unless the watch shows another state by now.
   */
  found(key: ApplicationKey, object: KubeObject, desired: string): void;
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

/** `data` of a Secret, decoded. No value of it may reach a log, an error, a metric or a status. */
export type SecretData = Readonly<Record<string, Buffer>>;

/** A Secret that was found by its labels. */
export interface FoundSecret {
  readonly namespace: string;
  readonly name: string;
  readonly data: SecretData;
}

/** Credentials of repositories. What cannot be said for now is thrown as an ApiError. */
export interface RepositorySecrets {
  /** undefined when there is none of that name. */
  named(namespace: string, name: string): Promise<SecretData | undefined>;
  /**
   * The labelled Secret of type `repository` with exactly this address, else the `repo-creds` one that covers most of
   * it; of several the first by name; undefined when there is none. Addresses are compared as Argo CD does.
   */
  forUrl(url: string): Promise<FoundSecret | undefined>;
  /**
   * A Secret that somebody may have read by name, or a labelled one, changed: callers look at their remotes again.
   * Returns the way to unsubscribe.
   */
  onChange(listener: (what: { readonly namespace: string; readonly name: string }) => void): () => void;
}

/** Secrets of forges, as they are at the time of the call. Throws ApiError while that cannot be said. */
export interface WebhookSecrets {
  of(forge: Forge): Promise<readonly FoundSecret[]>;
}
