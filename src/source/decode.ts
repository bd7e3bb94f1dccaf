import type { Origin } from '../model/desired.ts';
import { describeOrigin } from '../model/desired.ts';
import type { JsonObject, JsonValue } from '../model/json.ts';
import { arrayAt, decodeJson, isJsonArray, isJsonObject, stringAt } from '../model/json.ts';
import type { KindSchema } from '../model/kind-schema.ts';
import { messageOf, renderError } from './failures.ts';
import { defaultYamlBudgets, readYaml, YamlSyntaxError } from './yaml/yaml.ts';

/** An object as a file has it: with apiVersion and kind, not yet checked any further. */
export interface WrittenObject {
  readonly object: JsonObject;
  readonly origin: Origin;
  /** Given where it tells which nulls mean something. */
  readonly schema?: KindSchema;
}

export interface Decoded {
  readonly objects: readonly WrittenObject[];
  /** Documents with neither apiVersion nor kind, such as a values file. */
  readonly skippedDocuments: number;
}

interface Document {
  readonly value: JsonValue;
  readonly number: number;
  readonly lineOf: (part: JsonValue) => number;
}

/**
 * The objects of one manifest file; Lists are flattened, empty documents left out.
 * Throws OperatorError DecodeFailed or InvalidObject, naming file, document and line.
 */
export function decodeFile(file: string, bytes: Uint8Array): Decoded {
  const objects: WrittenObject[] = [];
  let skippedDocuments = 0;
  const text = decodeText(file, bytes);
  for (const document of file.endsWith('.json') ? jsonDocuments(file, text) : yamlDocuments(file, text)) {
    if (document.value === null) continue;
    const origin = { file, document: document.number, line: document.lineOf(document.value) };
    if (!isJsonObject(document.value)) throw invalid(origin, 'is no mapping, so it describes no object');
    if (!isManifest(document.value, origin)) skippedDocuments++;
    else objects.push(...flatten(document.value, document, origin));
  }
  return { objects, skippedDocuments };
}

/** Throws OperatorError DecodeFailed. */
export function decodeText(file: string, bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    throw renderError('DecodeFailed', `${file}: is not UTF-8 text`, error);
  }
}

/** The documents of a YAML file that are not empty. Throws OperatorError DecodeFailed, naming document and line. */
export function yamlDocuments(file: string, text: string): Document[] {
  try {
    return readYaml(text).map((document) => ({ ...document, lineOf: (part) => document.lineOf(part) }));
  } catch (error) {
    if (!(error instanceof YamlSyntaxError)) throw error;
    const origin = { file, document: error.document, line: error.line };
    throw renderError('DecodeFailed', `${describeOrigin(origin)}: ${error.message}`, error);
  }
}

function jsonDocuments(file: string, text: string): Document[] {
  if (text.trim() === '') return [];
  try {
    const value = decodeJson(text);
    checkDepth(value, defaultYamlBudgets.depth);
    return [{ value, number: 1, lineOf: () => 1 }];
  } catch (error) {
    const origin = { file, document: 1, line: faultyLine(text) };
    throw renderError('DecodeFailed', `${describeOrigin(origin)}: ${messageOf(error)}`, error);
  }
}

/** JSON.parse often does not say where; JSON is YAML, whose reader does. */
function faultyLine(text: string): number {
  try {
    readYaml(text);
    return 1;
  } catch (error) {
    return error instanceof YamlSyntaxError ? error.line : 1;
  }
}

function checkDepth(value: JsonValue, budget: number): void {
  if (typeof value !== 'object' || value === null) return;
  if (budget < 0) throw new SyntaxError(`nested more than ${defaultYamlBudgets.depth} levels deep`);
  for (const child of isJsonArray(value) ? value : Object.values(value)) checkDepth(child, budget - 1);
}

/** False for a document that only lies beside manifests; one with half of what an object needs is a mistake. */
function isManifest(value: JsonObject, origin: Origin): boolean {
  const given = ['apiVersion', 'kind'].filter((field) => (value[field] ?? null) !== null);
  if (given.length === 0) return false;
  for (const field of ['apiVersion', 'kind']) {
    if (!given.includes(field)) throw invalid(origin, `has ${given.join()} but no ${field}`);
    if ((stringAt(value, field) ?? '') === '') throw invalid(origin, `${field} must be text`);
  }
  return true;
}

function flatten(value: JsonObject, document: Document, origin: Origin): WrittenObject[] {
  const kind = stringAt(value, 'kind') ?? '';
  if (!kind.endsWith('List') || !isJsonArray(value['items'])) return [{ object: value, origin }];
  return arrayAt(value, 'items').flatMap((item, index) => {
    const at = { ...origin, line: document.lineOf(item) };
    if (!isJsonObject(item)) throw invalid(at, `items[${index}] is no mapping`);
    const object = kind === 'List' ? item : withTypeOf(value, item, kind);
    if (!isManifest(object, at)) throw invalid(at, `items[${index}] has neither apiVersion nor kind`);
    return flatten(object, document, at);
  });
}

/** Items of a typed list may leave out what the list says. */
function withTypeOf(list: JsonObject, item: JsonObject, kind: string): JsonObject {
  if (item['apiVersion'] !== undefined || item['kind'] !== undefined) return item;
  return { apiVersion: list['apiVersion'] ?? null, kind: kind.slice(0, -'List'.length), ...item };
}

function invalid(origin: Origin, message: string) {
  return renderError('InvalidObject', `${describeOrigin(origin)}: ${message}`);
}
