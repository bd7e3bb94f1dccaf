import type { JsonObject, JsonValue } from '../model/json.ts';
import type { KindSchemas } from '../model/kind-schema.ts';
import type { GroupKind, KubeObject, Target } from '../model/object.ts';

/**
 * The port to one cluster. `kube/` implements it over HTTP, `test/fakes/` in memory; both pass the suite in
 * `test/contract/`.
 *
 * Guarantees: every failure is an `ApiError` (model/api-error.ts), decided once; no request is sent while this process
 * may not write (`notLeader`); unknown fields and 64-bit integers survive both ways.
 * Assumptions: the caller's signal is aborted when the answer is no longer wanted.
 */
export interface Cluster extends KindSchemas {
  readonly kinds: Kinds;

  /** The object, or undefined when the server proves that it is not there (404 about the object or its namespace). */
  read(target: Target, options: RequestOptions): Promise<KubeObject | undefined>;

  /** All objects of a kind, page by page, nothing kept. Throws `notServed` when the kind has no route. */
  list(kind: ServedKind, options: ListOptions): AsyncIterable<ListPage>;

  /**
   * Names of all objects of a kind in a namespace (empty: of a kind without), for who wants to know which of `asked` objects
   * are there: all who ask within seconds share one metadata-only list. undefined: a request for each object is better, or
   * the list failed. Caveat: what came or went in the last seconds may not show.
   */
  namesIn(kind: ServedKind, namespace: string, asked: number): Promise<ReadonlySet<string> | undefined>;

  /** Server-Side Apply. The body may carry `metadata.uid` and `metadata.resourceVersion` as preconditions. */
  apply(object: KubeObject, options: ApplyOptions): Promise<WriteAnswer>;

  /**
   * PUT of an object that was read: `metadata.uid` and `resourceVersion` in the body make it that very object, or it is a
   * `conflict`. What the body lacks goes, but what the server keeps itself.
   */
  replace(object: KubeObject, options: WriteOptions): Promise<KubeObject>;

  /** POST; `exists` when it is there already. */
  create(object: KubeObject, options: WriteOptions): Promise<KubeObject>;

  /** RFC 6902 patch. */
  patch(target: Target, operations: readonly PatchOperation[], options: PatchOptions): Promise<KubeObject>;

  /** RFC 7386 patch; `options.subresource: 'status'` for status. */
  merge(target: Target, patch: JsonObject, options: PatchOptions): Promise<KubeObject>;

  /**
   * DELETE with both preconditions: the object that was looked at is deleted or nothing is (`conflict`).
   * undefined: gone, or was not there. An object: it has finalizers and is terminating.
   */
  delete(target: Target, options: DeleteOptions): Promise<KubeObject | undefined>;

  /** The end of what a container wrote; asked once, and not waited for long. Throws `notFound` when it, or its Pod, is not there. */
  readLog(pod: Target, options: LogOptions): Promise<string>;

  /**
   * Whether this identity may do something, as the server's authorizers say (SelfSubjectAccessReview). What is allowed is
   * remembered for minutes, and forgotten when the server refuses anything. True when the server does not tell.
   */
  mayDo(action: Action): Promise<boolean>;

  /** Follows a kind until `stop`. Errors never end it: it backs off and goes on. */
  reflect(spec: ReflectorSpec): Reflector;
}

/** What an authorizer is asked about: objects of a kind in a namespace, in all of them, or in none. */
export interface Action {
  readonly verb: 'create' | 'update' | 'patch' | 'delete' | '*';
  readonly group: string;
  /** Plural name in paths. */
  readonly resource: string;
  /** Empty: all namespaces, or a kind without. */
  readonly namespace: string;
}

export interface RequestOptions {
  readonly signal?: AbortSignal;
  /** `urgent` goes before everything that waits for a connection: drift corrections and the Lease. */
  readonly priority?: 'urgent' | 'normal';
}

export interface ListOptions extends RequestOptions {
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  /** Empty or absent: all namespaces. */
  readonly namespace?: string;
  readonly metadataOnly?: boolean;
}

export interface LogOptions extends RequestOptions {
  readonly container: string;
  /** Of the run before the present one. */
  readonly previous: boolean;
  /** How many lines from the end. */
  readonly lines: number;
  /** No more than so many bytes are sent. */
  readonly bytes: number;
}

export interface ListPage {
  readonly items: readonly KubeObject[];
  readonly resourceVersion: string;
}

export interface WriteOptions extends RequestOptions {
  /** Field manager. */
  readonly manager: string;
  readonly dryRun?: boolean;
}

export interface ApplyOptions extends WriteOptions {
  readonly force: boolean;
}

export interface WriteAnswer {
  readonly object: KubeObject;
  /** 201: there was no such object (with dryRun: there is none). */
  readonly created: boolean;
}

export interface PatchOptions extends WriteOptions {
  readonly subresource?: 'status';
}

export interface PatchOperation {
  readonly op: 'add' | 'remove' | 'replace' | 'test';
  readonly path: string;
  readonly value?: JsonValue;
}

export interface DeleteOptions extends RequestOptions {
  readonly uid: string;
  readonly resourceVersion: string;
  readonly propagation: 'Foreground' | 'Background' | 'Orphan';
  readonly dryRun?: boolean;
}

/** A kind with the route it is served at. */
export interface ServedKind extends GroupKind {
  /** The version asked for, else the group's preferred one: `v1`, `apps/v1`. */
  readonly apiVersion: string;
  /** Plural name in paths. */
  readonly resource: string;
  readonly namespaced: boolean;
  readonly verbs: readonly string[];
}

/**
 * Gone, unknown, lost are three things: `gone` only if aggregated discovery lists the group-version as Current without
 * the kind, or no CRD or APIService of the group exists. Stale, 5xx, time-out = `unknown`: objects of the kind are kept.
 */
export type KindAnswer =
  | { readonly state: 'served'; readonly kind: ServedKind }
  | { readonly state: 'gone' }
  | { readonly state: 'unknown'; readonly why: string };

/** Discovery. Refreshed by metadata watches on CustomResourceDefinitions and APIServices, never by a timer. */
export interface Kinds {
  /** With apiVersion: that version must be served. Answers from memory. */
  find(kind: GroupKind, apiVersion?: string): KindAnswer;
  /**
   * Looks anew; concurrent calls share one request. Never throws: after a failure what was served stays `served` (its
   * requests fail for themselves) and everything else is `unknown`.
   */
  refresh(): Promise<void>;
  /** Called after every refresh that changed an answer. Returns the way to unsubscribe. */
  onChange(listener: () => void): () => void;
}

/**
 * What a reflector tells, in the server's order. With metadataOnly `object` has metadata only; apiVersion and kind are
 * those of the spec in any case.
 */
export interface ReflectorListener {
  /**
   * A complete list stands: everything not mentioned since the list began is gone (each is told by `deleted` first).
   * Told again when an interruption ends: the stream goes on where it was, what was missed follows at once.
   */
  synced(): void;
  /** Added or modified. */
  changed(object: KubeObject): void;
  /**
   * Deleted, or no longer matched by the label selector: with the selector, only a read by name can tell.
   * After a relist it carries only kind, namespace, name, and the uid and resourceVersion last seen.
   */
  deleted(object: KubeObject): void;
  /** The stream was lost and is being restored: what is known may be old. Called once per episode. */
  interrupted(why: string): void;
}

export interface ReflectorSpec {
  readonly kind: ServedKind;
  readonly metadataOnly: boolean;
  readonly labelSelector?: string;
  /** Empty or absent: all namespaces. */
  readonly namespace?: string;
  readonly fieldSelector?: string;
  readonly listener: ReflectorListener;
}

export interface Reflector {
  /** True from the first complete list until the watch is lost for longer than its idle limit, or the kind goes. */
  readonly complete: boolean;
  /** Final: no call to the listener after it returns. */
  stop(): void;
}

/** Something worth an Event in the cluster. */
export interface ObjectEvent {
  /** The object it is about; the Event is written to its namespace. */
  readonly regarding: Target & { readonly uid: string };
  readonly type: 'Normal' | 'Warning';
  /** CamelCase, from the catalogue of reasons or a verb in the past tense. */
  readonly reason: string;
  /** What was done or attempted, CamelCase: `Sync`, `Prune`. */
  readonly action: string;
  /** For people; never a secret. */
  readonly note: string;
}

/** Events in the cluster: told and forgotten, equal ones counted in a series. Never throws, never waits. */
export interface Events {
  emit(event: ObjectEvent): void;
}
