import { parseAllDocuments } from 'yaml';
import { decodeJson, isJsonArray, isJsonObject, stringAt } from '../model/json.ts';
import type { JsonValue } from '../model/json.ts';
import type { KubeObject } from '../model/object.ts';
import { isKubeObject } from '../model/object.ts';

/**
 * Live objects as kubectl prints them: YAML documents, one JSON value, or one per line; lists are taken apart.
 * Throws an Error that names the source when there is something else.
 */
export function objectsIn(text: string, source: string): KubeObject[] {
  return valuesIn(text, source).flatMap((value) => flatten(value, source));
}

function valuesIn(text: string, source: string): JsonValue[] {
  try {
    return [decodeJson(text)];
  } catch {
    return text.trimStart().startsWith('{') ? linesOf(text, source) : documentsOf(text, source);
  }
}

/** A file that begins as JSON and is not one value: a value per line, or YAML in flow style. */
function linesOf(text: string, source: string): JsonValue[] {
  try {
    const lines = text.split('\n').filter((line) => line.trim() !== '');
    return lines.map((line) => decodeJson(line));
  } catch {
    return documentsOf(text, source);
  }
}

function documentsOf(text: string, source: string): JsonValue[] {
  const documents = parseAllDocuments(text, { intAsBigInt: false, version: '1.2' });
  if (!Array.isArray(documents)) return [];
  return documents.map((document) => {
    const [error] = document.errors;
    if (error !== undefined) throw new Error(`${source}: ${error.message}`);
    return document.toJS() as JsonValue;
  });
}

function flatten(value: JsonValue, source: string): KubeObject[] {
  if (value === null) return [];
  const items = isJsonObject(value) ? value['items'] : undefined;
  if (isJsonObject(value) && isJsonArray(items) && stringAt(value, 'kind')?.endsWith('List') === true)
    return items.flatMap((item) => flatten(item, source));
  if (!isKubeObject(value)) throw new Error(`${source}: holds something that is no object of Kubernetes`);
  return [value];
}
