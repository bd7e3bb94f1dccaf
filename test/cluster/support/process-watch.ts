import { processFile, processTree, residentBytes } from '../../../tools/process-tree.ts';

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
    const tree = processTree(this.#root);
    const bytes = tree.reduce((sum, pid) => sum + residentBytes(pid), 0);
    for (const pid of tree) if (pid !== this.#root) this.#note(pid);
    this.#peakBytes = Math.max(this.#peakBytes, bytes);
  }

  #note(pid: number): void {
    const args = processFile(pid, 'cmdline');
    const key = `${pid} ${args}`;
    if (args === '' || this.#seen.has(key)) return;
    this.#seen.set(key, { pid, args, environment: processFile(pid, 'environ') });
  }
}
