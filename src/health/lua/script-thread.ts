import { Worker } from 'node:worker_threads';
import type { Clock } from '../../model/ports.ts';
import { failed, scriptLimits, type ScriptOutcome, type ScriptReply, type ScriptRequest } from './protocol.ts';

/** A thread that nobody asks for so long is ended; the next question starts another. */
const idleMs = 60_000;
/** Of JavaScript's own heap, beside the virtual machine's memory. */
const heapMegabytes = 64;

interface Question {
  readonly request: ScriptRequest;
  readonly answer: (outcome: ScriptOutcome) => void;
}

/**
 * Runs health scripts one after the other in a thread of its own, which is started by the first question.
 *
 * Guarantees: every question is answered; a script that takes more than it may costs its own thread only, the next one
 * runs in a new thread.
 */
export class ScriptThread implements AsyncDisposable {
  readonly #clock: Clock;
  readonly #waiting: Question[] = [];
  #asked: Question | undefined;
  #worker: Worker | undefined;
  #isReady = false;
  #cancelTimer: () => void = () => undefined;
  #isDisposed = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get isRunning(): boolean {
    return this.#worker !== undefined;
  }

  ask(request: ScriptRequest): Promise<ScriptOutcome> {
    return new Promise((answer) => {
      if (this.#isDisposed) {
        answer(stopped(request));
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
    for (const { request, answer } of open) answer(stopped(request));
  }

  #next(): void {
    if (this.#asked !== undefined) return;
    this.#cancelTimer();
    const question = this.#waiting.shift();
    if (question === undefined) {
      this.#rest();
      return;
    }
    this.#asked = question;
    this.#worker ??= this.#start();
    this.#worker.ref();
    if (this.#isReady) this.#send(this.#worker, question);
  }

  #send(worker: Worker, { request }: Question): void {
    const { wallMs } = scriptLimits;
    this.#cancelTimer = this.#clock.after(wallMs, () => this.#broken(worker, `takes longer than ${wallMs / 1000} s`));
    worker.postMessage(request);
  }

  #rest(): void {
    if (this.#worker === undefined) return;
    this.#worker.unref();
    this.#cancelTimer = this.#clock.after(idleMs, () => void this.#end());
  }

  #start(): Worker {
    // The emitted JavaScript lies beside this file under the same name.
    const entry = import.meta.url.endsWith('.ts') ? '../lua-worker-main.ts' : '../lua-worker-main.js';
    const worker = new Worker(new URL(entry, import.meta.url), {
      env: {},
      resourceLimits: { maxOldGenerationSizeMb: heapMegabytes },
    });
    worker.on('message', (reply: ScriptReply) => this.#replied(worker, reply));
    worker.on('error', (error) => this.#broken(worker, error instanceof Error ? error.message : String(error)));
    worker.on('exit', () => this.#broken(worker, 'its thread ended'));
    return worker;
  }

  #replied(worker: Worker, reply: ScriptReply): void {
    if (worker !== this.#worker) return;
    if (reply.kind === 'ready') {
      this.#isReady = true;
      if (this.#asked !== undefined) this.#send(worker, this.#asked);
      return;
    }
    if (reply.kind === 'failed' && reply.spent) void this.#end();
    this.#settle(reply);
  }

  #broken(worker: Worker, why: string): void {
    if (worker !== this.#worker) return;
    void this.#end();
    if (this.#asked !== undefined) this.#settle(failed(`${this.#asked.request.name}: ${why}`, true));
  }

  #settle(outcome: ScriptOutcome): void {
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

function stopped({ name }: ScriptRequest): ScriptOutcome {
  return failed(`${name}: was not run, the operator is stopping`);
}
