import jsonPatch from 'fast-json-patch';
import type { JsonValue } from '../model/json.ts';
import { isJsonArray, isJsonObject } from '../model/json.ts';
import type { KubeObject } from '../model/object.ts';
import { describeRef } from '../model/object.ts';
import type { Change, FieldDifference, Plan } from '../model/plan.ts';
import type { PatchOperation } from './mark.ts';
import { createMask, maskObject } from './mask.ts';
import { normalise } from './normalise.ts';
import { plain } from './path.ts';

/** Longer values are cut: a plan is read by people. */
const widest = 60;

/** A plan as a table: one line per object that does not simply stay, its fields below it, a summary at the end. */
export function printPlan(plan: Plan): string {
  const shown = plan.changes.filter((change) => change.kind !== 'keep' || change.reason !== 'inSync');
  const rows = shown.map((change) => [change.kind, describeRef(change.ref), noteOn(change)] as const);
  const widths = [0, 1].map((column) => Math.max(0, ...rows.map((row) => (row[column] ?? '').length)));
  const lines = shown.flatMap((change, index) => {
    const [kind = '', object = '', note = ''] = rows[index] ?? [];
    const line = `${kind.padEnd(widths[0] ?? 0)}  ${object.padEnd(widths[1] ?? 0)}  ${note}`.trimEnd();
    return [line, ...differencesOf(change).map((difference) => `    ${printDifference(difference)}`)];
  });
  const guard = plan.guard === undefined ? [] : [`held back: ${plan.guard.message}`];
  return [...lines, ...guard, summaryOf(plan.changes)].join('\n');
}

/** `2 update, 1 prune, 14 keep`. */
function summaryOf(changes: readonly Change[]): string {
  const counts = new Map<string, number>();
  for (const { kind } of changes) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  return [...counts].map(([kind, count]) => `${count} ${kind}`).join(', ') || 'nothing';
}

/** `spec.replicas: 5 → 3 (kubectl/Update scale)`. */
function printDifference({ path, desired, live, who, migrated }: FieldDifference): string {
  const from = live === undefined ? '(absent)' : cut(plain(live));
  const isReleased = who.length > 0 && migrated !== true;
  const to = desired === undefined ? (isReleased ? '(released)' : '(removed)') : cut(plain(desired));
  const writers = who.map(({ manager, operation, subresource }) => `${manager}/${operation} ${subresource}`.trimEnd());
  return `${path}: ${from} → ${to}${writers.length === 0 ? '' : ` (${writers.join(', ')})`}`;
}

/**
 * The difference between two states of an object as an RFC 6902 patch, for display: without what belongs to the server,
 * values of Secrets masked, integers beyond 2^53 as text.
 */
export function displayPatch(before: KubeObject, after: KubeObject): PatchOperation[] {
  const mask = createMask();
  const [from, to] = [before, after].map((object) => withoutBigint(maskObject(normalise(object), mask)));
  return jsonPatch.compare(from ?? {}, to ?? {}).map(readOperation);
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
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, withoutBigint(item)]));
}

function noteOn(change: Change): string {
  if (change.kind === 'update') return change.adopts ? 'takes over' : '';
  if (change.kind === 'undecided') return change.question === 'exists' ? 'if it is not there' : 'if it differs';
  if (change.kind === 'keep') return `${change.reason}: ${change.message}`;
  if (change.kind === 'release') return change.why;
  return change.kind === 'refuse' ? change.error.message : '';
}

function differencesOf(change: Change): readonly FieldDifference[] {
  return change.kind === 'update' || change.kind === 'undecided' ? change.differences : [];
}

function cut(text: string): string {
  return text.length > widest ? `${text.slice(0, widest - 1)}…` : text;
}
