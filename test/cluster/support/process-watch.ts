import { readdirSync, readFileSync } from 'node:fs';

/** What was seen of one process. */
export interface SeenProcess {
  readonly pid: number;
  readonly args: string;
  readonly environment: string;
}

const every = 2;

/** Looks again and again at everything that a process has started, so that what lives for milliseconds is seen, too. */
export class ProcessWatch implements Disposable {
  readonly #root: number;
  readonly #seen = new Map<string, SeenProcess>();
  readonly #timer: NodeJS.Timeout;
  #peakBytes = 0;

  constructor(root: number) {
    this.#root = root;
    this.#timer = setInterval(() => this.#look(), every);
  }

  /** Also those that have ended; a program that replaced another in one process counts as another. */
  get seen(): readonly SeenProcess[] {
    return [...this.#seen.values()];
  }

  /** The most that the process and all that it started had in memory together. */
  get peakBytes(): number {
    return this.#peakBytes;
  }

  /** Begins anew. */
  forget(): void {
    this.#seen.clear();
    this.#peakBytes = 0;
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    const children = childrenByParent();
    const pending = [this.#root];
    let bytes = 0;
    for (let pid = pending.pop(); pid !== undefined; pid = pending.pop()) {
      pending.push(...(children.get(pid) ?? []));
      bytes += residentBytes(pid);
      if (pid !== this.#root) this.#note(pid);
    }
    this.#peakBytes = Math.max(this.#peakBytes, bytes);
  }

  #note(pid: number): void {
    const args = fileOf(pid, 'cmdline');
    const key = `${pid} ${args}`;
    if (args === '' || this.#seen.has(key)) return;
    this.#seen.set(key, { pid, args, environment: fileOf(pid, 'environ') });
  }
}

function childrenByParent(): Map<number, number[]> {
  const children = new Map<number, number[]>();
  for (const name of readdirSync('/proc').filter((entry) => /^[0-9]+$/.test(entry))) {
    // The name of the program stands in brackets and may hold anything.
    const parent = Number(
      fileOf(Number(name), 'stat')
        .replace(/^.*\) /s, '')
        .split(' ')[1],
    );
    children.set(parent, [...(children.get(parent) ?? []), Number(name)]);
  }
  return children;
}

/** What others have of the same pages counts for each. */
function residentBytes(pid: number): number {
  return Number(fileOf(pid, 'statm').split(' ')[1] ?? 0) * 4096;
}

/** Empty when the process is gone. */
function fileOf(pid: number, file: 'cmdline' | 'environ' | 'stat' | 'statm'): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8').replaceAll('\0', ' ');
  } catch {
    return '';
  }
}
