import { Worker } from 'node:worker_threads';

const script = `
const { monitorEventLoopDelay } = require('node:perf_hooks');
const { parentPort } = require('node:worker_threads');
const delay = monitorEventLoopDelay({ resolution: 10 });
delay.enable();
parentPort.on('message', () => parentPort.postMessage(delay.max / 1e6 - 10));
`;

/** A loop with nothing to do, in a thread of its own: what holds it up is the machine. */
export class IdleLoop implements AsyncDisposable {
  readonly #worker = new Worker(script, { eval: true });

  /** Milliseconds. */
  async longestBlock(): Promise<number> {
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    this.#worker.once('message', resolve).once('error', reject);
    this.#worker.postMessage('say');
    return promise;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#worker.terminate();
  }
}
