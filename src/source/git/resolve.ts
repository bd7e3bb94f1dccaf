import { sourceError } from '../failures.ts';
import {
  isAbbreviation,
  isFixed,
  matchRevision,
  prefixesOf,
  tipsWith,
  type RemoteRef,
  type Resolved,
  type Revision,
} from './revision.ts';

/** What an engine can ask a remote. */
export interface RefLister {
  /** Refs that begin with one of the prefixes; without any prefix all. */
  list(prefixes: readonly string[]): Promise<readonly RemoteRef[]>;
  /** The commits that begin with these digits and are no tips. Throws OperatorError when the engine cannot tell. */
  commitsWith(abbreviated: string): Promise<readonly string[]>;
}

/**
 * The commit that a revision means at the remote now. A branch wins over a tag of the same name, both over what looks like
 * an abbreviated id. Throws OperatorError RevisionNotFound; an empty list is never taken for an empty repository that is
 * meant.
 */
export async function resolveRevision(url: string, revision: Revision, remote: RefLister): Promise<Resolved> {
  if (isFixed(revision)) return { commit: revision.text };
  const found = matchRevision(revision, await remote.list(prefixesOf(revision)));
  if (found !== undefined) return found;
  if (isAbbreviation(revision)) return { commit: await expand(url, revision.text, remote) };
  const missing = revision.text === '' ? 'HEAD' : revision.text;
  const tagged = revision.tagPrefix === '' ? '' : ` (tags with the prefix "${revision.tagPrefix}")`;
  throw sourceError('RevisionNotFound', `${url}: has no branch or tag "${missing}"${tagged}; what is deployed stays`);
}

async function expand(url: string, abbreviated: string, remote: RefLister): Promise<string> {
  const tips = tipsWith(abbreviated, await remote.list([]));
  const commits = tips.length > 0 ? tips : await remote.commitsWith(abbreviated);
  const [commit] = commits;
  if (commit === undefined) {
    throw sourceError(
      'RevisionNotFound',
      `${url}: has no branch, tag or commit "${abbreviated}"; what is deployed stays`,
    );
  }
  if (commits.length === 1) return commit;
  throw sourceError(
    'RevisionNotFound',
    `${url}: "${abbreviated}" is ambiguous, ${commits.length} commits begin with it; give more digits`,
  );
}
