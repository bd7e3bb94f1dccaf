import type { ApplicationStatus } from '../model/application.ts';
import { describeRef } from '../model/object.ts';
import type { CauseTree } from '../model/root-cause.ts';
import { revisionIn } from '../model/revision.ts';
import type { Ailing, StatusReport } from './status-report.ts';

/** One document for programs: `status` as it is, and the causes when they were asked for. */
export function statusAsJson({ app, ailing }: StatusReport): string {
  const { namespace, name, status } = app;
  const { sync, health, conditions = [], counts, operationState, history = [] } = status;
  const why = ailing?.map(({ ref, ...rest }) => ({ ...ref, ...rest }));
  const shown = { namespace, name, sync, health, counts, conditions, operation: operationState, last: history.at(-1) };
  return `${JSON.stringify({ ...shown, ...(why === undefined ? {} : { why }) }, undefined, 2)}\n`;
}

/** For people. */
export function statusAsText({ app, ailing }: StatusReport): string {
  const { namespace, name, status } = app;
  const rows: [string, string][] = [
    ['Application', `${namespace}/${name}`],
    ['Sync', syncText(status)],
    ['Health', healthText(status)],
    ['Objects', countsText(status)],
    ['Operation', operationText(status)],
  ];
  const lines = [...inColumns(rows.filter(([, text]) => text !== '')), ...conditionLines(status)];
  const why = ailing === undefined ? [] : ['', ...whyLines(name, ailing)];
  return [...lines, ...why].map((line) => `${line}\n`).join('');
}

function syncText({ sync }: ApplicationStatus): string {
  if (sync === undefined) return 'not compared yet';
  const revision = revisionIn(sync);
  return revision === '' ? sync.status : `${sync.status} at ${revision}`;
}

function healthText({ health }: ApplicationStatus): string {
  if (health === undefined) return 'not known yet';
  const message = health.message === '' ? '' : `: ${health.message}`;
  return `${health.status} since ${health.lastTransitionTime}${message}`;
}

function countsText({ counts }: ApplicationStatus): string {
  if (counts === undefined) return '';
  const { objects, ...states } = counts;
  const named = Object.entries(states).filter(([, count]) => count > 0);
  return [String(objects), ...named.map(([state, count]) => `${count} ${state}`)].join(', ');
}

function operationText({ operationState }: ApplicationStatus): string {
  if (operationState === undefined) return '';
  const { phase, message, startedAt, finishedAt } = operationState;
  return `${phase} ${finishedAt === undefined ? `since ${startedAt}` : `at ${finishedAt}`}: ${message}`;
}

function conditionLines({ conditions = [] }: ApplicationStatus): string[] {
  if (conditions.length === 0) return [];
  const rows = conditions.map(({ type, status, reason, message }) => [`  ${type}`, status, reason, message] as const);
  return ['Conditions', ...inColumns(rows)];
}

/** The last column is as wide as it is. */
function inColumns(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}

/** A line, and what stands below it. */
interface Branch {
  readonly text: string;
  readonly below: readonly Branch[];
}

function whyLines(name: string, ailing: readonly Ailing[]): string[] {
  if (ailing.length === 0) return [`Application ${name}: nothing keeps its objects from working`];
  return treeLines({ text: `Application ${name}`, below: ailing.map(branchOf) });
}

function branchOf({ ref, health, causes, failure }: Ailing): Branch {
  const below = [...(failure === undefined ? [] : [{ text: failure, below: [] }]), ...belowOf(causes)];
  return { text: `${describeRef(ref)}: ${health.status}: ${health.message}`, below };
}

function belowOf(tree: CauseTree | undefined): Branch[] {
  if (tree === undefined) return [];
  const causes = tree.causes.map(({ reason, message }) => ({ text: `${reason}: ${message}`, below: [] }));
  return [...causes, ...tree.children.map((child) => ({ text: titleOf(child), below: belowOf(child) }))];
}

function titleOf({ kind, name, alike }: CauseTree): string {
  return alike === 1 ? `${kind} ${name}` : `${kind} ${name} and ${alike - 1} more`;
}

function treeLines({ text, below }: Branch): string[] {
  const lines = below.flatMap((branch, index) => {
    const isLast = index === below.length - 1;
    const [first = '', ...rest] = treeLines(branch);
    return [`${isLast ? '└─' : '├─'} ${first}`, ...rest.map((line) => `${isLast ? '  ' : '│ '} ${line}`)];
  });
  return [text, ...lines];
}
