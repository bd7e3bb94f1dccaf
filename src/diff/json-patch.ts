import jsonPatch from 'fast-json-patch';
import type { JsonObject, JsonValue } from '../model/json.ts';
import { isJsonArray, isJsonObject } from '../model/json.ts';
import type { PatchOperation } from './mark.ts';
import type { States } from './shown.ts';

/**
 * The difference between two states of an object as an RFC 6902 patch, for display. Integers beyond 2^53 are text, for
 * programs that read JSON as doubles. An object that comes or goes is one operation on the whole document.
 */
export function displayPatch({ before, after }: States): PatchOperation[] {
  if (before === undefined) return after === undefined ? [] : [{ op: 'add', path: '', value: withoutBigint(after) }];
  if (after === undefined) return [{ op: 'remove', path: '' }];
  return jsonPatch.compare(comparable(before), comparable(after)).map(readOperation);
}

function comparable(object: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(object).map(([key, value]) => [key, withoutBigint(value)]));
}

function readOperation(operation: jsonPatch.Operation): PatchOperation {
  switch (operation.op) {
    case 'add':
    case 'replace':
      return { op: operation.op, path: operation.path, value: operation.value as JsonValue };
    case 'remove':
      return { op: 'remove', path: operation.path };
    case 'move':
    case 'copy':
    case 'test':
    case '_get':
      throw new Error(`a comparison yields no ${operation.op}`);
  }
}

function withoutBigint(value: JsonValue): JsonValue {
  if (typeof value === 'bigint') return value.toString();
  if (isJsonArray(value)) return value.map(withoutBigint);
  return isJsonObject(value) ? comparable(value) : value;
}
