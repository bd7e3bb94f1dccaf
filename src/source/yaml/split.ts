/** The text of one document (rarely of several, parted by `...`). */
export interface DocumentText {
  readonly text: string;
  /** From 1: the line in the file where the text begins. */
  readonly line: number;
}

/**
 * Splits a stream at its `---` markers. They count only at the start of a line: inside a block scalar they are indented,
 * and YAML allows them nowhere else. What stands before the first marker is a document only when it holds something;
 * directives stay with the document that follows.
 */
export function splitDocuments(stream: string): DocumentText[] {
  const text = stream.charCodeAt(0) === 0xfeff ? stream.slice(1) : stream;
  const starts = [0, ...[...text.matchAll(/^---(?=\s|$)/gm)].map(({ index }) => index).filter((index) => index > 0)];
  const documents: DocumentText[] = [];
  let line = 1;
  let from = 0;
  for (const [i, start] of starts.entries()) {
    const end = starts[i + 1] ?? text.length;
    const part = text.slice(from, end);
    const isLast = i === starts.length - 1;
    if (!isLast && holdsDirectives(part)) continue;
    if (start > 0 || !isBlank(part) || from < start) documents.push({ text: part, line });
    line += countLineBreaks(part);
    from = end;
  }
  return documents;
}

/** Only comments, directives and at least one of those. */
function holdsDirectives(part: string): boolean {
  return /^%/m.test(part) && part.split('\n').every((line) => /^\s*(#.*|%.*)?$/.test(line.trimEnd()));
}

function isBlank(part: string): boolean {
  return /^(\s*(#[^\n]*)?(\n|$))*$/.test(part) && !part.startsWith('---');
}

function countLineBreaks(text: string): number {
  let count = 0;
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) count++;
  return count;
}
