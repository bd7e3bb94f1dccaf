import { availableParallelism } from 'node:os';
import { ConfigError, readConfig } from './config.ts';
import { systemClock } from './clock.ts';
import { rendersFor, startOperator } from './operator.ts';
import { collectWhenQuiet, ownHeap } from './quiet-heap.ts';

/** Ends by letting the event loop empty: whoever sent the signal waits for what is on its way. */
async function main(): Promise<void> {
  const config = readConfig(process.env, process.argv.slice(2));
  const operator = await startOperator(config, {
    clock: systemClock,
    random: Math.random,
    log: process.stdout,
    renders: rendersFor(availableParallelism(), process.constrainedMemory()),
    processMetrics: true,
  });
  const heap = ownHeap();
  const collecting = heap && collectWhenQuiet(heap, systemClock);
  await new Promise<void>((resolve) => {
    process.once('SIGTERM', resolve);
    process.once('SIGINT', resolve);
  });
  collecting?.[Symbol.dispose]();
  await operator[Symbol.asyncDispose]();
}

try {
  await main();
} catch (error) {
  process.exitCode = 1;
  const text =
    error instanceof ConfigError
      ? error.message
      : error instanceof Error
        ? (error.stack ?? error.message)
        : String(error);
  process.stderr.write(`evenkeel: ${text}\n`);
}
