import type { JsonValue } from '../model/json.ts';
import { isJsonArray, isJsonObject, stringAt } from '../model/json.ts';
import { fieldPath } from './path.ts';

/** A value with its path as users read it. */
export interface Found {
  readonly path: string;
  readonly value: JsonValue;
}

/** All values at a path of field names, through every item of the lists on the way; the last list is not entered. */
export function valuesAt(value: JsonValue, schemaPath: string): Found[] {
  let found: Found[] = [{ path: '', value }];
  for (const name of schemaPath.split('.')) found = found.flatMap(itemsOf).flatMap((at) => fieldOf(at, name));
  return found;
}

/** The items of a list, each under its name or number; anything else as it is. */
export function itemsOf({ path, value }: Found): Found[] {
  if (!isJsonArray(value)) return [{ path, value }];
  return value.map((item, index) => {
    const name = stringAt(item, 'name');
    return { path: `${path}[${name === undefined ? index : `name=${name}`}]`, value: item };
  });
}

function fieldOf({ path, value }: Found, name: string): Found[] {
  const field = isJsonObject(value) ? value[name] : undefined;
  return field === undefined ? [] : [{ path: fieldPath(path, name), value: field }];
}
