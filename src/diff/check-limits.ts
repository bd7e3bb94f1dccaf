import type { JsonObject, JsonValue } from '../model/json.ts';
import { isJsonArray, isJsonObject, numberAt } from '../model/json.ts';

/** The bounds of a schema that a value breaks, in words. */
export function limitsBroken(value: JsonValue, schema: JsonObject): string[] {
  if (typeof value === 'number' || typeof value === 'bigint') return boundsBroken(Number(value), schema);
  if (typeof value === 'string')
    return sizeBroken(Array.from(value).length, schema, ['minLength', 'maxLength', 'characters']);
  if (isJsonArray(value)) return sizeBroken(value.length, schema, ['minItems', 'maxItems', 'items']);
  if (isJsonObject(value))
    return sizeBroken(Object.keys(value).length, schema, ['minProperties', 'maxProperties', 'fields']);
  return [];
}

function boundsBroken(value: number, schema: JsonObject): string[] {
  const [least, most] = [numberAt(schema, 'minimum'), numberAt(schema, 'maximum')];
  const isTooSmall = least !== undefined && (schema['exclusiveMinimum'] === true ? value <= least : value < least);
  const isTooLarge = most !== undefined && (schema['exclusiveMaximum'] === true ? value >= most : value > most);
  return [
    ...(isTooSmall ? [`expected at least ${least}, got ${value}`] : []),
    ...(isTooLarge ? [`expected at most ${most}, got ${value}`] : []),
  ];
}

function sizeBroken(size: number, schema: JsonObject, [min, max, what]: readonly [string, string, string]): string[] {
  const [least, most] = [numberAt(schema, min), numberAt(schema, max)];
  return [
    ...(least !== undefined && size < least ? [`expected at least ${least} ${what}, got ${size}`] : []),
    ...(most !== undefined && size > most ? [`expected at most ${most} ${what}, got ${size}`] : []),
  ];
}
