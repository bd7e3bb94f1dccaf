import type { Event, MappingEvent, ScalarEvent, SequenceEvent } from 'js-yaml';
import { EVENT_ID, getScalarValue, parseEvents, SCALAR_STYLE, YAMLException } from 'js-yaml';
import type { MappingNode, SequenceNode, YamlNode } from './nodes.ts';
import { YamlError } from './nodes.ts';

/** js-yaml's word for a flow collection whose lines are indented less than their parent: valid in Go. */
export const deficientIndentation = 'deficient indentation';

/**
 * The documents of a text, parsed by js-yaml without giving scalars a meaning; null is an empty document.
 * Throws YamlError.
 */
export function parseNodes(text: string, maxDepth: number): (YamlNode | null)[] {
  try {
    return readDocuments(text, parseEvents(text, { maxDepth }));
  } catch (error) {
    if (error instanceof YAMLException) throw new YamlError(error.reason, error.mark?.position ?? 0);
    throw error;
  }
}

interface Open {
  readonly node: SequenceNode | MappingNode;
  key: YamlNode | undefined;
}

function readDocuments(text: string, events: readonly Event[]): (YamlNode | null)[] {
  const documents: (YamlNode | null)[] = [];
  const stack: Open[] = [];
  for (const event of events) {
    if (event.type === EVENT_ID.DOCUMENT) documents.push(null);
    else if (event.type === EVENT_ID.POP) stack.pop();
    else {
      const node = nodeOf(text, event);
      const parent = stack.at(-1);
      if (parent === undefined) documents[documents.length - 1] = node;
      else attach(parent, node);
      if (node.kind === 'sequence' || node.kind === 'mapping') stack.push({ node, key: undefined });
    }
  }
  return documents;
}

type NodeEvent = Exclude<Event, { type: typeof EVENT_ID.DOCUMENT | typeof EVENT_ID.POP }>;

function nodeOf(text: string, event: NodeEvent): YamlNode {
  switch (event.type) {
    case EVENT_ID.ALIAS:
      return { kind: 'alias', offset: event.anchorStart, name: text.slice(event.anchorStart, event.anchorEnd) };
    case EVENT_ID.SCALAR:
      checkEscapes(text, event);
      return {
        kind: 'scalar',
        ...placeOf(text, event, event.valueStart),
        text: getScalarValue(text, event),
        plain: event.style === SCALAR_STYLE.PLAIN,
      };
    case EVENT_ID.SEQUENCE:
      return { kind: 'sequence', ...placeOf(text, event, event.start), items: [] };
    case EVENT_ID.MAPPING:
      return { kind: 'mapping', ...placeOf(text, event, event.start), entries: [] };
  }
}

function placeOf(text: string, event: ScalarEvent | SequenceEvent | MappingEvent, start: number) {
  const { tagStart, tagEnd, anchorStart, anchorEnd } = event;
  return {
    offset: [start, tagStart, anchorStart].find((offset) => offset >= 0) ?? 0,
    tag: tagStart < 0 ? undefined : text.slice(tagStart, tagEnd),
    anchor: anchorStart < 0 ? undefined : text.slice(anchorStart, anchorEnd),
  };
}

/** `\/` is an escape of YAML 1.2 only. */
function checkEscapes(text: string, event: ScalarEvent): void {
  if (event.style !== SCALAR_STYLE.DOUBLE_QUOTED || event.fast) return;
  const found = /(?<!\\)(\\\\)*\\\//.exec(text.slice(event.valueStart, event.valueEnd));
  if (found !== null) throw new YamlError('unknown escape sequence \\/', event.valueStart + found.index);
}

function attach(parent: Open, node: YamlNode): void {
  if (parent.node.kind === 'sequence') parent.node.items.push(node);
  else if (parent.key === undefined) parent.key = node;
  else {
    parent.node.entries.push([parent.key, node]);
    parent.key = undefined;
  }
}
