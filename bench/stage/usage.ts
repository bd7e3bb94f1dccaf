import { fieldsOf } from '../../tools/process-identity.ts';
import { processFile, processTree, residentBytes } from '../../tools/process-tree.ts';

const mebibyte = 2 ** 20;
/** Unit of the times in /proc/<pid>/stat: 10 ms on every Linux that Node runs on. */
const ticksPerSecond = 100;
/** utime, stime, and the same of the children that have ended, among the fields of /proc/<pid>/stat. */
const cpuFields = [11, 12, 13, 14];
const sampleMs = 50;

/** CPU time of the process and all its children since their start, those that have ended included. */
function cpuSeconds(root: number): number {
  const ticks = processTree(root).map((pid) => {
    const fields = fieldsOf(pid) ?? [];
    return cpuFields.reduce((sum, field) => sum + Number(fields[field] ?? 0), 0);
  });
  return ticks.reduce((sum, one) => sum + one, 0) / ticksPerSecond;
}

export function residentMiB(pid: number): number {
  return residentBytes(pid) / mebibyte;
}

/** Of the process and its children, where a page that several of them share counts once. */
export function sharedOnceMiB(root: number): number {
  const bytes = processTree(root).map((pid) => {
    const kibibytes = /^Pss:\s+([0-9]+) kB/m.exec(processFile(pid, 'smaps_rollup'))?.[1];
    return Number(kibibytes ?? 0) * 1024;
  });
  return bytes.reduce((sum, one) => sum + one, 0) / mebibyte;
}

/** Follows how much a process takes; CPU time counts from the start of the watch. */
export class UsageWatch implements Disposable {
  readonly #root: number;
  readonly #cpuBefore: number;
  readonly #timer: NodeJS.Timeout;
  #peakBytes = 0;
  #peakTreeBytes = 0;

  constructor(root: number) {
    this.#root = root;
    this.#cpuBefore = cpuSeconds(root);
    this.#timer = setInterval(() => this.#look(), sampleMs);
  }

  get cpuSeconds(): number {
    return cpuSeconds(this.#root) - this.#cpuBefore;
  }

  /** Of the operator's own process. */
  get peakMiB(): number {
    return this.#peakBytes / mebibyte;
  }

  /** With its children; what they share counts for each. */
  get peakTreeMiB(): number {
    return this.#peakTreeBytes / mebibyte;
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    const own = residentBytes(this.#root);
    const tree = processTree(this.#root).reduce((sum, pid) => sum + residentBytes(pid), 0);
    this.#peakBytes = Math.max(this.#peakBytes, own);
    this.#peakTreeBytes = Math.max(this.#peakTreeBytes, tree);
  }
}
