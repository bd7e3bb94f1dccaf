import { deficientIndentation, parseNodes } from './parser.ts';
import type { YamlNode } from './nodes.ts';
import { YamlError } from './nodes.ts';

/** Characters that may be parsed again and again for one document before its layout is refused. */
const rereadBudget = 16_000_000;

/**
 * Parses a document; lines of a flow collection or of quoted text that are indented less than js-yaml wants are moved
 * to the right first. Go takes them as they are, and space at the start of such lines has no meaning; js-yaml
 * complains about no others in these words. Lines keep their numbers. Throws YamlError.
 */
export function parseWithShallowLines(text: string, maxDepth: number): (YamlNode | null)[] {
  let current = text;
  for (let budget = rereadBudget; ; budget -= current.length) {
    try {
      return parseNodes(current, maxDepth);
    } catch (error) {
      if (!(error instanceof YamlError) || error.message !== deficientIndentation || budget < 0) throw error;
      current = indentLineAt(current, error.offset, deepestIndentation(text));
    }
  }
}

function indentLineAt(text: string, offset: number, width: number): string {
  const start = text.lastIndexOf('\n', offset - 1) + 1;
  return text.slice(0, start) + ' '.repeat(width + 1) + text.slice(start);
}

function deepestIndentation(text: string): number {
  let deepest = 0;
  for (const [spaces] of text.matchAll(/^ +/gm)) deepest = Math.max(deepest, spaces.length);
  return deepest;
}
