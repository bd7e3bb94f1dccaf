import type { JsonValue } from '../../model/json.ts';
import { arrayAt, decodeJson, isJsonObject, objectAt, stringAt } from '../../model/json.ts';
import { chartUnavailable, sourceError } from '../failures.ts';
import { readYaml, YamlSyntaxError } from '../yaml/yaml.ts';

/** One version of a chart, as an index lists it. */
export interface IndexEntry {
  readonly version: string;
  /** The first address; relative to the repository, or absolute. */
  readonly url: string;
  /** SHA-256 of the archive, where the index says it. */
  readonly digest: string | undefined;
}

/** In characters: reading takes a second for every ten million, and blocks everything else. */
const longestYaml = 8 * 1024 * 1024;

/**
 * What an index says of one chart; undefined: nothing.
 *
 * Real indexes have tens of megabytes, of which one chart is a few lines, so that only its part is read where it can be
 * told by its indentation, as everything that writes indexes lays them out. Throws OperatorError ChartUnavailable, LimitExceeded.
 */
export function entriesOf(url: string, text: string, name: string): readonly IndexEntry[] | undefined {
  try {
    const entries = text.startsWith('{') ? entryIn(decodeJson(text), name) : entryOfYaml(url, text, name);
    return entries?.filter(isJsonObject).map((entry) => ({
      version: stringAt(entry, 'version') ?? '',
      url: arrayAt(entry, 'urls').find((address) => typeof address === 'string') ?? '',
      digest: /^(?:sha256:)?([0-9a-f]{64})$/.exec(stringAt(entry, 'digest') ?? '')?.[1],
    }));
  } catch (error) {
    if (!(error instanceof SyntaxError || error instanceof YamlSyntaxError)) throw error;
    throw chartUnavailable(`${url}: its index cannot be read: ${error.message}`, error);
  }
}

function entryOfYaml(url: string, text: string, name: string): readonly JsonValue[] | undefined {
  const part = partOf(text, name);
  if (part === 'absent') return undefined;
  const isWhole = part === 'unusual';
  const read = isWhole ? text : part.text;
  if (read.length > longestYaml) {
    const what = isWhole ? 'its index' : `what its index says of ${name}`;
    throw sourceError(
      'LimitExceeded',
      `${url}: ${what} is longer than the ${longestYaml} characters that are read of it`,
    );
  }
  const value = readYaml(read)[0]?.value ?? null;
  return entryIn(isWhole ? value : { entries: value }, name);
}

/** An index must have entries: a page with an error and status 200 has none. */
function entryIn(index: JsonValue | undefined, name: string): readonly JsonValue[] | undefined {
  if (!isJsonObject(index) || index['entries'] === undefined) throw new SyntaxError('it has no entries');
  const entries = objectAt(index, 'entries');
  return Object.hasOwn(entries, name) ? arrayAt(entries, name) : undefined;
}

/** The lines of one chart below `entries:`, when the layout is the usual one. */
function partOf(text: string, name: string): { readonly text: string } | 'absent' | 'unusual' {
  const head = /^entries:[ \t]*\r?\n(?=( +)[^\s#-])/m.exec(text);
  if (head === null) return 'unusual';
  const indent = head[1] ?? '';
  const key = RegExp.escape(name);
  const rest = text.slice(head.index + head[0].length);
  const start = new RegExp(`^${indent}(?:${key}|"${key}"|'${key}')[ \\t]*:(.*)$`, 'm').exec(rest);
  if (start === null) return 'absent';
  if (start[1]?.trim() !== '') return 'unusual';
  const body = rest.slice(start.index + start[0].length);
  const end = new RegExp(`^ {0,${indent.length}}[^\\s#-]`, 'm').exec(body);
  return { text: start[0] + (end === null ? body : body.slice(0, end.index)) };
}
