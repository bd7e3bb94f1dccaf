import type { JsonObject, JsonValue } from '../../src/model/json.ts';
import { arrayAt, isJsonObject, jsonEqual, objectAt, stringAt } from '../../src/model/json.ts';
import type { KubeObject } from '../../src/model/object.ts';
import { refOf } from '../../src/model/object.ts';
import { FieldSet, fieldsOf, fromFieldsV1, toFieldsV1, valueAt } from './field-paths.ts';
import { hasStatus } from './schema.ts';

/** Who writes, how, and when. */
export interface Writer {
  readonly manager: string;
  readonly operation: 'Apply' | 'Update';
  readonly subresource: string;
  /** RFC 3339, whole seconds. */
  readonly time: string;
}

/** An item of managedFields with its set. */
export interface Owner extends Writer {
  readonly apiVersion: string;
  readonly fields: FieldSet;
}

/** undefined: the object has no item at all, or only the empty one that wiping leaves; nothing is tracked then. */
export function ownersOf(object: KubeObject | undefined): Owner[] | undefined {
  const items = object === undefined ? [] : arrayAt(object.metadata, 'managedFields').filter(isJsonObject);
  const owners = items.filter((item) => stringAt(item, 'manager') !== undefined).map(readOwner);
  return object !== undefined && owners.length === 0 ? undefined : owners;
}

function readOwner(item: JsonObject): Owner {
  return {
    manager: stringAt(item, 'manager') ?? '',
    operation: stringAt(item, 'operation') === 'Apply' ? 'Apply' : 'Update',
    subresource: stringAt(item, 'subresource') ?? '',
    time: stringAt(item, 'time') ?? '',
    apiVersion: stringAt(item, 'apiVersion') ?? '',
    fields: fromFieldsV1(objectAt(item, 'fieldsV1')),
  };
}

export function withOwners(object: KubeObject, owners: readonly Owner[]): KubeObject {
  const items: JsonValue[] = owners.filter(({ fields }) => fields.size > 0).map(writeOwner);
  const { name } = object.metadata;
  const others = Object.entries(object.metadata).filter(([key]) => key !== 'managedFields');
  return {
    ...object,
    metadata: { ...Object.fromEntries(others), name, ...(items.length > 0 ? { managedFields: items } : {}) },
  };
}

function writeOwner({ manager, operation, apiVersion, time, subresource, fields }: Owner): JsonObject {
  return {
    manager,
    operation,
    apiVersion,
    time,
    fieldsType: 'FieldsV1',
    fieldsV1: toFieldsV1(fields),
    ...(subresource === '' ? {} : { subresource }),
  };
}

export function isWriter(owner: Writer, writer: Writer): boolean {
  const same = owner.manager === writer.manager && owner.operation === writer.operation;
  return same && owner.subresource === writer.subresource;
}

/** Fields that can be owned by a write of the main resource, or of its status. */
export function ownedFields(object: KubeObject, subresource: string): FieldSet {
  if (subresource === 'status') return fieldsOf({ status: object['status'] ?? {} }, new Set());
  return fieldsOf(object, new Set(hasStatus(refOf(object)) ? ['status'] : []));
}

/** After a write that is no apply: what changed is the writer's alone, what is gone is nobody's. */
export function trackUpdate(before: KubeObject | undefined, after: KubeObject, writer: Writer): KubeObject {
  const owners = ownersOf(after['metadata']['managedFields'] === undefined ? before : after);
  if (owners === undefined) return withOwners(after, []);
  const old = before === undefined ? new FieldSet() : ownedFields(before, writer.subresource);
  const now = ownedFields(after, writer.subresource);
  const changed = [...now].filter((path) => !old.has(path) || !jsonEqual(valueAt(before, path), valueAt(after, path)));
  const gone = [...old].filter((path) => !now.has(path));
  for (const { fields } of owners) for (const path of [...changed, ...gone]) fields.delete(path);
  if (changed.length === 0) return withOwners(after, owners);
  const mine = owners.find((owner) => isWriter(owner, writer));
  for (const path of changed) mine?.fields.add(path);
  const { apiVersion } = after;
  if (mine === undefined)
    return withOwners(after, [...owners, { ...writer, apiVersion, fields: FieldSet.of(changed) }]);
  return withOwners(
    after,
    owners.map((owner) => (owner === mine ? { ...owner, apiVersion, time: writer.time } : owner)),
  );
}
