import type { JsonObject, JsonValue } from '../model/json.ts';
import { decodeJson, isJsonArray, isJsonObject, objectAt } from '../model/json.ts';
import { managedEntriesOf } from '../model/managed-fields.ts';
import type { KubeObject } from '../model/object.ts';
import { matchesKey } from './field-set.ts';
import type { DocumentPath, Step } from './field-steps.ts';
import { foldPlaces } from './fold.ts';
import { placesAt } from './json-pointer.ts';

/**
 * managedFields in which items of associative lists, named by JSON pointers, have become ours, so that our next apply
 * removes them; undefined when one of them is nobody's that it could be taken from.
 */
export function foldItems(
  object: KubeObject,
  manager: string,
  pointers: readonly string[],
): readonly JsonObject[] | undefined {
  const entries = managedEntriesOf(object);
  const paths = pointers.flatMap((pointer) => placesAt(object, pointer));
  const places = paths.flatMap((path) => {
    const found = entries.map(({ fields }) => stepsTo(path, object, fields));
    return found.filter((steps) => steps !== undefined).slice(0, 1);
  });
  if (places.length < pointers.length) return undefined;
  return foldPlaces(object, { manager, chosen: () => true }, places);
}

/** A path counts items, a field set names them by their keys. */
function stepsTo([key, ...rest]: DocumentPath, value: JsonValue, fields: JsonObject): Step[] | undefined {
  if (key === undefined) return [];
  const found = typeof key === 'number' ? itemAt(key, value, fields) : fieldAt(key, value, fields);
  const steps = found === undefined ? undefined : stepsTo(rest, found.value, found.fields);
  return found === undefined || steps === undefined ? undefined : [found.step, ...steps];
}

interface Found {
  readonly step: Step;
  readonly value: JsonValue;
  readonly fields: JsonObject;
}

function fieldAt(name: string, value: JsonValue, fields: JsonObject): Found | undefined {
  const child = isJsonObject(value) ? value[name] : undefined;
  if (child === undefined || !Object.hasOwn(fields, `f:${name}`)) return undefined;
  return { step: { field: name }, value: child, fields: objectAt(fields, `f:${name}`) };
}

function itemAt(index: number, list: JsonValue, fields: JsonObject): Found | undefined {
  const item = isJsonArray(list) ? list[index] : undefined;
  if (item === undefined || !isJsonObject(item)) return undefined;
  for (const name of Object.keys(fields).filter((one) => one.startsWith('k:'))) {
    const key = decodeJson(name.slice(2));
    if (isJsonObject(key) && matchesKey(key, item))
      return { step: { item: key }, value: item, fields: objectAt(fields, name) };
  }
  return undefined;
}
