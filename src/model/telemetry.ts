import type { ApiErrorKind } from './api-error.ts';
import type { HealthStatus } from './health.ts';
import type { ApplicationKey } from './installation.ts';
import type { JsonValue } from './json.ts';
import type { FieldWriter } from './live.ts';
import type { Outcome } from './outcome.ts';
import type { Ref } from './object.ts';
import type { Forge } from './push.ts';
import type { Reason } from './reasons.ts';

/**
 * Where the rest of the operator says what happened. One call is one event: its log line and its metrics.
 *
 * Guarantees: every method is synchronous, does no I/O that the caller waits for, and never throws; secrets and
 * credentials in fields and messages are masked; labels of metrics come from fixed lists.
 * Assumptions: durations are milliseconds of the monotonic clock.
 */
export interface Telemetry {
  /** One run of `reconcile` ended. */
  reconciled(event: Reconciled): void;
  /** A verdict on an Application changed; call it for changes only: each is one log line. */
  transition(event: Transition): void;
  /** A field of ours differs by a foreign write. */
  driftDetected(event: DriftDetected): void;
  /** Our write put it back. */
  driftCorrected(event: DriftCorrected): void;
  /** Somebody began to take fields of ours again and again, or ceased to. */
  fight(event: FightEvent): void;
  /** One look at a remote's refs ended. */
  gitPoll(event: GitPoll): void;
  /** Objects were fetched from a remote, or not. */
  gitFetch(event: GitFetch): void;
  /** What an Application wants was found in the cache, or rendered. */
  rendered(event: Rendered): void;
  /** A request to the listener for webhooks was answered, or its sender went away. */
  webhookRequest(event: WebhookRequest): void;
  /** A health rule cannot be used, or failed on an object: call it once until the rules change. */
  healthRuleBroken(rule: BrokenHealthRule): void;
  /** One request to the API server ended; a watch when its headers arrived. */
  apiRequest(event: ApiRequest): void;
  /** A connection that is retried failed: counted per attempt, logged once per episode and reason. */
  connectionFailure(event: ConnectionFailure): void;
  /** It works (again): ends the episode. Cheap when there was none, so call it after every success. */
  connectionRestored(connection: Connection): void;
  /** Nobody needs it any more: whether it worked or not, it fails no longer. */
  connectionEnded(connection: Connection): void;
  /** Applications that wait for a worker. */
  queueDepth(waiting: number): void;
  /** This process became, or ceased to be, the one that may write. */
  leadership(isLeader: boolean): void;
  /** How many objects an Application manages, by state. */
  objects(key: ApplicationKey, counts: ObjectCounts): void;
  /** How an Application stands now; replaces what was said of it before. */
  applicationStatus(status: ApplicationVerdict): void;
  /** A sync came to its end: everything is healthy, so long after its start. */
  healthyAfter(key: ApplicationKey, durationMs: number): void;
  /** The Application is deleted: its series end. */
  applicationGone(key: ApplicationKey): void;
  /** An error that nobody expected: logged with its stack and causes, counted apart. */
  bug(error: unknown, where?: LogFields): void;
  debug(fields: LogFields, message: string): void;
  info(fields: LogFields, message: string): void;
  warn(fields: LogFields, message: string): void;
}

/** Values are masked by key (`password`, `token`, `authorization`, …) and URLs lose their credentials. */
export type LogFields = Readonly<Record<string, JsonValue | undefined>>;

export interface Reconciled {
  readonly key: ApplicationKey;
  readonly outcome: Outcome['kind'];
  /** Of a failure. */
  readonly reason?: Reason;
  readonly message?: string;
  readonly durationMs: number;
  readonly revision?: string;
  /** Objects created, updated or deleted by the run. */
  readonly writes?: number;
  /** Failures in a row, this run included; 0 after one that went through. */
  readonly failures?: number;
}

export interface Transition {
  readonly key: ApplicationKey;
  readonly what: 'sync' | 'health' | 'ready';
  readonly from: string;
  readonly to: string;
  /** Of the new state; the reason first where there is one. */
  readonly message: string;
}

export interface DriftDetected {
  readonly key: ApplicationKey;
  readonly ref: Ref;
  /** The name in managedFields; empty = removed by unknown. */
  readonly manager: FieldWriter['manager'];
  /** Paths, never values. */
  readonly fields: readonly string[];
  /** From the arrival of the event that showed it; absent when an audit or a comparison found it. */
  readonly latencyMs?: number;
}

export interface DriftCorrected extends DriftDetected {
  /** From the arrival of the event to the server's answer to our write. */
  readonly latencyMs: number;
}

export interface FightEvent extends Omit<DriftDetected, 'latencyMs'> {
  readonly kind: 'began' | 'ended';
  /** When it began: `12/m`. */
  readonly rate: string;
}

export interface GitPoll {
  readonly remote: string;
  readonly outcome: 'changed' | 'unchanged' | 'failed';
  readonly durationMs: number;
}

export interface GitFetch {
  readonly remote: string;
  readonly outcome: 'succeeded' | 'failed';
  readonly durationMs: number;
  /** Received over the network. */
  readonly bytes: number;
}

/** Why something had to be rendered. */
export const missReasons = ['new', 'content', 'parameters', 'tools', 'hard', 'lost', 'scopes'] as const;

export interface Rendered {
  readonly key: ApplicationKey;
  readonly outcome: 'hit' | 'miss' | 'failed';
  /** Of a miss, and of a failure: the first render (`new`), other files (`content`), another spec (`parameters`), other
   * versions of tools or cluster (`tools`), asked for (`hard`), no longer on disk (`lost`), a kind that became known (`scopes`). */
  readonly reason?: (typeof missReasons)[number];
  readonly durationMs: number;
}

export interface WebhookRequest {
  /** As path or headers say, whoever sent it; `unknown` when they do not. */
  readonly forge: Forge | 'unknown';
  /** `refused`: wrong path, method or type of content. `unavailable`: the Secrets could not be read. */
  readonly outcome:
    'pushed' | 'ignored' | 'unauthorized' | 'malformed' | 'tooLarge' | 'tooSlow' | 'cut' | 'refused' | 'unavailable';
  readonly durationMs: number;
}

export interface BrokenHealthRule {
  /** Where it is written: `checks[0].failed`, `cert-manager.io/Certificate`. */
  readonly path: string;
  /** With the line where there is one. */
  readonly message: string;
}

export type ApiVerb =
  'get' | 'list' | 'watch' | 'create' | 'apply' | 'patch' | 'merge' | 'replace' | 'delete' | 'discovery';

export interface ApiRequest {
  readonly verb: ApiVerb;
  /** HTTP status, 0 when there was no answer. */
  readonly code: number;
  readonly durationMs: number;
}

/** A connection that is tried again for ever. */
export interface Connection {
  readonly target: 'watch' | 'lease' | 'request' | 'git';
  /** Which one, for the log: `Deployment.apps`, a remote without credentials. */
  readonly name?: string;
}

export interface ConnectionFailure extends Connection {
  readonly reason: ApiErrorKind | Reason | 'idle' | 'cut' | 'timeout';
  /** What the other side, or the system, said. */
  readonly message?: string;
  /** From 1, since the last success. */
  readonly attempt: number;
}

export type ObjectState = 'synced' | 'outOfSync' | 'healthy' | 'progressing' | 'degraded' | 'unexplained';

/** `objects` is their number; an object is counted once by sync and once by health. */
export type ObjectCounts = Readonly<Record<ObjectState | 'objects', number>>;

export interface ApplicationVerdict {
  readonly namespace: string;
  readonly name: string;
  readonly project: string;
  readonly repo: string;
  readonly sync: 'Synced' | 'OutOfSync' | 'Unknown';
  readonly health: HealthStatus;
  readonly suspended: boolean;
  readonly held: boolean;
}
