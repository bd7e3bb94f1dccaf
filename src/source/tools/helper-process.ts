import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { Clock } from '../../model/ports.ts';
import type { HelperReply, HelperRequest } from './helper-protocol.ts';

export interface HelperOptions {
  readonly clock: Clock;
  readonly scratch: string;
  readonly path: string;
}

/** Who is told what a run comes to. */
export interface RunEvents {
  reply(reply: HelperReply): void;
  /** The helper is gone; nothing more comes. */
  lost(why: string): void;
}

/** It holds chunks under way and nothing else; a small heap keeps spawning cheap. */
const flags = ['--max-old-space-size=64', '--max-semi-space-size=1'];
const stopMs = 5_000;

/**
 * The helper process, started when it is needed.
 *
 * Guarantees: it is given no environment but what its channel needs; it never outlives us; while nothing runs it does not
 * keep our event loop alive; when it dies, all that runs is told, and another one takes care of what it left.
 */
export class HelperProcess implements AsyncDisposable {
  readonly #options: HelperOptions;
  readonly #runs = new Map<number, RunEvents>();
  #process: ChildProcess | undefined;
  #disposed = false;

  constructor(options: HelperOptions) {
    this.#options = options;
  }

  /** Tells the helper; `events` hear of this id until it has ended. */
  begin(request: Extract<HelperRequest, { kind: 'start' }>, events: RunEvents): void {
    if (this.#disposed) {
      events.lost('the operator is stopping');
      return;
    }
    this.#runs.set(request.id, events);
    this.send(request);
  }

  send(request: HelperRequest): void {
    if (!this.#runs.has(request.id)) return;
    const helper = (this.#process ??= this.#start());
    this.#holdEventLoop(helper);
    // A channel that breaks is noticed by the end of the process.
    helper.send(request, () => undefined);
  }

  /** For a helper that does not answer. */
  kill(): void {
    this.#process?.kill('SIGKILL');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#disposed = true;
    const helper = this.#process;
    if (helper === undefined) return;
    const ended = once(helper, 'exit');
    helper.ref();
    const cancel = this.#options.clock.after(stopMs, () => this.kill());
    helper.disconnect();
    await ended;
    cancel();
  }

  #start(): ChildProcess {
    const { scratch, path } = this.#options;
    // The emitted JavaScript lies beside this file under the same name.
    const entry = import.meta.url.endsWith('.ts') ? './helper-main.ts' : './helper-main.js';
    const helper = fork(new URL(entry, import.meta.url), [scratch, path], {
      env: {},
      execArgv: flags,
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    helper.on('message', (reply: HelperReply) => this.#heard(helper, reply));
    helper.on('error', (error) => {
      if (helper.pid === undefined) this.#ended(helper, error.message);
    });
    helper.on('exit', (code, signal) => this.#ended(helper, signal ?? `code ${code ?? 'unknown'}`));
    return helper;
  }

  #heard(helper: ChildProcess, reply: HelperReply): void {
    const events = this.#runs.get(reply.id);
    if (reply.kind === 'ended' || reply.kind === 'absent' || reply.kind === 'refused') this.#runs.delete(reply.id);
    this.#holdEventLoop(helper);
    events?.reply(reply);
  }

  #ended(helper: ChildProcess, how: string): void {
    if (helper !== this.#process) return;
    this.#process = undefined;
    const lost = [...this.#runs.values()];
    this.#runs.clear();
    // What it had started goes on; the next one kills it before anything else.
    if (lost.length > 0 && !this.#disposed) {
      this.#process = this.#start();
      this.#holdEventLoop(this.#process);
    }
    for (const events of lost) events.lost(`the process that starts programs ended (${how})`);
  }

  #holdEventLoop(helper: ChildProcess): void {
    const { channel } = helper;
    if (this.#runs.size > 0) {
      helper.ref();
      channel?.ref();
    } else {
      helper.unref();
      channel?.unref();
    }
  }
}
