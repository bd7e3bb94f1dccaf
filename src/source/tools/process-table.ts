import { readdirSync, readFileSync } from 'node:fs';

/** A process as /proc shows it. */
export interface ProcessEntry {
  readonly pid: number;
  readonly parent: number;
  readonly group: number;
  readonly session: number;
  readonly residentBytes: number;
  /** It has ended, and nobody has asked how. */
  readonly isDead: boolean;
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
    const [, parent = 0, group = 0, session = 0] = fields.map(Number);
    return { pid, parent, group, session, residentBytes: Number(fields[21]) * pageBytes, isDead: fields[0] === 'Z' };
  } catch {
    return undefined;
  }
}

/** What a process was started with; undefined when it is gone or belongs to somebody else, empty while it becomes another. */
function environmentOf(pid: number): readonly string[] | undefined {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0').filter(Boolean);
  } catch {
    return undefined;
  }
}

/** Looks until nobody new is found; more than these only against a program that flees as fast as it is looked for. */
const mostLooks = 50;
/** Its children are threads of the kernel. */
const kernel = 2;

/**
 * Finds what a program has started.
 *
 * Guarantees: members of its group, of its session and of those that members began, their children, and what left all
 * of them but kept the private HOME or TMPDIR.
 * Caveat: a process that begins a session, loses its parent and clears its environment before any look is not found.
 */
export class Family {
  readonly #leader: number;
  readonly #privateFolder: string;
  /** Those that were there before the leader, and those looked at since: nobody becomes a relative later. */
  readonly #foreign: Set<number>;
  /** The leader's and those that members began: nobody else can join them. */
  readonly #sessions: Set<number>;

  constructor(leader: number, privateFolder: string, before: Iterable<number>) {
    this.#leader = leader;
    this.#privateFolder = privateFolder;
    this.#foreign = new Set(before);
    this.#sessions = new Set([leader]);
  }

  members(pids: readonly number[], pageBytes: number): ProcessEntry[] {
    return this.#look(pids, pageBytes).members;
  }

  /** Kills all of them, also those that are started meanwhile: who has a SIGKILL pending starts nobody any more. */
  kill(sendKill: (pid: number) => void, pageBytes: number): void {
    const killed = new Set<number>();
    for (let looks = 0; looks < mostLooks; looks++) {
      const { members, isUnsure } = this.#look(listPids(), pageBytes);
      const found = members.filter(({ pid }) => !killed.has(pid));
      if (found.length === 0 && !isUnsure) return;
      for (const { pid } of found) {
        sendKill(pid);
        killed.add(pid);
      }
    }
  }

  #look(pids: readonly number[], pageBytes: number): { members: ProcessEntry[]; isUnsure: boolean } {
    const candidates = pids
      .filter((pid) => !this.#foreign.has(pid))
      .flatMap((pid) => readProcess(pid, pageBytes) ?? [])
      .sort((a, b) => a.pid - b.pid);
    const members = new Map<number, ProcessEntry>();
    let isUnsure = false;
    for (const candidate of candidates) {
      const isMember = this.#isMember(candidate, members);
      if (isMember === undefined) isUnsure = true;
      else if (isMember) this.#welcome(candidate, members);
      else this.#foreign.add(candidate.pid);
    }
    return { members: [...members.values()], isUnsure };
  }

  #welcome(member: ProcessEntry, members: Map<number, ProcessEntry>): void {
    members.set(member.pid, member);
    this.#sessions.add(member.session);
  }

  /** undefined: only a later look can tell. */
  #isMember(candidate: ProcessEntry, members: ReadonlyMap<number, unknown>): boolean | undefined {
    const { pid, parent, group, session, isDead } = candidate;
    if (group === this.#leader || this.#sessions.has(session) || members.has(parent)) return true;
    const environment = environmentOf(pid);
    if (environment?.length === 0 && !isDead && parent !== kernel) return undefined;
    return isHome(environment, this.#privateFolder);
  }
}

/** Whether its HOME or TMPDIR is below the folder. */
export function livesIn(pid: number, folder: string): boolean {
  return isHome(environmentOf(pid), folder);
}

function isHome(environment: readonly string[] = [], folder: string): boolean {
  return environment.some((entry) => entry.startsWith(`HOME=${folder}/`) || entry.startsWith(`TMPDIR=${folder}/`));
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
