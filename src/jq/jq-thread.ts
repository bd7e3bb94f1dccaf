import { Worker } from 'node:worker_threads';
import type { Clock, JqAnswer } from '../model/ports.ts';
import type { JqReply, JqRequest } from './protocol.ts';

/** One evaluation may take so long. */
const wallMs = 1_000;
/** A thread that nobody asks for so long is ended; the next question starts another. */
const idleMs = 60_000;

interface Question {
  readonly request: JqRequest;
  readonly answer: (outcome: JqAnswer) => void;
}

/**
 * Runs jq in a thread of its own, one evaluation after the other.
 *
 * Guarantees: every question is answered; an evaluation that takes longer than a second is ended with its thread, and the
 * next one runs in a new thread.
 */
export class JqThread implements AsyncDisposable {
  readonly #clock: Clock;
  readonly #waiting: Question[] = [];
  #asked: Question | undefined;
  #worker: Worker | undefined;
  #isReady = false;
  #isDisposed = false;
  #cancelTimer: () => void = () => undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  ask(request: JqRequest): Promise<JqAnswer> {
    return new Promise((answer) => {
      if (this.#isDisposed) {
        answer(stopped);
        return;
      }
      this.#waiting.push({ request, answer });
      this.#next();
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isDisposed = true;
    const open = [...(this.#asked === undefined ? [] : [this.#asked]), ...this.#waiting.splice(0)];
    this.#asked = undefined;
    await this.#end();
    for (const { answer } of open) answer(stopped);
  }

  #next(): void {
    if (this.#asked !== undefined) return;
    this.#cancelTimer();
    this.#asked = this.#waiting.shift();
    if (this.#asked === undefined) {
      this.#worker?.unref();
      if (this.#worker !== undefined) this.#cancelTimer = this.#clock.after(idleMs, () => void this.#end());
      return;
    }
    this.#worker ??= this.#start();
    this.#worker.ref();
    if (this.#isReady) this.#send(this.#worker, this.#asked);
  }

  #send(worker: Worker, { request }: Question): void {
    this.#cancelTimer = this.#clock.after(wallMs, () =>
      this.#broken(worker, `it takes longer than ${wallMs / 1000} s`),
    );
    worker.postMessage(request);
  }

  #start(): Worker {
    // The emitted JavaScript lies beside this file under the same name.
    const entry = import.meta.url.endsWith('.ts') ? './jq-worker-main.ts' : './jq-worker-main.js';
    // What jq prints is nobody's business: it may be of a Secret.
    const worker = new Worker(new URL(entry, import.meta.url), { env: {}, stdout: true, stderr: true });
    worker.on('message', (reply: JqReply) => this.#replied(worker, reply));
    worker.on('error', () => this.#broken(worker, 'jq ended'));
    worker.on('exit', () => this.#broken(worker, 'jq ended'));
    return worker;
  }

  #replied(worker: Worker, reply: JqReply): void {
    if (worker !== this.#worker) return;
    if (reply.kind !== 'ready') {
      this.#settle(reply);
      return;
    }
    this.#isReady = true;
    if (this.#asked !== undefined) this.#send(worker, this.#asked);
  }

  #broken(worker: Worker, message: string): void {
    if (worker !== this.#worker) return;
    void this.#end();
    if (this.#asked !== undefined) this.#settle({ kind: 'failed', message });
  }

  #settle(outcome: JqAnswer): void {
    const asked = this.#asked;
    this.#asked = undefined;
    this.#next();
    asked?.answer(outcome);
  }

  async #end(): Promise<void> {
    const worker = this.#worker;
    this.#worker = undefined;
    this.#isReady = false;
    this.#cancelTimer();
    await worker?.terminate();
  }
}

const stopped: JqAnswer = { kind: 'failed', message: 'it was not run, the operator is stopping' };
