import type { JsonValue } from '../../model/json.ts';
import { compose, type YamlBudgets } from './compose.ts';
import type { YamlNode } from './nodes.ts';
import { YamlError } from './nodes.ts';
import { parseWithShallowLines } from './shallow-lines.ts';
import { splitDocuments, type DocumentText } from './split.ts';

export type { YamlBudgets } from './compose.ts';

export interface YamlDocument {
  readonly value: JsonValue;
  /** From 1, as a reader counts: what lies before a first `---` counts only when it holds something. */
  readonly number: number;
  /** From 1: where its content begins. */
  readonly line: number;
  /** The line of a mapping near the document's root; the document's own for anything else. */
  lineOf(value: JsonValue): number;
}

/** A text that is no YAML, or YAML beyond the budgets. */
export class YamlSyntaxError extends Error {
  readonly document: number;
  readonly line: number;

  constructor(message: string, document: number, line: number) {
    super(message);
    this.name = 'YamlSyntaxError';
    this.document = document;
    this.line = line;
  }
}

export const defaultYamlBudgets: YamlBudgets = { depth: 200, aliasedValues: 100_000 };

/**
 * Reads a stream of YAML documents exactly as kubectl does (sigs.k8s.io/yaml): YAML 1.1 scalars, integers of 64 bits,
 * `<<`, keys made strings. Empty documents are left out. Unlike it, a key that is there twice is refused.
 * Throws YamlSyntaxError.
 */
export function readYaml(text: string, budgets: YamlBudgets = defaultYamlBudgets): YamlDocument[] {
  const documents: YamlDocument[] = [];
  let skipped = 0;
  for (const chunk of splitDocuments(text)) {
    const found = readChunk(chunk, budgets, documents.length + skipped);
    skipped += found.empty;
    documents.push(...found.documents);
  }
  return documents;
}

function readChunk(
  chunk: DocumentText,
  budgets: YamlBudgets,
  before: number,
): { documents: YamlDocument[]; empty: number } {
  const documents: YamlDocument[] = [];
  let number = before;
  const lineAt = (offset: number): number => chunk.line + countLines(chunk.text, offset);
  try {
    for (const root of parse(chunk.text, budgets)) {
      number++;
      if (root !== null) documents.push(documentOf(root, number, budgets, lineAt));
    }
  } catch (error) {
    if (!(error instanceof YamlError)) throw error;
    throw new YamlSyntaxError(error.message, Math.max(number, before + 1), lineAt(error.offset));
  }
  return { documents, empty: number - before - documents.length };
}

function documentOf(
  root: YamlNode,
  number: number,
  budgets: YamlBudgets,
  lineAt: (offset: number) => number,
): YamlDocument {
  const { value, offsets } = compose(root, budgets);
  const lineOf = (part: JsonValue): number =>
    lineAt((typeof part === 'object' && part !== null ? offsets.get(part) : undefined) ?? root.offset);
  return { value, number, line: lineAt(root.offset), lineOf };
}

function parse(text: string, budgets: YamlBudgets): (YamlNode | null)[] {
  checkCharacters(text);
  // NEL is a line break to Go, and to YAML 1.1.
  return parseWithShallowLines(text.replaceAll('\u0085', '\n'), budgets.depth);
}

/** Control characters that neither reader of ours refuses everywhere, and Go does. */
function checkCharacters(text: string): void {
  const found = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/.exec(text);
  if (found !== null) throw new YamlError('control characters are not allowed', found.index);
}

function countLines(text: string, offset: number): number {
  let lines = 0;
  for (let at = text.indexOf('\n'); at >= 0 && at < offset; at = text.indexOf('\n', at + 1)) lines++;
  return lines;
}
