import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { createInterface } from 'node:readline';
import { Readable, Writable } from 'node:stream';
import { holdEventLoop } from './event-loop.ts';
import { startTimeOf } from './process-identity.ts';

/**
 * The supervisor between us and the child, in a process group of its own.
 *
 * File 3 is the lifeline: it ends when we close it or die, SIGKILL included, and then the whole group is killed. File 4
 * tells the child's pid and later its exit code. The child inherits neither, so nothing it starts can hold them open.
 */
const SUPERVISOR = `
"$@" 3<&- 4>&- </dev/null &
child=$!
echo "$child" >&4
(read -r _ <&3; kill -KILL 0) 4>&- &
exec 3<&-
wait "$child"
echo "$?" >&4
kill -KILL 0
`;

export interface ChildOptions {
  readonly command: string;
  readonly args: readonly string[];
  /** File that receives standard output and error; appended to, so that a restart keeps the first life's words. */
  readonly log: string;
  /** How messages call it; the command without its folder when left out. */
  readonly name?: string;
  readonly cwd?: string;
  /** The whole environment; the parent's when left out. */
  readonly env?: NodeJS.ProcessEnv;
}

export interface Exit {
  /** `null` when a signal ended it. */
  readonly code: number | null;
  readonly signal: string | null;
}

/**
 * A running child that cannot outlive us.
 *
 * *Guarantees*: when this process ends for whatever reason, the child and all it started in its group are killed.
 * A signal is only sent while the pid still is the process that we started.
 *
 * *Caveats*: it does not keep our event loop alive; await {@link waitForExit}, {@link stop} or {@link kill}.
 */
export class Child implements AsyncDisposable {
  readonly name: string;
  readonly pid: number;
  readonly logFile: string;
  readonly #startTime: string | undefined;
  readonly #shell: ChildProcess;
  readonly #exit: Promise<Exit>;
  #ended = false;

  constructor(options: ChildOptions, shell: ChildProcess, life: { pid: number; exit: Promise<Exit> }) {
    this.name = nameOf(options);
    this.logFile = options.log;
    this.pid = life.pid;
    this.#startTime = startTimeOf(life.pid);
    this.#shell = shell;
    this.#exit = life.exit.then((exit) => {
      this.#ended = true;
      return exit;
    });
  }

  get running(): boolean {
    return !this.#ended;
  }

  /** Sends the signal to the child alone; false when it is gone, also when its pid now belongs to someone else. */
  signal(name: NodeJS.Signals): boolean {
    if (this.#ended || this.#startTime === undefined || startTimeOf(this.pid) !== this.#startTime) return false;
    return process.kill(this.pid, name);
  }

  async waitForExit(): Promise<Exit> {
    this.#shell.ref();
    lifeline(this.#shell).ref();
    return this.#exit;
  }

  /**
   * SIGKILL for the whole group, the child first: when this resolves it is dead and its ports are free again.
   */
  async kill(): Promise<Exit> {
    if (!this.signal('SIGKILL')) lifeline(this.#shell).stream.destroy();
    return this.waitForExit();
  }

  /** SIGTERM, and SIGKILL for the group when the child has not ended by itself in time. */
  async stop(graceMs = 10_000): Promise<Exit> {
    this.signal('SIGTERM');
    const timer = setTimeout(() => lifeline(this.#shell).stream.destroy(), graceMs);
    try {
      return await this.waitForExit();
    } finally {
      clearTimeout(timer);
    }
  }

  /** The last lines of its log, for messages about its failure. */
  logTail(lines = 20): string {
    return readFileSync(this.logFile, 'utf8').trimEnd().split('\n').slice(-lines).join('\n');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
  }
}

/** Starts a child under a supervisor; rejects when the command cannot be found. */
export async function startChild(options: ChildOptions): Promise<Child> {
  const log = openSync(options.log, 'a');
  const shell = spawn('/bin/sh', ['-c', SUPERVISOR, 'supervisor', options.command, ...options.args], {
    detached: true,
    stdio: ['ignore', log, log, 'pipe', 'pipe'],
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    env: options.env ?? process.env,
  });
  closeSync(log);
  const words = wordsOf(shell);
  const pid = await words.pid;
  if (pid === undefined) throw new Error(`${nameOf(options)} could not be started: ${options.command}`);
  shell.unref();
  lifeline(shell).unref();
  words.unref();
  return new Child(options, shell, { pid, exit: words.exit });
}

function nameOf(options: ChildOptions): string {
  return options.name ?? options.command.replace(/.*\//, '');
}

function lifeline(shell: ChildProcess): { stream: Writable; ref(): void; unref(): void } {
  const stream = shell.stdio[3];
  if (!(stream instanceof Writable)) throw new Error('the supervisor has no lifeline');
  return { stream, ref: () => holdEventLoop(stream, true), unref: () => holdEventLoop(stream, false) };
}

/** What the supervisor says: a pid, then an exit code; no code means that the group was killed as a whole. */
function wordsOf(shell: ChildProcess): { pid: Promise<number | undefined>; exit: Promise<Exit>; unref(): void } {
  const stream = shell.stdio[4];
  if (!(stream instanceof Readable)) throw new Error('the supervisor has no voice');
  const ended = once(shell, 'exit');
  const started = Promise.withResolvers<number | undefined>();
  const said: number[] = [];
  createInterface({ input: stream })
    .on('line', (line) => {
      said.push(Number(line));
      started.resolve(said[0]);
    })
    .on('close', () => started.resolve(said[0]));
  shell.on('error', (error) => started.reject(error));
  const closed = once(stream, 'close');
  const exit = Promise.all([ended, closed]).then(() => exitOf(said[1]));
  exit.catch(() => undefined);
  return { pid: started.promise, exit, unref: () => holdEventLoop(stream, false) };
}

function exitOf(code: number | undefined): Exit {
  if (code === undefined) return { code: null, signal: 'SIGKILL' };
  if (code <= 128) return { code, signal: null };
  const signal = Object.entries(constants.signals).find(([, number]) => number === code - 128)?.[0];
  return signal === undefined ? { code, signal: null } : { code: null, signal };
}
