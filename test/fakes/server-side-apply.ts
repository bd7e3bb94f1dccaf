import { ApiError } from '../../src/model/api-error.ts';
import type { JsonObject, JsonValue } from '../../src/model/json.ts';
import { isJsonArray, isJsonObject, jsonEqual } from '../../src/model/json.ts';
import type { KubeObject } from '../../src/model/object.ts';
import { isKubeObject } from '../../src/model/object.ts';
import type { FieldSet } from './field-paths.ts';
import { describePath, stepOf, valueAt, without } from './field-paths.ts';
import type { FieldPath } from './field-paths.ts';
import { isWriter, ownedFields, ownersOf, withOwners } from './managed-fields.ts';
import type { Owner, Writer } from './managed-fields.ts';
import { isAtomicMap } from './schema.ts';

/** What an apply makes of the live object. Throws `conflict` with causes, as the server does, unless forced. */
export function applied(
  live: KubeObject | undefined,
  desired: KubeObject,
  how: { readonly writer: Writer; readonly force: boolean },
): KubeObject {
  const owners = ownersOf(live) ?? (live === undefined ? [] : [beforeFirstApply(live, how.writer.time)]);
  const wanted = ownedFields(desired, '');
  const others = owners.filter((owner) => !isWriter(owner, how.writer));
  const mine = owners.find((owner) => isWriter(owner, how.writer));
  settleConflicts(
    others.flatMap((owner) => conflictsWith(owner, { live, desired, wanted })),
    how.force,
  );
  const result = pruned(merge(live ?? {}, desired, []), dropped(mine, wanted, others));
  const withIdentity = { ...result, metadata: { ...result.metadata, ...identityOf(live) } };
  const entry = { ...how.writer, apiVersion: desired.apiVersion, fields: wanted };
  if (mine === undefined) return withOwners(withIdentity, [...others, entry]);
  const sameTime = isSame(mine, entry) && jsonEqual(withIdentity, live);
  return withOwners(
    withIdentity,
    owners.map((owner) => (owner !== mine ? owner : sameTime ? mine : entry)),
  );
}

function isSame(mine: Owner, entry: Owner): boolean {
  return mine.apiVersion === entry.apiVersion && mine.fields.equals(entry.fields);
}

function settleConflicts(conflicts: readonly Conflict[], force: boolean): void {
  if (conflicts.length > 0 && !force) throw conflictError(conflicts);
  for (const { owner, path } of conflicts) owner.fields.delete(path);
}

function pruned(object: JsonValue, paths: readonly FieldPath[]): KubeObject {
  let left: JsonValue = object;
  for (const path of paths) left = without(left, path) ?? {};
  if (isKubeObject(left)) return left;
  throw new Error('an apply must leave an object');
}

interface Conflict {
  readonly owner: Owner;
  readonly path: FieldPath;
}

function conflictsWith(
  owner: Owner,
  sides: { live: KubeObject | undefined; desired: KubeObject; wanted: FieldSet },
): Conflict[] {
  return [...sides.wanted]
    .filter((path) => path.at(-1) !== '.' && owner.fields.has(path))
    .filter((path) => !jsonEqual(valueAt(sides.live, path), valueAt(sides.desired, path)))
    .map((path) => ({ owner, path }));
}

function conflictError(conflicts: readonly Conflict[]): ApiError {
  const causes = conflicts.map(({ owner, path }) => ({
    reason: 'FieldManagerConflict',
    field: describePath(path),
    message: `conflict with "${owner.manager}"${owner.operation === 'Update' ? ` using ${owner.apiVersion}` : ''}`,
  }));
  const texts = causes.map(({ message, field }) => `${message}: ${field}`).join(', ');
  const message = `Apply failed with ${causes.length} conflict${causes.length === 1 ? '' : 's'}: ${texts}`;
  return new ApiError(message, { kind: 'conflict', status: 409, causes });
}

/** What was ours, is wanted no more, and is nobody else's; longest first, so that fields go before their item. */
function dropped(mine: Owner | undefined, wanted: FieldSet, others: readonly Owner[]): FieldPath[] {
  const gone = [...(mine?.fields ?? [])].filter(
    (path) => !wanted.has(path) && !others.some(({ fields }) => fields.has(path)),
  );
  return gone.sort((a, b) => b.length - a.length);
}

/** Of an object that nothing was tracked of, the server makes up an owner of everything. */
function beforeFirstApply(live: KubeObject, time: string): Owner {
  const writer = { manager: 'before-first-apply', operation: 'Update', subresource: '', time } as const;
  return { ...writer, apiVersion: live.apiVersion, fields: ownedFields(live, '') };
}

/** Server's fields of metadata are never taken from a manifest. */
function identityOf(live: KubeObject | undefined): JsonObject {
  const entries = Object.entries(live?.metadata ?? {});
  return Object.fromEntries(entries.filter(([key]) => serverFields.has(key)));
}

const serverFields = new Set(['uid', 'resourceVersion', 'generation', 'creationTimestamp', 'deletionTimestamp']);

function merge(live: JsonValue | undefined, desired: JsonValue, names: readonly string[]): JsonValue {
  if (isJsonObject(live) && isJsonObject(desired) && !isAtomicMap(names)) return mergeMaps(live, desired, names);
  if (isJsonArray(live) && isJsonArray(desired)) return mergeLists(live, desired, names);
  return desired;
}

function mergeMaps(live: JsonObject, desired: JsonObject, names: readonly string[]): JsonObject {
  const merged = Object.entries(desired).map(
    ([key, value]) => [key, merge(live[key], value, [...names, key])] as const,
  );
  return { ...live, ...Object.fromEntries(merged) };
}

/** Items of the manifest in its order, then what others have added. */
function mergeLists(live: readonly JsonValue[], desired: readonly JsonValue[], names: readonly string[]): JsonValue {
  const key = (item: JsonValue) => stepOf(item, names);
  if (desired.some((item) => key(item) === undefined)) return desired;
  if (desired.length === 0) return live.length === 0 || stepOf({}, names) === undefined ? desired : live;
  const before = new Map(live.map((item) => [key(item), item]));
  const ours = desired.map((item) => merge(before.get(key(item)), item, names));
  const wanted = new Set(desired.map(key));
  return [...ours, ...live.filter((item) => !wanted.has(key(item)))];
}
