import { isCommitId, isConstraint, isFullCommitId } from '../../model/revision.ts';
import { newestOf, readConstraint } from '../versions.ts';

/** What an Application follows: `targetRevision`, and which tags a constraint looks at. */
export interface Revision {
  readonly text: string;
  /** Only tags with it count, and it is stripped before versions are compared. */
  readonly tagPrefix: string;
}

/** The commit that a revision means, and how it was found. */
export interface Resolved {
  readonly commit: string;
  /** Full name of the branch or tag; absent for a commit that was named by its id. */
  readonly ref?: string | undefined;
  /** Id of the annotated tag; absent for everything else. */
  readonly tag?: string | undefined;
}

/** A ref as a remote lists it. */
export interface RemoteRef {
  readonly ref: string;
  readonly oid: string;
  /** The commit behind an annotated tag, also behind a tag of a tag. */
  readonly peeled?: string | undefined;
}

const heads = 'refs/heads/';
const tags = 'refs/tags/';

/** True when no look at the remote can change what it means. */
export function isFixed({ text }: Revision): boolean {
  return isFullCommitId(text);
}

/** Equal keys, equal meaning. */
export function revisionKey({ text, tagPrefix }: Revision): string {
  return JSON.stringify([text, tagPrefix]);
}

/** What to list for `matchRevision`: refs that begin with one of these. */
export function prefixesOf(revision: Revision): string[] {
  if (isConstraint(revision.text)) return [`${tags}${revision.tagPrefix}`, `${heads}${revision.text}`];
  return candidates(revision);
}

/**
 * Picks among what the remote has: a branch before a tag of the same name, the highest tag for a constraint (without one a
 * branch of that name). undefined when nothing matches; a commit's id is not looked at here.
 */
export function matchRevision(revision: Revision, refs: readonly RemoteRef[]): Resolved | undefined {
  const highest = isConstraint(revision.text) ? highestTag(revision, refs) : undefined;
  const named = candidates(revision).map((name) => refs.find(({ ref }) => ref === name));
  const found = highest ?? named.find((ref) => ref !== undefined);
  return found === undefined ? undefined : resolvedBy(found);
}

/** The commits among a remote's branches and tags that an abbreviated id may mean. */
export function tipsWith(abbreviated: string, refs: readonly RemoteRef[]): string[] {
  const commits = refs.map(({ oid, peeled }) => peeled ?? oid);
  return [...new Set(commits.filter((commit) => commit.startsWith(abbreviated)))];
}

/** True for what can only be found by looking at commits when no ref has that name. */
export function isAbbreviation({ text }: Revision): boolean {
  return isCommitId(text) && !isFullCommitId(text);
}

function candidates({ text, tagPrefix }: Revision): string[] {
  if (text === '' || text === 'HEAD') return ['HEAD'];
  if (text.startsWith('refs/')) return [text];
  return [`${heads}${text}`, `${tags}${text.startsWith(tagPrefix) ? '' : tagPrefix}${text}`];
}

function resolvedBy({ ref, oid, peeled }: RemoteRef): Resolved {
  return { commit: peeled ?? oid, ref, ...(peeled === undefined ? {} : { tag: oid }) };
}

function highestTag({ text, tagPrefix }: Revision, refs: readonly RemoteRef[]): RemoteRef | undefined {
  const satisfies = readConstraint(text);
  if (satisfies === undefined) return undefined;
  const prefix = `${tags}${tagPrefix}`;
  // Of equal versions (`v1` and `1.0.0`) the first by name, whatever the order of the remote.
  const byVersion = new Map(
    refs
      .filter(({ ref }) => ref.startsWith(prefix))
      .toSorted((a, b) => (a.ref < b.ref ? -1 : 1))
      .map((ref) => [ref.ref.slice(prefix.length), ref]),
  );
  return byVersion.get(newestOf([...byVersion.keys()], satisfies) ?? '');
}
