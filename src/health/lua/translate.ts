/** Comments and texts, which may hold anything, and what is looked for between them. */
const tokens = new RegExp(
  [
    String.raw`--\[(?<comment>=*)\[[\s\S]*?(?:\]\k<comment>\]|$)`,
    String.raw`--[^\n]*`,
    String.raw`\[(?<text>=*)\[[\s\S]*?(?:\]\k<text>\]|$)`,
    String.raw`"(?:\\[\s\S]|[^"\\\n])*"`,
    String.raw`'(?:\\[\s\S]|[^'\\\n])*'`,
    String.raw`\.{2,3}`,
  ].join('|'),
  'g',
);

/** An escape that Lua 5.1 takes as the character itself, and 5.4 refuses. */
const unknownEscape = /\\([^abfnrtvxzu\\"'\r\n0-9])|\\[\s\S]/g;

/**
 * The script as Lua 5.4 has to read it to do what Lua 5.1 did, line by line where it was: `a .. b` goes through the
 * `joiner` that the chunk gets as its argument, because 5.4 would write 2 as 2.0 where it came from a division.
 */
export function translate(script: string): string {
  const translated = script.replaceAll(tokens, (token) => {
    if (token === '..') return ` ..${joiner}.. `;
    if (!token.startsWith('"') && !token.startsWith("'")) return token;
    return token.replaceAll(unknownEscape, (escape, letter: string | undefined) => letter ?? escape);
  });
  return translated.includes(joiner) ? `local ${joiner} = ...; ${translated}` : translated;
}

const joiner = '_JOIN';
