/** What `targetRevision` may be besides the name of a ref; tags and branches win over what merely looks like a commit. */

/** A version constraint such as `1.x`, `^2.0`, `>=1.0 <2.0`: the highest tag (or chart) that satisfies it is meant. */
export function isConstraint(text: string): boolean {
  return /^\s*(\^|~|[<>=!])|\*|\|\||\s-\s|^v?[0-9]+(\.[0-9]+)?\.[xX](\.|$)|^v?[xX]$/.test(text) && text.length <= 255;
}

/** All digits of a commit: SHA-1 or SHA-256. */
export function isFullCommitId(text: string): boolean {
  return /^([0-9a-f]{40}|[0-9a-f]{64})$/.test(text);
}

/** A commit, perhaps abbreviated to no less than 7 digits. */
export function isCommitId(text: string): boolean {
  return /^[0-9a-f]{7,64}$/.test(text);
}

/** Who made a commit, for people. */
export interface CommitAbout {
  /** `Name <address>`. */
  readonly author: string;
  /** RFC 3339. */
  readonly date: string;
  readonly subject: string;
}

/** How status names a revision: of several sources each has its own. */
export interface RevisionFields {
  /** Empty when there is a list. */
  readonly revision: string;
  readonly revisions?: readonly string[];
}

/** Neither a commit nor a version of a chart has one. */
const separator = ',';

/** One text for the revisions of all sources, in their order. */
export function joinRevisions(revisions: readonly string[]): string {
  return revisions.join(separator);
}

/** The revision of each source. */
export function splitRevisions(revision: string): readonly string[] {
  return revision === '' ? [] : revision.split(separator);
}

/** As Argo CD writes it: a list for `spec.sources`, else a text. */
export function revisionFields(
  spec: { readonly hasSourceList: boolean } | undefined,
  revision: string,
): RevisionFields {
  return spec?.hasSourceList === true ? { revision: '', revisions: splitRevisions(revision) } : { revision };
}

/** What `revisionFields` was made from. */
export function revisionIn({ revision, revisions }: RevisionFields): string {
  return revisions === undefined ? revision : joinRevisions(revisions);
}
