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
