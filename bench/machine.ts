import { availableParallelism, cpus, release, totalmem } from 'node:os';

/** Where and when figures were measured. */
export function machine(): Readonly<Record<string, string | number>> {
  return {
    date: new Date().toISOString(),
    processors: availableParallelism(),
    processor: cpus()[0]?.model ?? '',
    memoryMiB: Math.round(totalmem() / 2 ** 20),
    kernel: release(),
    node: process.version,
  };
}
