import type { JsonValue } from '../../../model/json.ts';
import { decodeJson, isJsonArray, isJsonObject } from '../../../model/json.ts';

const keywords = new Set(['$ref', '$dynamicRef', '$recursiveRef', '$schema']);

/**
 * What a JSON schema refers to outside of itself; undefined: nothing. Helm would open `file:///…`, takes what has no scheme
 * for such a file, too, and asks servers, those of this machine past any proxy. The dialects of JSON Schema it has in itself.
 */
export function outsideReference(schema: Uint8Array): string | undefined {
  let value: JsonValue;
  try {
    value = decodeJson(Buffer.from(schema).toString('utf8'));
  } catch {
    // Helm says what is wrong with it.
    return undefined;
  }
  const found = { refs: [] as string[], ids: new Set<string>() };
  collect(value, found);
  return found.refs.find((ref) => !/^https?:\/\/json-schema\.org\//.test(ref) && !found.ids.has(ref));
}

interface Found {
  readonly refs: string[];
  readonly ids: Set<string>;
}

function collect(value: JsonValue, found: Found): void {
  if (isJsonArray(value)) for (const item of value) collect(item, found);
  if (!isJsonObject(value)) return;
  for (const [key, child] of Object.entries(value)) {
    if (typeof child === 'string') note(key, child, found);
    else collect(child, found);
  }
}

function note(key: string, text: string, { refs, ids }: Found): void {
  const target = withoutFragment(text);
  if (key === '$id' && !/^file:/i.test(text)) ids.add(target);
  else if ((key === '$id' || keywords.has(key)) && target !== '') refs.push(target);
}

function withoutFragment(reference: string): string {
  return reference.replace(/#.*$/s, '');
}
