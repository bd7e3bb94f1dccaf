import semver from 'semver';
import { isCommitId, isConstraint, isFullCommitId } from '../../model/revision.ts';

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
  const alternatives = alternativesOf(text);
  if (alternatives === undefined) return undefined;
  const prefix = `${tags}${tagPrefix}`;
  const versions = refs
    .filter(({ ref }) => ref.startsWith(prefix))
    .flatMap((ref) => {
      const version = semver.parse(completed(ref.ref.slice(prefix.length)));
      return version !== null && alternatives.some((each) => satisfies(version, each)) ? [{ ref, version }] : [];
    });
  return versions.toSorted((a, b) => semver.rcompare(a.version, b.version) || (a.ref.ref < b.ref.ref ? -1 : 1))[0]?.ref;
}

/** `v1` and `1.2` are versions to those who tag so: 1.0.0 and 1.2.0. */
function completed(tag: string): string {
  const [, version = '', rest = ''] = /^v?([0-9]+(?:\.[0-9]+){0,2})((?:[-+].*)?)$/.exec(tag) ?? [];
  const parts = version.split('.');
  return version === '' ? tag : [...parts, '0', '0'].slice(0, 3).join('.') + rest;
}

/** Comparators that must all hold. */
interface Alternative {
  readonly range: semver.Range;
  readonly except: readonly semver.Range[];
  readonly withPrereleases: boolean;
}

/** A constraint as Masterminds/semver reads it: the alternatives; undefined when it is none. */
function alternativesOf(text: string): Alternative[] | undefined {
  try {
    return text.split('||').map(alternativeOf);
  } catch {
    return undefined;
  }
}

function alternativeOf(text: string): Alternative {
  const plain = text
    .replaceAll(',', ' ')
    .replace(/=>/g, '>=')
    .replace(/=</g, '<=')
    .replace(/(^|[\s<>=~^!])[vV]([0-9xX*])/g, '$1$2')
    .replace(/([<>=~^!])\s+/g, '$1');
  const comparators = plain.split(/\s+(?!-\s)(?<!\s-\s+)/);
  const excluded = comparators.filter((comparator) => comparator.startsWith('!='));
  const wanted = comparators.filter((comparator) => !comparator.startsWith('!='));
  return {
    range: rangeOf(wanted.join(' ')),
    except: excluded.map((comparator) => rangeOf(comparator.slice(2))),
    withPrereleases: /[0-9xX*]-[0-9A-Za-z]/.test(plain),
  };
}

/** A prerelease of a partial version (`^1.0-0`) says only that prereleases count. */
function rangeOf(text: string): semver.Range {
  const spelled = text.replace(/(^|[\s<>=~^])([0-9]+(?:\.[0-9]+)?|[0-9.]*[xX*])-[0-9A-Za-z.-]+/g, '$1$2');
  return new semver.Range(spelled.trim(), { includePrerelease: true });
}

function satisfies(version: semver.SemVer, { range, except, withPrereleases }: Alternative): boolean {
  if (version.prerelease.length > 0 && !withPrereleases) return false;
  return range.test(version) && !except.some((excluded) => excluded.test(version));
}
