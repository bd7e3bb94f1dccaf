import { readdirSync, readFileSync } from 'node:fs';
import { fieldsOf } from './process-identity.ts';

/** Position of the parent's pid among the fields of /proc/<pid>/stat. */
const parentField = 1;

/** A process and all that it has started and that still runs, itself first. Linux only. */
export function processTree(root: number): number[] {
  const children = childrenByParent();
  const tree = [root];
  for (const pid of tree) tree.push(...(children.get(pid) ?? []));
  return tree;
}

function childrenByParent(): Map<number, number[]> {
  const children = new Map<number, number[]>();
  for (const name of readdirSync('/proc').filter((entry) => /^[0-9]+$/.test(entry))) {
    const parent = Number(fieldsOf(Number(name))?.[parentField]);
    children.set(parent, [...(children.get(parent) ?? []), Number(name)]);
  }
  return children;
}

/** What others have of the same pages counts for each. */
export function residentBytes(pid: number): number {
  return Number(processFile(pid, 'statm').split(' ')[1] ?? 0) * 4096;
}

/** Empty when the process is gone. */
export function processFile(pid: number, file: 'cmdline' | 'environ' | 'smaps_rollup' | 'statm'): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8').replaceAll('\0', ' ');
  } catch {
    return '';
  }
}
