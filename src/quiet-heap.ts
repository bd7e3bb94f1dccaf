import { performance } from 'node:perf_hooks';
import { getHeapStatistics } from 'node:v8';
import type { Clock } from './model/ports.ts';

/** How the process stands. */
export interface Heap {
  /** Share of the time since the last call in which the event loop had something to do. */
  busy(): number;
  /** Bytes in use, garbage included. */
  used(): number;
  /** Moves together what lives, and gives the pages back that are empty then. */
  collect(): void;
}

const lookMs = 5_000;
/** Work goes on above it. */
const quiet = 0.05;
/** What a collection at rest has to promise: it stops the event loop for as long as the whole heap takes. */
const worthwhile = { share: 0.05, bytes: 4 * 2 ** 20 };
/** What one lets go of, with its finalizers, the next frees. */
const collections = 2;

/** This process; undefined where Node was started without `--expose-gc`. */
export function ownHeap(): Heap | undefined {
  const { gc } = globalThis;
  if (gc === undefined) return undefined;
  let before = performance.eventLoopUtilization();
  return {
    busy: () => {
      const now = performance.eventLoopUtilization();
      const { utilization } = performance.eventLoopUtilization(now, before);
      before = now;
      return utilization;
    },
    used: () => getHeapStatistics().used_heap_size,
    collect: () => {
      gc({ type: 'major', execution: 'sync', flavor: 'last-resort' });
    },
  };
}

/**
 * Collects garbage when work is over: V8 does so when more is allocated, which may be never.
 *
 * Guarantees: never while the loop has much to do, and not again before the heap has grown by a twentieth.
 */
export function collectWhenQuiet(heap: Heap, clock: Clock): Disposable {
  let left = 0;
  let due = 0;
  let cancel = clock.after(lookMs, look);
  function look(): void {
    if (heap.used() > left * (1 + worthwhile.share) + worthwhile.bytes) due = collections;
    if (heap.busy() < quiet && due > 0) {
      heap.collect();
      due -= 1;
      left = heap.used();
    }
    cancel = clock.after(lookMs, look);
  }
  return { [Symbol.dispose]: () => cancel() };
}
