import { sameRepositoryAs } from './repository-url.ts';
import { isCommitId, isConstraint, isFullCommitId } from './revision.ts';

/** Whose requests are understood; the values of the label `evenkeel.dev/webhook`. */
export const forges = [
  'github',
  'gitlab',
  'bitbucket',
  'bitbucket-server',
  'gitea',
  'forgejo',
  'azure-devops',
  'generic',
] as const;

export type Forge = (typeof forges)[number];

/** A forge says that refs of a repository moved, came or went. Nothing else that it says is believed. */
export interface Push {
  readonly forge: Forge;
  /** Every spelling of the repository's address that it names and has a Secret for. */
  readonly urls: readonly string[];
  /** Full names: `refs/heads/main`. Empty: it does not say which, so it may be any. */
  readonly refs: readonly string[];
}

/** What somebody follows. */
export interface Followed {
  readonly repoURL: string;
  readonly targetRevision: string;
}

/** Tells of what is followed whether it may be another commit after the push. Made once per push: many may follow. */
export function concernedBy({ urls, refs }: Push): (followed: Followed) => boolean {
  const isPushed = sameRepositoryAs(urls);
  return ({ repoURL, targetRevision }) =>
    !isFullCommitId(targetRevision) &&
    (refs.length === 0 || refs.some((ref) => mayMove(ref, targetRevision))) &&
    isPushed(repoURL);
}

function mayMove(ref: string, revision: string): boolean {
  // Which branch HEAD is, only the remote knows.
  if (revision === '' || revision === 'HEAD') return true;
  if (ref === revision || ref === `refs/heads/${revision}` || ref === `refs/tags/${revision}`) return true;
  if (ref.startsWith('refs/tags/')) return isConstraint(revision);
  return isCommitId(revision);
}
