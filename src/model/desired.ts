import type { KubeObject, Ref } from './object.ts';

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
export interface DesiredObject {
  readonly ref: Ref;
  readonly apiVersion: string;
  /** `shortHash` of the canonical JSON of the body: what the record keeps. */
  readonly hash: string;
  readonly origin: Origin;
  /** Decoded from the artefact at each call; do not keep it. */
  body(): KubeObject;
}

/** What one revision wants of one Application. */
export interface Desired {
  /** Full commit SHA; empty for `nothingDesired`. */
  readonly revision: string;
  /** SHA-256 (hex) over the sorted refs and hashes: equal digests, equal objects. */
  readonly digest: string;
  readonly objects: readonly DesiredObject[];
  /** YAML documents without apiVersion and kind, passed over as Argo CD does. */
  readonly skippedDocuments: number;
}

/** What a deleted Application wants. */
export const nothingDesired: Desired = { revision: '', digest: '', objects: [], skippedDocuments: 0 };
