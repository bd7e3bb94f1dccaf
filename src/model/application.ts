import type { Condition } from './condition.ts';
import type { HookInResult, HookRun } from './hook-run.ts';
import type { DifferenceRules } from './differences.ts';
import type { FightPolicy, FightShown } from './fight.ts';
import type { Health, HealthCheck, HealthStatus, ObjectHealth } from './health.ts';
import type { ApplicationKey } from './installation.ts';
import type { JsonObject } from './json.ts';
import type { Ref } from './object.ts';
import type { OwnershipPolicy } from './ownership.ts';
import type { KustomizePatch } from './kustomize-patch.ts';
import type { RecordEntry } from './record.ts';
import type { RevisionFields } from './revision.ts';
import type { SyncOptions } from './sync-options.ts';

/** `source.directory`: plain manifests. */
export interface DirectoryOptions {
  readonly recurse: boolean;
  readonly include: string;
  readonly exclude: string;
  readonly disableExtensionFilter: boolean;
}

/** `source.kustomize`, as Argo CD means it; absent lists and maps are empty. */
export interface KustomizeOptions {
  readonly namePrefix: string;
  readonly nameSuffix: string;
  readonly namespace: string;
  readonly images: readonly string[];
  readonly replicas: readonly { readonly name: string; readonly count: number | string }[];
  readonly patches: readonly KustomizePatch[];
  readonly components: readonly string[];
  readonly commonLabels: Readonly<Record<string, string>>;
  readonly commonAnnotations: Readonly<Record<string, string>>;
  readonly kubeVersion: string;
  readonly apiVersions: readonly string[];
  readonly ignoreMissingComponents: boolean;
  readonly labelWithoutSelector: boolean;
  readonly labelIncludeTemplates: boolean;
  readonly forceCommonLabels: boolean;
  readonly forceCommonAnnotations: boolean;
  readonly commonAnnotationsEnvsubst: boolean;
}

/** `source.helm`, as Argo CD means it; empty texts and lists are absent ones. */
export interface HelmOptions {
  readonly releaseName: string;
  readonly namespace: string;
  readonly kubeVersion: string;
  readonly apiVersions: readonly string[];
  readonly valueFiles: readonly string[];
  /** YAML text. */
  readonly values: string;
  /** Replaces `values` as a whole. */
  readonly valuesObject?: JsonObject;
  readonly parameters: readonly { readonly name: string; readonly value: string; readonly forceString: boolean }[];
  readonly fileParameters: readonly { readonly name: string; readonly path: string }[];
  readonly ignoreMissingValueFiles: boolean;
  readonly skipCrds: boolean;
  readonly skipTests: boolean;
  readonly skipSchemaValidation: boolean;
  readonly passCredentials: boolean;
}

/** One source, validated, defaults filled in. */
export interface SourceSpec {
  /** A Git repository (HTTP(S) or SSH); with `chart` a Helm repository: an index (`https://…`) or a registry (`ghcr.io/org`, `oci://…`). */
  readonly repoURL: string;
  /** Relative to the repository's root, without leading or trailing slash; `.` is the root. Empty: none was given. */
  readonly path: string;
  /** Branch, tag, `refs/…`, full or short SHA, version constraint; `HEAD`. With `chart` a version or a constraint. */
  readonly targetRevision: string;
  /** Only tags with it count, and it is stripped before versions are compared. */
  readonly tagPrefix: string;
  /** Name of a Helm chart in `repoURL`; empty for Git. */
  readonly chart: string;
  /** Name by which other sources refer to this one as `$ref/…`; empty: none. */
  readonly ref: string;
  readonly name: string;
  readonly directory: DirectoryOptions;
  /** Present when the block has a value that is not zero. At most one of the three renderers' blocks has. */
  readonly kustomize?: KustomizeOptions;
  readonly helm?: HelmOptions;
  /** Name of a Secret in the Application's namespace. */
  readonly secretRef?: string;
  /** Signatures that a revision needs. */
  readonly verify?: { readonly mode: 'Head' | 'Tag'; readonly secretRef: string };
}

export interface PruneGuard {
  readonly maxObjects: number;
  readonly maxPercent: number;
  readonly protectedKinds: readonly string[];
  readonly onTrip: 'RequireApproval' | 'Deny';
}

export interface RetryPolicy {
  /** Negative: unlimited. undefined: 5 when automated, 0 when manual. */
  readonly limit?: number;
  readonly durationMs: number;
  readonly factor: number;
  readonly maxDurationMs: number;
}

export type DriftCorrection = 'Immediate' | 'OnSync' | 'DetectOnly';

/** Nothing is compared or written meanwhile. */
export interface Suspension {
  readonly reason: string;
  readonly by: string;
  /** Milliseconds since 1970; undefined: until somebody ends it. */
  readonly untilMs?: number;
}

/** `syncPolicy.managedNamespaceMetadata`. */
export interface ManagedNamespace {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

/** One of `spec.dependsOn`. */
export interface Dependency {
  readonly apiVersion: string;
  readonly kind: string;
  /** Empty: that of the Application. */
  readonly namespace: string;
  readonly name: string;
  /** CEL over `object`. */
  readonly ready?: string;
}

/** `spec`, validated, defaults filled in, only what this version builds. */
export interface ApplicationSpec extends DifferenceRules {
  readonly project: string;
  /** One, or as many as `spec.sources` has. */
  readonly sources: readonly [SourceSpec, ...SourceSpec[]];
  /** True when `spec.sources` is used: status then has lists of revisions and types. */
  readonly hasSourceList: boolean;
  /** Empty when none was given. */
  readonly destinationNamespace: string;
  readonly intervalMs: number;
  readonly suspend?: Suspension;
  readonly automated?: { readonly prune: boolean; readonly selfHeal: boolean; readonly allowEmpty: boolean };
  readonly syncOptions: SyncOptions;
  /** Of the namespace that `CreateNamespace` makes. */
  readonly managedNamespace: ManagedNamespace;
  readonly retry: RetryPolicy;
  /** What a failed check of one object holds back: everything, or that object. */
  readonly preflight: 'All' | 'PerObject';
  /** Goes back by itself when a new revision turns Degraded within this time. */
  readonly rollback?: { readonly withinMs: number };
  readonly timeouts: {
    /** How long a hook may take from its creation on; 0 = for ever. */
    readonly hookMs: number;
    /** How long an object may progress without any progress before it counts as Degraded; 0 = for ever. */
    readonly progressMs: number;
  };
  readonly revisionHistoryLimit: number;
  /** What has to be ready before anything is written. */
  readonly dependsOn: readonly Dependency[];
  /** As they are written; whether their expressions can be used is not known here. */
  readonly healthChecks: readonly HealthCheck[];
  readonly guard: PruneGuard;
  readonly ownership: OwnershipPolicy;
  readonly drift: {
    readonly correction: DriftCorrection;
    /** True when the field was set, not derived from selfHeal: it then writes without `automated`, too. */
    readonly explicit: boolean;
    readonly minIntervalMs: number;
    /** 0 = off. */
    readonly auditMs: number;
    readonly fight: FightPolicy;
  };
}

/** Which objects a selective sync is about: group, kind and name exactly; any namespace when it is absent. */
export interface ResourceSelector {
  readonly group: string;
  readonly kind: string;
  readonly name: string;
  readonly namespace?: string;
}

/** Where the objects come from. */
export type SourceSet = Pick<ApplicationSpec, 'sources' | 'hasSourceList'>;

/** `operation` as asked for by a user. */
export interface SyncRequest {
  /** One for each source; an empty one is the spec's, and so is one that is missing. */
  readonly revisions: readonly string[];
  readonly prune: boolean;
  readonly dryRun: boolean;
  readonly initiatedBy: { readonly username: string; readonly automated: boolean };
  /** Where it came from: the `operation` field (removed when done) or the `sync` annotation (its value is kept in status). */
  readonly from: 'operation' | 'annotation';
  /** The annotation's value; empty for an operation. */
  readonly token: string;
  /** Only these are written and pruned, without hooks and history. */
  readonly resources?: readonly ResourceSelector[];
  /** `apply`: without hooks. Absent: `hook`. */
  readonly strategy?: 'apply' | 'hook';
  /** What has a field that cannot be changed is deleted and created anew, as if each object said `Force=true`. */
  readonly force?: boolean;
  /** These stand in place of those of the spec while the request is served. */
  readonly syncOptions?: SyncOptions;
  readonly retry?: RetryPolicy;
  readonly source?: SourceSet;
  /** Ends what runs, and begins nothing. */
  readonly terminate?: boolean;
  /** Goes back to an entry of the history and stays there; `acceptDigest`: also when it comes to these other objects. */
  readonly rollback?: { readonly id: number; readonly acceptDigest?: string };
  /** What was asked for besides revisions, `prune` and `dryRun`, as it was written: of `operation.sync` and of `operation`. */
  readonly words?: { readonly sync: JsonObject; readonly operation: JsonObject };
}

/** A revision that stands in place of the newest one, until somebody or, after an automatic rollback, a commit lifts it. */
export interface Hold {
  /** As the annotation names it. */
  readonly asked: string;
  /** Of each source. */
  readonly revisions: readonly string[];
  /** Only what comes to it is applied; absent: whatever the revision is rendered to. */
  readonly digest?: string;
  /** As it was then; absent: that of the spec. */
  readonly source?: SourceSet;
  readonly reason: string;
  /** After an automatic rollback: the digest of what did not work. Anything newer lifts the hold. */
  readonly from?: string;
}

export type SourceType = 'Directory' | 'Helm' | 'Kustomize';

export interface HistoryEntry extends RevisionFields {
  readonly id: number;
  readonly digest: string;
  readonly deployStartedAt: string;
  readonly deployedAt: string;
  readonly initiatedBy: { readonly username?: string; readonly automated: boolean };
  readonly source?: Readonly<Record<string, unknown>>;
  readonly sources?: readonly Readonly<Record<string, unknown>>[];
  /** `Name <address>` of the commit; of the first source that is a commit. */
  readonly author?: string;
  /** When it was committed, RFC 3339. */
  readonly committedAt?: string;
  /** First line of the commit's message. */
  readonly subject?: string;
  /** When everything was Synced and Healthy for the first time, RFC 3339. */
  readonly healthyAt?: string;
  /** `chart version` of every chart that was rendered. */
  readonly chartVersions?: readonly string[];
}

export interface DriftEntry {
  readonly group: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly fields: readonly string[];
  readonly manager: string;
  readonly operation: string;
  readonly since: string;
  /** RFC 3339; absent while it stands. */
  readonly healed?: string;
  /** Why the fields are left as their owner has them: no drift. */
  readonly yielded?: string;
  /** Present while the manager takes the fields again and again. */
  readonly fight?: FightShown;
}

export interface ResourceStatus {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly status: 'Synced' | 'OutOfSync' | 'Unknown';
  readonly health?: Health & Pick<ObjectHealth, 'since'>;
  readonly requiresPruning?: boolean;
  readonly requiresDeletionConfirmation?: boolean;
  readonly hook?: boolean;
  /** Absent: 0. */
  readonly syncWave?: number;
  readonly message?: string;
}

export type OperationPhase = 'Running' | 'Terminating' | 'Succeeded' | 'Failed' | 'Error';

export interface SyncResultEntry extends Partial<HookInResult> {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly status: 'Synced' | 'SyncFailed' | 'Pruned' | 'PruneSkipped';
  readonly message: string;
}

export interface OperationState {
  readonly operation: Readonly<Record<string, unknown>>;
  readonly phase: OperationPhase;
  readonly message: string;
  readonly syncResult?: RevisionFields & { readonly resources: readonly SyncResultEntry[] };
  readonly startedAt: string;
  readonly finishedAt?: string;
  readonly retryCount?: number;
  /** The newest try of a sync with hooks. */
  readonly hookRun?: HookRun;
}

/** A plan that waits for an approval. */
export interface HeldPlan {
  readonly hash: string;
  readonly summary: string;
  readonly destructive: readonly string[];
  /** How many objects were on record when a plan was held back first. */
  readonly recorded?: number;
}

/** `status` without the record, as it is written and read back. Every list is capped by api.md. */
export interface ApplicationStatus {
  readonly observedGeneration?: number;
  readonly reconciledAt?: string;
  readonly sync?: RevisionFields & { readonly status: 'Synced' | 'OutOfSync' | 'Unknown' };
  readonly health?: { readonly status: HealthStatus; readonly message: string; readonly lastTransitionTime: string };
  readonly sourceType?: SourceType;
  /** Of `spec.sources`. */
  readonly sourceTypes?: readonly SourceType[];
  readonly conditions?: readonly Condition[];
  readonly counts?: Readonly<
    Record<'objects' | 'synced' | 'outOfSync' | 'healthy' | 'progressing' | 'degraded' | 'unexplained', number>
  >;
  readonly summary?: { readonly images: readonly string[]; readonly externalURLs: readonly string[] };
  readonly resources?: readonly ResourceStatus[];
  /** How many rows of `resources` did not fit. */
  readonly resourcesOmitted?: number;
  readonly drift?: readonly DriftEntry[];
  readonly operationState?: OperationState;
  readonly history?: readonly HistoryEntry[];
  /** What was applied last as a whole: drift is measured against it, also with `revisionHistoryLimit: 0`. */
  readonly applied?: RevisionFields & {
    readonly digest: string;
    /** How many of its hooks run when the Application is deleted; absent: none. */
    readonly deleteHooks?: number;
  };
  readonly plan?: HeldPlan;
  readonly hold?: RevisionFields &
    Pick<HistoryEntry, 'source' | 'sources'> & {
      readonly asked: string;
      /** Of what is applied; empty while it was not rendered. */
      readonly digest: string;
      /** Nothing of another digest is applied. */
      readonly exact: boolean;
      readonly since: string;
      readonly reason: string;
    };
  /** The sync that a user ended: automation does not begin it again while spec and revision are the same. */
  readonly terminated?: { readonly revision: string; readonly spec: string };
  /** Value of the `sync` annotation that was served last. */
  readonly lastSyncRequest?: string;
}

/** What is known of an Application whether or not its spec can be read. */
export interface KnownApplication {
  readonly key: ApplicationKey;
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly generation: number;
  readonly deleting: boolean;
  /** When that was asked for, RFC 3339; absent while it is not. */
  readonly deletedAt?: string;
  readonly finalizers: readonly string[];
  readonly annotations: Readonly<Record<string, string>>;
  /** Fields that were accepted without effect. */
  readonly fieldsIgnored: readonly { readonly path: string; readonly why: string }[];
  readonly status: ApplicationStatus;
  /** What it has written or announced, wherever that is stored. Absent: it is damaged, and has to stay as it is. */
  readonly record?: readonly RecordEntry[];
}

/** An Application as read from the cluster and validated. */
export interface Application extends KnownApplication {
  /** As it is to be reconciled: with what a request, or a hold, puts in place of what the spec says. */
  readonly spec: ApplicationSpec;
  /** What the spec itself says, when something else stands in `spec`: new commits are looked for there. */
  readonly written?: SourceSet;
  readonly request?: SyncRequest;
  readonly hold?: Hold;
  readonly record: readonly RecordEntry[];
}

/** `now` is wall time; a suspension that is over is as good as none. */
export function isSuspended({ spec: { suspend } }: Pick<Application, 'spec'>, now: number): boolean {
  return suspend !== undefined && (suspend.untilMs === undefined || now < suspend.untilMs);
}

/** True when deleting the Application deletes its objects. */
export function cascades(app: Application): boolean {
  return app.finalizers.some((finalizer) => resourcesFinalizer.test(finalizer));
}

/** Ours, and Argo CD's with its two variants. */
export const resourcesFinalizer =
  /^(evenkeel\.dev\/resources-finalizer|resources-finalizer\.argocd\.argoproj\.io(\/(foreground|background))?)$/;

/** The objects of an Application that its own status has to name. */
export function isException(row: ResourceStatus): boolean {
  return row.status !== 'Synced' || (row.health !== undefined && row.health.status !== 'Healthy');
}

export function refInStatus(ref: Ref): Pick<ResourceStatus, 'group' | 'kind' | 'namespace' | 'name'> {
  return { group: ref.group, kind: ref.kind, namespace: ref.namespace, name: ref.name };
}
