import semver from 'semver';

/** Whether a version satisfies what the constraint asks for. */
export type Constraint = (version: string) => boolean;

const operator = String.raw`(?:=>|=<|>=|<=|!=|~>|[=<>~^])?`;
const part = String.raw`(?:[0-9]+|[xX*])`;
const label = String.raw`[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*`;
const literal = String.raw`v?${part}(?:\.${part})?(?:\.${part})?(?:-${label})?(?:\+${label})?`;
const comparator = new RegExp(String.raw`(${operator})\s*(${literal})`, 'g');
const group = new RegExp(String.raw`^\s*${operator}\s*${literal}(?:(?:\s+|\s*,\s*)${operator}\s*${literal})*\s*$`);
const hyphen = new RegExp(String.raw`(?<=^|[\s,|])(${literal})\s+-\s+(${literal})`, 'g');

/**
 * Reads a constraint as Helm and Argo CD do (Masterminds/semver): comma or space is AND, `||` is OR, `!=` is known, and a
 * prerelease counts only where the constraint has one itself (`>=1.0.0-0`). undefined: it is none.
 */
export function readConstraint(text: string): Constraint | undefined {
  if (text.length > 512) return undefined;
  const groups = text.replace(hyphen, '>=$1, <=$2').split('||').map(readGroup);
  return groups.includes(undefined)
    ? undefined
    : (version) => {
        const parsed = parseVersion(version);
        return parsed !== undefined && groups.some((matches) => matches?.(parsed) === true);
      };
}

/** The highest of the versions that satisfy; of equal ones the first. */
export function newestOf(versions: readonly string[], satisfies: Constraint): string | undefined {
  let newest: { readonly text: string; readonly version: semver.SemVer } | undefined;
  for (const text of versions) {
    const version = parseVersion(text);
    if (version === undefined || !satisfies(text)) continue;
    if (newest === undefined || version.compare(newest.version) > 0) newest = { text, version };
  }
  return newest?.text;
}

/** Highest first; what is no version comes last. */
export function sortVersions(versions: readonly string[]): string[] {
  const parsed = versions.map((text) => ({ text, version: parseVersion(text) }));
  return parsed
    .toSorted((a, b) => {
      if (a.version === undefined || b.version === undefined)
        return Number(a.version === undefined) - Number(b.version === undefined);
      return b.version.compare(a.version);
    })
    .map(({ text }) => text);
}

function readGroup(text: string): ((version: semver.SemVer) => boolean) | undefined {
  if (!group.test(text)) return undefined;
  const comparators = [...text.matchAll(comparator)].map(([, operation = '', version = '']) => ({
    operation,
    version,
  }));
  const tests = comparators.map(({ operation, version }) => readComparator(operation, version));
  const allowsPrerelease = comparators.some(({ version }) => version.includes('-'));
  return (version) => (allowsPrerelease || version.prerelease.length === 0) && tests.every((test) => test(version));
}

function readComparator(operation: string, version: string): (version: semver.SemVer) => boolean {
  const plain = plainVersion(version);
  const inRange = (range: string) => new semver.Range(range, { includePrerelease: true });
  if (operation === '!=') {
    const range = inRange(plain);
    return (candidate) => !range.test(candidate);
  }
  const known = { '=>': '>=', '=<': '<=', '~>': '~' }[operation] ?? operation;
  const range = inRange(`${known}${plain}`);
  return (candidate) => range.test(candidate);
}

/** A prerelease of something partial (`2.x-0`) only says that prereleases count. */
function plainVersion(version: string): string {
  const [numbers = ''] = /^[0-9.xX*]+/.exec(version.replace(/^v/, '')) ?? [];
  return /^[0-9]+\.[0-9]+\.[0-9]+$/.test(numbers) ? version.replace(/^v/, '') : numbers;
}

/** Versions with fewer than three numbers are taken for what they mean, as Go does. */
function parseVersion(text: string): semver.SemVer | undefined {
  const found = /^v?([0-9]+)(\.[0-9]+)?(\.[0-9]+)?([-+].*)?$/.exec(text);
  if (found === null) return undefined;
  const [, major = '', minor = '.0', patch = '.0', rest = ''] = found;
  return semver.parse(`${major}${minor}${patch}${rest}`) ?? undefined;
}
