import type { Claims, Hints } from '../diff/diff.ts';
import type { Cluster, RequestOptions } from '../kube/cluster.ts';
import type { Application } from '../model/application.ts';
import type { Installation } from '../model/installation.ts';
import type { Health } from '../model/health.ts';
import type { KubeObject, Ref, RefKey } from '../model/object.ts';
import { refKey } from '../model/object.ts';
import type { Change } from '../model/plan.ts';
import type { WriteLog } from '../model/ports.ts';
import type { RecordEntry } from '../model/record.ts';

/** What writing the objects of one Application needs. */
export interface ApplyContext {
  readonly cluster: Cluster;
  readonly installation: Installation;
  readonly writes: WriteLog;
  readonly app: Application;
  /** Who the requests are made as, in words; left out: the operator. */
  readonly asker?: string;
  /** What other Applications desire and have on record: asked when an object turns out to exist. */
  readonly claims: Claims;
  /** How objects do: what an answer of the server says, and what the watches have shown last. */
  readonly health: { assess(object: KubeObject): Health; now(ref: Ref): Health };
  /** What has to be asked before an object can be compared; left out: nothing ever has to be. */
  hints?(desired: KubeObject, live: KubeObject): Promise<Hints>;
  /**
   * What objects outside the plan have yet to become before those that depend on them are written; undefined: nothing.
   * What it does not have is waited for.
   */
  readonly outside?: ReadonlyMap<RefKey, string | undefined>;
  readonly signal: AbortSignal;
  /** True when a newer commit wants to take over: asked at every safe point, after which nothing new is begun. */
  superseded?(): boolean;
  /** Whether an earlier run has tried out this very change, which has waited for its turn since. */
  wasTriedOut?(change: Change): boolean;
  /** Gets every object as a dry-run showed it: for who shows a plan. */
  tried?(object: KubeObject): void;
  /** Drift corrections go before everything that waits for a connection. */
  readonly priority?: RequestOptions['priority'];
}

/** The options that every request of this context carries. */
export function requestOptions({ signal, priority }: Pick<ApplyContext, 'signal' | 'priority'>): RequestOptions {
  return { signal, ...(priority === undefined ? {} : { priority }) };
}

/** The record by ref: made once per run, for plans of thousands of objects ask it once per object. */
export function recordOf({ app }: ApplyContext): ReadonlyMap<RefKey, RecordEntry> {
  return new Map(app.record.map((entry) => [refKey(entry.ref), entry]));
}
