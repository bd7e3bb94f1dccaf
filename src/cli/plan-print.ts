import type { PlanRow } from '../diff/diff.ts';
import {
  countEffects,
  createMask,
  describeField,
  describeOwners,
  displayPatch,
  isActive,
  planRows,
  statesOf,
  summaryOf,
  unifiedDiff,
} from '../diff/diff.ts';
import type { JsonObject, JsonValue } from '../model/json.ts';
import { encodeJson } from '../model/json.ts';
import { describeRef } from '../model/object.ts';
import type { Change, FieldDifference } from '../model/plan.ts';
import type { Planned } from './planning.ts';
import { countHooks, hookCells, hookJson, hookRows } from './hook-rows.ts';
import { table } from './table.ts';

export type PlanFormat = 'table' | 'diff' | 'json' | 'jsonpatch';

export function printPlan(planned: Planned, format: PlanFormat): string {
  switch (format) {
    case 'table':
      return asTable(planned);
    case 'diff':
      return asDiff(planned);
    case 'json':
      return asJson(planned);
    case 'jsonpatch':
      return asPatches(planned);
  }
}

/** An object that does not simply stay, or a hook, in each row; then what holds the plan back, the summary and the hash. */
function asTable({ plan }: Planned): string {
  const hooks = hookRows(plan);
  const rows = [...planRows(plan).map(cellsOf), ...hooks.map(hookCells)];
  const guard = plan.guard === undefined ? [] : [`held back: ${plan.guard.message}`];
  const hash = plan.hash === '' ? [] : [`plan ${plan.hash}`];
  const below = [...guard, [summaryOf(plan), ...countHooks(hooks)].join(', '), ...hash]
    .map((line) => `${line}\n`)
    .join('');
  return rows.length === 0 ? below : `${table(['CHANGE', 'OBJECT', 'WHAT', 'OWNED BY'], rows)}\n${below}`;
}

function cellsOf({ effect, ref, note, differences, yielded }: PlanRow): readonly string[] {
  const lines = [
    ...(note === '' ? [] : [[note, '']]),
    ...differences.map((one) => [describeField(one), describeOwners(one)]),
    ...yielded.map(({ path, manager, why }) => [`${path}: stays as it is (${why})`, manager]),
  ];
  return [effect, describeRef(ref), ...[0, 1].map((column) => lines.map((line) => line[column]).join('\n'))];
}

/** For people and for `patch`; an update that moves only ownership has no lines, and is named. */
function asDiff({ plan, answers }: Planned): string {
  const mask = createMask();
  const parts = plan.changes.filter(isChange).map((change) => {
    const text = unifiedDiff(change.ref, statesOf(change, answers, mask));
    return text === '' ? `${describeRef(change.ref)}: no value changes\n` : text;
  });
  return parts.join('');
}

function isChange(change: Change): boolean {
  return isActive({ changes: [change] });
}

/** One document for programs; what is unchanged is counted only. */
function asJson({ app, plan }: Planned): string {
  const { revision, digest, hash, guard } = plan;
  const about = { namespace: app.namespace, name: app.name, revision, digest, hash, summary: countEffects(plan) };
  const held = guard === undefined ? {} : { guard: { message: guard.message, onTrip: guard.onTrip } };
  const hooks = hookRows(plan).map(hookJson);
  const more = hooks.length === 0 ? held : { ...held, hooks };
  return `${encodeJson({ ...about, ...more, changes: planRows(plan).map(rowJson) })}\n`;
}

function rowJson({ effect, ref, note, differences, yielded }: PlanRow): JsonObject {
  const left = yielded.map(({ path, manager, why }) => ({ path, manager, why }));
  const more = { ...(note === '' ? {} : { note }), ...(left.length === 0 ? {} : { yielded: left }) };
  return { change: effect, ...ref, ...more, fields: differences.map(fieldJson) };
}

function fieldJson({ path, base, desired, live, who }: FieldDifference): JsonObject {
  const values = Object.entries({ base, desired, live }).flatMap(([name, value]): [string, JsonValue][] =>
    value === undefined ? [] : [[name, value]],
  );
  const owners = who.map(({ manager, operation, subresource, time }) => ({ manager, operation, subresource, time }));
  return { path, ...Object.fromEntries(values), owners };
}

/** One RFC 6902 patch per object, a line each. */
function asPatches({ plan, answers }: Planned): string {
  const mask = createMask();
  const lines = plan.changes.filter(isChange).map((change) => {
    const patch = displayPatch(statesOf(change, answers, mask)).map(({ op, path, value }) =>
      value === undefined ? { op, path } : { op, path, value },
    );
    return `${encodeJson({ ...change.ref, patch })}\n`;
  });
  return lines.join('');
}
