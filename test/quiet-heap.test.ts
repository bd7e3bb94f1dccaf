import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Heap } from '../src/quiet-heap.ts';
import { collectWhenQuiet } from '../src/quiet-heap.ts';
import { ManualClock } from './fakes/clock.ts';

const mebibyte = 2 ** 20;
const aWhileMs = 60_000;

describe('collectWhenQuiet', () => {
  it('collects twice when work is over', async () => {
    const { heap, clock } = atWork({ used: 100, live: 80 });
    heap.utilization = 0;
    await clock.advance(aWhileMs);
    assert.equal(heap.collections, 2);
  });

  it('collects nothing while the event loop is busy', async () => {
    const { heap, clock } = atWork({ used: 100, live: 80 });
    heap.utilization = 0.3;
    await clock.advance(aWhileMs);
    assert.equal(heap.collections, 0);
  });

  it('leaves alone what is about as large as it was left', async () => {
    const { heap, clock } = atWork({ used: 100, live: 80 });
    heap.utilization = 0;
    await clock.advance(aWhileMs);
    heap.allocate(8 * 0.99);
    await clock.advance(aWhileMs);
    assert.equal(heap.collections, 2);
    heap.allocate(2);
    await clock.advance(aWhileMs);
    assert.equal(heap.collections, 4);
  });

  it('lets the process end', () => {
    const { clock, collector } = atWork({ used: 100, live: 80 });
    collector[Symbol.dispose]();
    assert.equal(clock.pending, 0);
  });
});

/** Sizes in MiB. */
function atWork(sizes: { readonly used: number; readonly live: number }) {
  const heap = new CountedHeap(sizes);
  const clock = new ManualClock();
  return { heap, clock, collector: collectWhenQuiet(heap, clock) };
}

class CountedHeap implements Heap {
  utilization = 1;
  collections = 0;
  #used: number;
  readonly #live: number;

  constructor({ used, live }: { readonly used: number; readonly live: number }) {
    this.#used = used;
    this.#live = live;
  }

  busy(): number {
    return this.utilization;
  }

  used(): number {
    return this.#used * mebibyte;
  }

  collect(): void {
    this.#used = this.#live;
    this.collections += 1;
  }

  allocate(more: number): void {
    this.#used += more;
  }
}
