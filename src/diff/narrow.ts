import type { JsonObject, JsonValue } from '../model/json.ts';
import { arrayAt, isJsonObject, jsonEqual, objectAt, stringAt } from '../model/json.ts';
import { isOurEntry, managedEntriesOf } from '../model/managed-fields.ts';
import type { KubeObject } from '../model/object.ts';
import { resolve, stepOf, valueAtPath } from './field-steps.ts';
import { beforeFirstApply } from './tools.ts';

/**
 * managedFields in which `before-first-apply` owns no more than what is neither ours nor said by `desired`; undefined
 * when that is so already. One that names the fields of another API version cannot be compared: it goes.
 */
export function narrow(object: KubeObject, manager: string, desired: KubeObject): readonly JsonObject[] | undefined {
  const ours = managedEntriesOf(object).find((entry) => isOurEntry(entry, manager));
  const before = arrayAt(object.metadata, 'managedFields').filter(isJsonObject);
  const after = before.flatMap((raw) => {
    if (stringAt(raw, 'manager') !== beforeFirstApply) return [raw];
    if (stringAt(raw, 'apiVersion') !== (ours?.apiVersion ?? desired.apiVersion)) return [];
    const fieldsV1 = restOf(objectAt(raw, 'fieldsV1'), ours?.fields, desired);
    return fieldsV1 === undefined ? [] : [{ ...raw, fieldsV1 }];
  });
  return jsonEqual(before, after) ? undefined : after;
}

/** undefined: nothing is left, not even the parents. */
function restOf(
  fields: JsonObject,
  ours: JsonObject | undefined,
  desired: JsonValue | undefined,
): JsonObject | undefined {
  const rest = Object.entries(fields).flatMap(([key, child]) => {
    if (key === '.' || !isJsonObject(child)) return [];
    const left = restAt(child, isJsonObject(ours?.[key]) ? ours[key] : undefined, valueIn(desired, key));
    return left === undefined ? [] : [[key, left] as const];
  });
  if (rest.length === 0) return undefined;
  return { ...(Object.hasOwn(fields, '.') ? { '.': {} } : {}), ...Object.fromEntries(rest) };
}

function restAt(
  child: JsonObject,
  ours: JsonObject | undefined,
  desired: JsonValue | undefined,
): JsonObject | undefined {
  if (ours === undefined && desired === undefined) return child;
  const isWhole = Object.keys(child).length === 0;
  return isWhole || isDroppedItem(ours, desired) ? undefined : restOf(child, ours, desired);
}

/** Whoever owned a field of it would keep half an item, without what is required. */
function isDroppedItem(ours: JsonObject | undefined, desired: JsonValue | undefined): boolean {
  return desired === undefined && ours !== undefined && Object.hasOwn(ours, '.');
}

/** What a document has at one key of a field set. */
function valueIn(document: JsonValue | undefined, key: string): JsonValue | undefined {
  const step = stepOf(key);
  const path = document === undefined || step === undefined ? undefined : resolve(document, [step]);
  return path === undefined ? undefined : valueAtPath(document ?? null, path);
}
