import { readdirSync, readFileSync } from 'node:fs';

/** A process as /proc shows it. */
export interface ProcessEntry {
  readonly pid: number;
  readonly parent: number;
  readonly group: number;
  readonly session: number;
  readonly residentBytes: number;
}

/** Ids of all processes; empty where there is no /proc. Reading it does no input or output: it never blocks for long. */
export function listPids(): number[] {
  try {
    return readdirSync('/proc')
      .map(Number)
      .filter((pid) => pid > 0);
  } catch {
    return [];
  }
}

function readProcess(pid: number, pageBytes: number): ProcessEntry | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The name before may hold spaces and brackets.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const [, parent, group, session] = fields.map(Number);
    const residentBytes = Number(fields[21]) * pageBytes;
    return { pid, parent: parent ?? 0, group: group ?? 0, session: session ?? 0, residentBytes };
  } catch {
    return undefined;
  }
}

/** What a process was started with; empty when it is gone or belongs to somebody else. */
function environmentOf(pid: number): readonly string[] {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
  } catch {
    return [];
  }
}

/**
 * Finds what a program has started.
 *
 * Guarantees: members of its group and session, their children, and what left both but kept the private HOME or TMPDIR.
 * Caveat: a process that leaves the session, loses its parent and clears its environment is not found.
 */
export class Family {
  readonly #leader: number;
  readonly #privateFolder: string;
  /** Those that were there before the leader, and those looked at since: nobody becomes a relative later. */
  readonly #foreign: Set<number>;

  constructor(leader: number, privateFolder: string, before: Iterable<number>) {
    this.#leader = leader;
    this.#privateFolder = privateFolder;
    this.#foreign = new Set(before);
  }

  members(pids: readonly number[], pageBytes: number): ProcessEntry[] {
    const candidates = pids
      .filter((pid) => !this.#foreign.has(pid))
      .flatMap((pid) => readProcess(pid, pageBytes) ?? [])
      .sort((a, b) => a.pid - b.pid);
    const members = new Map<number, ProcessEntry>();
    for (const candidate of candidates) {
      if (this.#isMember(candidate, members)) members.set(candidate.pid, candidate);
      else this.#foreign.add(candidate.pid);
    }
    return [...members.values()];
  }

  #isMember({ pid, parent, group, session }: ProcessEntry, members: ReadonlyMap<number, unknown>): boolean {
    if (group === this.#leader || session === this.#leader || members.has(parent)) return true;
    return livesIn(pid, this.#privateFolder);
  }
}

/** Whether its HOME or TMPDIR is below the folder. */
export function livesIn(pid: number, folder: string): boolean {
  return environmentOf(pid).some(
    (entry) => entry.startsWith(`HOME=${folder}/`) || entry.startsWith(`TMPDIR=${folder}/`),
  );
}

const auxiliaryPageSize = 6n;

/** From the auxiliary vector: some ARM kernels use pages of 16 or 64 KiB. */
export function readPageBytes(): number {
  try {
    const vector = readFileSync('/proc/self/auxv');
    for (let at = 0; at + 16 <= vector.length; at += 16) {
      if (readWord(vector, at) === auxiliaryPageSize) return Number(readWord(vector, at + 8));
    }
  } catch {
    // No /proc: nothing is counted anyway.
  }
  return 4096;
}

function readWord(vector: Buffer, at: number): bigint {
  return vector.readBigUInt64LE(at);
}
