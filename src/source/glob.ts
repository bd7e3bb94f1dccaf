import { renderError } from './failures.ts';

/** More than anybody writes; each alternative is matched on its own. */
const maxAlternatives = 256;

/**
 * Whether paths match one pattern of `directory.include` or `exclude`, with Argo CD's syntax: `*` and `**` any
 * characters, slashes too; `?` one character; `[a-z]`, `[!a]`; `{a,b}`, nested too; `\` takes the next one as it is.
 * Time grows with pattern × path, whatever the pattern. Throws OperatorError InvalidSpec.
 */
export function compileGlob(pattern: string): (path: string) => boolean {
  const alternatives = expandBraces(pattern).map((text) => tokenize(text, pattern));
  return (path) => alternatives.some((tokens) => matches(tokens, Array.from(path)));
}

/** A test for one character, or any number of any characters. */
type Token = '*' | ((character: string) => boolean);

function tokenize(text: string, pattern: string): Token[] {
  const tokens: Token[] = [];
  for (const [part, literal, negated, set] of text.matchAll(/\\([\s\S])|\[([!^])?((?:\\[\s\S]|[^\]\\])+)\]|[\s\S]/gu)) {
    if (part === '*') {
      if (tokens.at(-1) !== '*') tokens.push('*');
    } else if (part === '?') tokens.push(() => true);
    else if (set !== undefined) tokens.push(characterSet(set, negated !== undefined));
    else if (part === '[' || part === '\\') throw invalid(pattern, `"${part}" has no end`);
    else tokens.push((character) => character === (literal ?? part));
  }
  return tokens;
}

function characterSet(text: string, negated: boolean): (character: string) => boolean {
  const ranges = [...text.matchAll(/(\\[\s\S]|[\s\S])(?:-(\\[\s\S]|[\s\S]))?/gu)].map(([, from = '', to]) => {
    const low = from.replace(/^\\(?=.)/su, '');
    return [low, to?.replace(/^\\(?=.)/su, '') ?? low] as const;
  });
  return (character) => ranges.some(([from, to]) => character >= from && character <= to) !== negated;
}

/** Goes back only to the last star: an earlier one can never help where a later one cannot. */
function matches(tokens: readonly Token[], text: readonly string[]): boolean {
  let token = 0;
  let star = -1;
  let resume = 0;
  for (let at = 0; at < text.length;) {
    const test = tokens[token];
    if (test === '*') {
      star = token++;
      resume = at;
    } else if (test?.(text[at] ?? '') === true) {
      token++;
      at++;
    } else if (star >= 0) {
      token = star + 1;
      at = ++resume;
    } else return false;
  }
  return tokens.slice(token).every((rest) => rest === '*');
}

/** `a{b,c{d,e}}` → ab, acd, ace. */
function expandBraces(pattern: string): string[] {
  let done: string[] = [];
  let open = [pattern];
  while (open.length > 0) {
    const next: string[] = [];
    for (const text of open) {
      const expanded = expandFirst(text, pattern);
      if (expanded === undefined) done = [...done, text];
      else next.push(...expanded);
    }
    if (done.length + next.length > maxAlternatives)
      throw invalid(pattern, `more than ${maxAlternatives} alternatives`);
    open = next;
  }
  return done;
}

/** Replaces the first innermost `{…}`; undefined when there is none. */
function expandFirst(text: string, pattern: string): string[] | undefined {
  let start = -1;
  for (const { 0: mark, index } of text.matchAll(/\\[\s\S]|[{}]/g)) {
    if (mark === '{') start = index;
    if (mark !== '}') continue;
    if (start < 0) throw invalid(pattern, '"}" without "{"');
    const [before, inner, after] = [text.slice(0, start), text.slice(start + 1, index), text.slice(index + 1)];
    return inner.split(/(?<!\\),/).map((choice) => before + choice + after);
  }
  if (start >= 0) throw invalid(pattern, '"{" has no end');
  return undefined;
}

function invalid(pattern: string, why: string) {
  return renderError('InvalidSpec', `the pattern "${pattern}" is not valid: ${why}`);
}
