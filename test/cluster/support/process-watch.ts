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

  constructor(root: number) {
    this.#root = root;
    this.#timer = setInterval(() => this.#look(), every);
  }

  /** Also those that have ended; a program that replaced another in one process counts as another. */
  get seen(): readonly SeenProcess[] {
    return [...this.#seen.values()];
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    const children = childrenByParent();
    const pending = [this.#root];
    for (let pid = pending.pop(); pid !== undefined; pid = pending.pop()) {
      pending.push(...(children.get(pid) ?? []));
      if (pid !== this.#root) this.#note(pid);
    }
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

/** Empty when the process is gone. */
function fileOf(pid: number, file: 'cmdline' | 'environ' | 'stat'): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8').replaceAll('\0', ' ');
  } catch {
    return '';
  }
}
