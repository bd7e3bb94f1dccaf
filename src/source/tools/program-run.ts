import type { Clock } from '../../model/ports.ts';
import type { HelperProcess, RunEvents } from './helper-process.ts';
import { toldBytes, windowBytes, type EndedReply, type HelperReply, type StartRequest } from './helper-protocol.ts';
import { hideTexts, type Hidden } from './said.ts';
import { absent, notRun } from './tool-failures.ts';
import type { Tool } from './tools.ts';

export interface ProgramRunOptions {
  readonly tool: Tool;
  readonly helper: HelperProcess;
  readonly clock: Clock;
  readonly request: StartRequest;
  /** In what is said of it. */
  readonly hide: readonly Hidden[];
  /** Answer with `took`, or no more comes. */
  readonly output: (bytes: Buffer) => void;
}

const chunkBytes = 64 * 1024;
/** A helper that has not killed a program after so long is killed itself. */
const patienceMs = 10_000;

/** Our end of one program that the helper runs. */
export class ProgramRun implements RunEvents {
  readonly #options: ProgramRunOptions;
  readonly #started = Promise.withResolvers<undefined>();
  readonly #ended = Promise.withResolvers<EndedReply>();
  readonly #input: Uint8Array[] = [];
  #inputEnded = false;
  #mayWrite = false;
  #underWay = 0;
  /** Output that was taken and not yet told. */
  #taken = 0;
  #isOver = false;
  #cancelPatience: (() => void) | undefined;

  constructor(options: ProgramRunOptions) {
    this.#options = options;
    // Whoever waits for one of the two need not wait for the other.
    this.#started.promise.catch(() => undefined);
    this.#ended.promise.catch(() => undefined);
    options.helper.begin(options.request, this);
  }

  get started(): Promise<undefined> {
    return this.#started.promise;
  }

  /** Rejects with OperatorError ToolUnavailable. */
  get ended(): Promise<EndedReply> {
    return this.#ended.promise;
  }

  write(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; at += chunkBytes) this.#input.push(bytes.subarray(at, at + chunkBytes));
    this.#pass();
  }

  endInput(): void {
    this.#inputEnded = true;
    this.#pass();
  }

  took(bytes: number): void {
    this.#taken += bytes;
    if (this.#taken < toldBytes) return;
    this.#options.helper.send({ kind: 'taken', id: this.#options.request.id, bytes: this.#taken });
    this.#taken = 0;
  }

  kill(): void {
    if (this.#isOver) return;
    const { helper, clock, request } = this.#options;
    helper.send({ kind: 'kill', id: request.id });
    this.#cancelPatience ??= clock.after(patienceMs, () => helper.kill());
  }

  reply(reply: HelperReply): void {
    switch (reply.kind) {
      case 'started':
        this.#started.resolve(undefined);
        this.#mayWrite = true;
        this.#pass();
        break;
      case 'output':
        this.#options.output(Buffer.from(reply.bytes.buffer, reply.bytes.byteOffset, reply.bytes.byteLength));
        break;
      case 'taken':
        this.#underWay -= reply.bytes;
        this.#pass();
        break;
      case 'ended':
        this.#over();
        this.#ended.resolve(reply);
        break;
      case 'absent':
        this.#fail(absent(this.#options.tool));
        break;
      case 'refused':
        this.#fail(
          notRun(`${this.#options.tool} could not be started: ${hideTexts(reply.message, this.#options.hide)}`),
        );
    }
  }

  lost(why: string): void {
    this.#fail(notRun(`${this.#options.tool} was stopped: ${why}`));
  }

  #pass(): void {
    const { helper, request } = this.#options;
    if (!this.#mayWrite) return;
    while (this.#underWay < windowBytes) {
      const bytes = this.#input.shift();
      if (bytes === undefined) break;
      this.#underWay += bytes.length;
      helper.send({ kind: 'input', id: request.id, bytes });
    }
    if (this.#inputEnded && this.#input.length === 0) {
      this.#inputEnded = false;
      helper.send({ kind: 'inputEnd', id: request.id });
    }
  }

  #over(): void {
    this.#isOver = true;
    this.#cancelPatience?.();
  }

  #fail(error: Error): void {
    this.#over();
    this.#started.reject(error);
    this.#ended.reject(error);
  }
}
