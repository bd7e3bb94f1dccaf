import type { WorkerOptions } from 'node:worker_threads';
import { Worker } from 'node:worker_threads';
import type { Clock } from '../model/ports.ts';

/** What a thread says. `ready` is said once: what comes before it is nobody's time. */
export type Reply<Answer> = { readonly kind: 'ready' } | { readonly kind: 'answer'; readonly answer: Answer };

/** Why a question has no answer; `error` is what the thread ended with. */
export interface Unanswered {
  readonly why: 'late' | 'ended' | 'stopped';
  readonly error?: unknown;
}

export interface ThreadOptions<Request, Answer> {
  readonly clock: Clock;
  /** `import.meta.url` of who starts it, and its entry beside that, without the extension. */
  readonly entry: readonly [from: string, name: string];
  readonly worker: WorkerOptions;
  /** A question may take so long. */
  readonly wallMs: number;
  /** What stands for an answer that does not come. */
  readonly unanswered: (request: Request, about: Unanswered) => Answer;
  /** Whether the thread is not to be used again after an answer; left out: never. */
  readonly isSpent?: (answer: Answer) => boolean;
}

/** A thread that nobody asks for so long is ended; the next question starts another. */
const idleMs = 60_000;

interface Question<Request, Answer> {
  readonly request: Request;
  readonly answer: (answer: Answer) => void;
}

/**
 * Has questions answered one after the other in a thread of its own, which is started by the first one.
 *
 * Guarantees: every question is answered; one that takes longer than it may costs its own thread only, and the next one
 * is answered by a new thread.
 */
export class Thread<Request, Answer> implements AsyncDisposable {
  readonly #options: ThreadOptions<Request, Answer>;
  readonly #waiting: Question<Request, Answer>[] = [];
  #asked: Question<Request, Answer> | undefined;
  #worker: Worker | undefined;
  #isReady = false;
  #isDisposed = false;
  #cancelTimer: () => void = () => undefined;

  constructor(options: ThreadOptions<Request, Answer>) {
    this.#options = options;
  }

  get isRunning(): boolean {
    return this.#worker !== undefined;
  }

  ask(request: Request): Promise<Answer> {
    return new Promise((answer) => {
      if (this.#isDisposed) {
        answer(this.#options.unanswered(request, { why: 'stopped' }));
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
    for (const { request, answer } of open) answer(this.#options.unanswered(request, { why: 'stopped' }));
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

  #send(worker: Worker, { request }: Question<Request, Answer>): void {
    const { clock, wallMs } = this.#options;
    this.#cancelTimer = clock.after(wallMs, () => this.#broken(worker, { why: 'late' }));
    worker.postMessage(request);
  }

  #rest(): void {
    if (this.#worker === undefined) return;
    this.#worker.unref();
    this.#cancelTimer = this.#options.clock.after(idleMs, () => void this.#end());
  }

  #start(): Worker {
    const [from, name] = this.#options.entry;
    // The emitted JavaScript lies beside its starter under the same name.
    const entry = new URL(`${name}.${from.endsWith('.ts') ? 'ts' : 'js'}`, from);
    const worker = new Worker(entry, this.#options.worker);
    worker.on('message', (reply: Reply<Answer>) => this.#replied(worker, reply));
    worker.on('error', (error) => this.#broken(worker, { why: 'ended', error }));
    worker.on('exit', () => this.#broken(worker, { why: 'ended' }));
    return worker;
  }

  #replied(worker: Worker, reply: Reply<Answer>): void {
    if (worker !== this.#worker) return;
    if (reply.kind === 'ready') {
      this.#isReady = true;
      if (this.#asked !== undefined) this.#send(worker, this.#asked);
      return;
    }
    if (this.#options.isSpent?.(reply.answer) === true) void this.#end();
    this.#settle(reply.answer);
  }

  #broken(worker: Worker, about: Unanswered): void {
    if (worker !== this.#worker) return;
    void this.#end();
    if (this.#asked !== undefined) this.#settle(this.#options.unanswered(this.#asked.request, about));
  }

  #settle(answer: Answer): void {
    const asked = this.#asked;
    this.#asked = undefined;
    this.#next();
    asked?.answer(answer);
  }

  async #end(): Promise<void> {
    const worker = this.#worker;
    this.#worker = undefined;
    this.#isReady = false;
    this.#cancelTimer();
    await worker?.terminate();
  }
}
