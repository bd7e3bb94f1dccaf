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
  return process.platform === 'linux' ? fieldsOf(pid)?.[START_TIME_FIELD] : psField('lstart', pid);
}

/** Whether a process was stopped by a signal and does nothing until SIGCONT. */
export function isStopped(pid: number): boolean {
  return process.platform === 'linux' ? fieldsOf(pid)?.[0] === 'T' : psField('state', pid)?.startsWith('T') === true;
}

/** What follows the command's name in /proc/<pid>/stat, the state first; undefined when the process is gone. */
export function fieldsOf(pid: number): string[] | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  } catch {
    return undefined;
  }
}

function psField(name: string, pid: number): string | undefined {
  try {
    return execFileSync('ps', ['-o', `${name}=`, '-p', String(pid)], { encoding: 'utf8' }).trim();
  } catch {
    return undefined;
  }
}
