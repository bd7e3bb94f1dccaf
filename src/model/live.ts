import type { Health } from './health.ts';
import type { KubeObject, Ref } from './object.ts';

/** Who wrote fields of an object, as managedFields tells it. */
export interface FieldWriter {
  readonly manager: string;
  readonly operation: 'Apply' | 'Update';
  /** Empty for the main resource; `scale`, `status`, … */
  readonly subresource: string;
  /** RFC 3339, whole seconds. */
  readonly time: string;
}

/** What a metadata-only event, or the answer to a write of ours, says about one object. */
export interface Observation {
  readonly ref: Ref;
  readonly uid: string;
  readonly resourceVersion: string;
  /** 0 for kinds that have none. */
  readonly generation: number;
  /** Hash of apiVersion, time and fieldsV1 of our Apply entry; empty when we have none. */
  readonly fp: string;
  /** Time of our entry, RFC 3339; empty when we have none. */
  readonly entryTime: string;
  /** Value of our part-of label; empty when the object has none. */
  readonly partOf: string;
  /** Value of our tracking annotation; empty when the object has none. */
  readonly trackingId: string;
  readonly deleting: boolean;
  /** True when an ownerReference has `controller: true`. */
  readonly controlled: boolean;
  /** Newest entry of somebody else outside subresources. */
  readonly foreign?: FieldWriter;
  /** Only for kinds whose health is in their status. */
  readonly health?: Health;
}

/**
 * What is known of one ref:
 * - `inSync`: record, index and desired hash agree; no request was needed;
 * - `absent`: a complete list has no object of ours there (one without our label may still exist: the dry-run tells);
 * - `body`: read now, because something differs or nothing is known;
 * - `unknown`: the kind's list is not complete, its discovery is stale or reading failed: the plan keeps the object.
 */
export type LiveAnswer =
  | { readonly state: 'inSync'; readonly observation: Observation }
  | { readonly state: 'absent' }
  | { readonly state: 'body'; readonly object: KubeObject }
  | { readonly state: 'unknown'; readonly why: string };
