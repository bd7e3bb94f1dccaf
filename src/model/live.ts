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
  /** `<namespace>_<name>` of the Application in our tracking annotation; empty unless that names this very object. */
  readonly tracker: string;
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
 * - `notServed`: discovery proves that the kind has no route: no object of it can exist;
 * - `forbidden`: the operator may not read it: nothing is written beside it, nothing deleted;
 * - `unknown`: the kind's list is not complete, its discovery is stale or reading failed: the plan keeps the object.
 */
export type LiveAnswer =
  | { readonly state: 'inSync'; readonly observation: Observation }
  | { readonly state: 'absent' }
  | { readonly state: 'body'; readonly object: KubeObject }
  | { readonly state: 'notServed' }
  | { readonly state: 'forbidden'; readonly why: string }
  | { readonly state: 'unknown'; readonly why: string };

/**
 * An object of ours about which the watch, or a complete list, said something that our own writes do not explain.
 * - `fingerprint`: our entry changed or went; `entryTime`: it was written anew, same fields, not by us;
 * - `generation`: the spec moved and our entry did not; `foreignEntry`: the same for kinds without generation, and
 *   a new write of somebody whose additions are reclaimed;
 * - `left`: it no longer matches the label selector: deleted, or label lost; `recreated`: another uid;
 * - `unverifiable`: resourceVersion moved and no entry explains it (kinds without generation).
 */
export type SuspectWhy =
  'fingerprint' | 'entryTime' | 'generation' | 'foreignEntry' | 'left' | 'recreated' | 'unverifiable';

export interface Suspect {
  readonly key: string;
  readonly ref: Ref;
  readonly why: SuspectWhy;
  /** As of the event; for `left` the last state before. */
  readonly observation: Observation;
  /** Monotonic milliseconds at which the event arrived: corrections measure from here. */
  readonly seenAt: number;
}
