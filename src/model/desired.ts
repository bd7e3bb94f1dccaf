import type { SourceType } from './application.ts';
import type { Hook } from './hook.ts';
import type { KubeObject, Ref } from './object.ts';
import type { Turn } from './turn.ts';
import type { CommitAbout } from './revision.ts';

/** Where in the repository an object was written: `path/to/file.yaml:document 2:line 14`. */
export interface Origin {
  readonly file: string;
  /** From 1; an item of a List has the number of the List's document. */
  readonly document: number;
  readonly line: number;
}

export function describeOrigin(origin: Origin): string {
  return `${origin.file}:document ${origin.document}:line ${origin.line}`;
}

/** One object that Git wants, after preparation and normalisation. */
export interface DesiredObject extends Turn {
  readonly ref: Ref;
  readonly apiVersion: string;
  /** `shortHash` of the canonical JSON of the body: what the record keeps. */
  readonly hash: string;
  readonly origin: Origin;
  /** Decoded from the artefact at each call; do not keep it. */
  body(): KubeObject;
}

/** A hook that Git wants: no object that is to be there, but one that is to have been. */
export interface DesiredHook extends DesiredObject {
  readonly hook: Hook;
}

/** Objects that are on disk, whichever revision wanted them. */
export interface Artefact {
  /** SHA-256 (hex) over the sorted refs and hashes, hooks included: equal digests, equal objects. */
  readonly digest: string;
  readonly objects: readonly DesiredObject[];
  /** What is run at its time instead of being kept as it is written. */
  readonly hooks: readonly DesiredHook[];
}

/** What one revision wants of one Application. */
export interface Desired extends Artefact {
  /** Full commit id, or version of the chart; of several sources as `joinRevisions` has them; empty for `nothingDesired`. */
  readonly revision: string;
  /** YAML documents without apiVersion and kind, passed over as Argo CD does. */
  readonly skippedDocuments: number;
  /** What rendered each source that has objects. */
  readonly sourceTypes: readonly SourceType[];
  /** Objects that two sources describe, the later of which won; one sentence each. */
  readonly repeated: readonly string[];
  /** `chart version` of every chart that is a source. */
  readonly chartVersions: readonly string[];
  /** Of the first source that is a commit. */
  readonly about?: CommitAbout;
  /** The newest revision, when it wants something else and a hold keeps it from being applied. */
  readonly ahead?: string;
}

/** What a deleted Application wants. */
export const nothingDesired: Desired = {
  revision: '',
  digest: '',
  objects: [],
  hooks: [],
  skippedDocuments: 0,
  sourceTypes: [],
  repeated: [],
  chartVersions: [],
};
