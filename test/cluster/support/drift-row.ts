import type { KubeObject } from '../../../src/model/object.ts';
import type { ForeignAct, Subject } from './foreign-act.ts';

/** One foreign act on an object that is managed, and what the operator has to make of it. */
export interface DriftRow {
  /** Row of the table in apply-rules, part 1. */
  readonly row: string;
  readonly act: string;
  /** As in Git. Its name must be unique in its namespace, or of its kind when it has none. */
  readonly object: (namespace: string) => KubeObject;
  readonly foreign: ForeignAct;
  /** The operator may see nothing before the last command is done: also where it sends a write that may change nothing. */
  readonly atOnce?: boolean;
  /** The server refuses the act. */
  readonly isRefused?: boolean;
  /** The operator's requests about the object, as `verb resource code`. */
  readonly requests: readonly string[] | RepeatedRequest;
  /** Requests about the Application, its namespace or what is in it, beside the one status write. */
  readonly alongside?: readonly string[];
  /** What stands in `status.drift`; left out: it is no drift. */
  readonly drift?: { readonly fields: readonly string[]; readonly manager: string; readonly operation: string };
  /** No drift, but the operator's write moves resourceVersion: it takes back ownership, or admission changes every write. */
  readonly moves?: boolean;
  readonly afterwards?: (subject: Subject) => Promise<void>;
}

/** The same request, at least once. */
export interface RepeatedRequest {
  readonly upTo: string;
  readonly most: number;
}

export const looked = (resource: string): string[] => [`get ${resource}`];
export const forced = (resource: string): string[] => [`get ${resource}`, `apply forced ${resource}`];
export const unforced = (resource: string): string[] => [`get ${resource}`, `apply ${resource}`];

/** Where the number of replicas is not Git's, it matters whether an autoscaler has set it. */
export const scaled = ['list horizontalpodautoscalers'];
/** Another object is about to have the name: that goes on record before. */
export const announced = ['patch applications/status'];
