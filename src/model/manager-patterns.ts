/** What the API server lets a manager's name have. */
const longestName = 128;

const longestPattern = 128;

/** Every repetition multiplies the time that a name can take. */
const mostRepetitions = 4;

/** Why a text is no regular expression that is safe to match names with, as `expected …`; undefined: it is one. */
export function managerPatternFlaw(pattern: string): string | undefined {
  if (pattern === '') return 'expected a regular expression, got nothing';
  if (pattern.length > longestPattern) return `expected at most ${longestPattern} characters, got ${pattern.length}`;
  const bare = pattern
    .replaceAll(/\\./gs, 'x')
    .replaceAll(/\[[^\]]*\]/g, 'x')
    .replaceAll('(?', '(');
  const repetitions = bare.match(/[*+?{]/g) ?? [];
  if (/\)[*+{]/.test(bare)) return `expected no group that is repeated, which may take for ever, got ${pattern}`;
  if (repetitions.length > mostRepetitions)
    return `expected at most ${mostRepetitions} repetitions, got ${repetitions.length} in ${pattern}`;
  return compiles(pattern) ? undefined : `expected a regular expression, got ${pattern}`;
}

function compiles(pattern: string): boolean {
  try {
    new RegExp(pattern).test('');
    return true;
  } catch {
    return false;
  }
}

/** True when one of the regular expressions matches the whole name: `kubectl` is not `kubectl-edit`. */
export function matchesManager(manager: string, patterns: readonly string[]): boolean {
  if (manager.length > longestName) return false;
  return patterns.some((pattern) => new RegExp(`^(?:${pattern})$`).test(manager));
}
