import { setImmediate } from 'node:timers/promises';

/**
 * Lets the event loop turn between pieces of work that wait for nothing, such as runs of Applications in sync: each
 * waiter gets a turn of its own, and whatever else is to be done comes in between.
 */
export class Turns {
  #last: Promise<unknown> = Promise.resolve();

  next(): Promise<unknown> {
    this.#last = this.#last.then(() => setImmediate());
    return this.#last;
  }
}
