import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** Position of `starttime` in /proc/<pid>/stat, counted after the command's name, which may hold spaces. */
const START_TIME_FIELD = 19;

/**
 * When a process started, in a unit of the platform's own; `undefined` when there is no such process.
 *
 * A pid is reused, a pid with its start time is not: compare it before sending a signal.
 */
export function startTimeOf(pid: number): string | undefined {
  return process.platform === 'linux' ? fromProc(pid) : fromPs(pid);
}

function fromProc(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[START_TIME_FIELD];
  } catch {
    return undefined;
  }
}

function fromPs(pid: number): string | undefined {
  try {
    return execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim();
  } catch {
    return undefined;
  }
}
