import { spawn, type ChildProcess, type ChildProcessByStdio } from 'node:child_process';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import type { Clock } from '../../model/ports.ts';
import { messageOf } from '../failures.ts';
import { diskUsage } from './disk-usage.ts';
import {
  stderrBytes,
  toldBytes,
  windowBytes,
  type Excess,
  type HelperReply,
  type StartRequest,
} from './helper-protocol.ts';
import { Family, listPids } from './process-table.ts';

/** Sets what the kernel itself enforces, drops what a shell adds to the environment, and becomes the program. */
const launcher = `
ulimit -c 0 2>/dev/null
ulimit -f "$1" 2>/dev/null
ulimit -n "$2" 2>/dev/null
ulimit -t "$3" 2>/dev/null
shift 3
unset PWD OLDPWD SHLVL
exec "$@"`;

const openFiles = 4096;
const blockBytes = 512;
/** HOME and TMPDIR of one run, and any single file. */
const privateBytes = 1024 ** 3;
const maxProcesses = 256;
/** How long output may stay open after the program has ended and all that could be found of it is dead. */
const drainMs = 1_000;
/** Of all the time, at most a twentieth goes into looking at disks. */
const diskPace = 20;
const diskEveryMs = 200;

export interface ChildOptions {
  readonly request: StartRequest;
  readonly clock: Clock;
  readonly pageBytes: number;
  /** SIGKILL; below zero: to the group. Nothing happens when it is gone. */
  readonly sendKill: (pid: number) => void;
  readonly reply: (reply: HelperReply) => void;
}

type Spawned = ChildProcess & ChildProcessByStdio<Writable | null, Readable, Readable>;

/** One program in a process group of its own, watched to its end. */
export class Child {
  readonly #options: ChildOptions;
  #process: Spawned | undefined;
  #family: Family | undefined;
  #killed = false;
  #closed = false;
  #cancelDrain: () => void = () => undefined;
  #exceeded: Excess | undefined;
  #printed = 0;
  /** Sent and not yet taken. */
  #underWay = 0;
  /** Input that was passed on and not yet told. */
  #taken = 0;
  #stderr = Buffer.alloc(0);
  #diskBefore = 0;
  #diskDue = 0;
  #measuring = false;

  constructor(options: ChildOptions) {
    this.#options = options;
  }

  /** Resolves when nothing of it is left; `program` is absolute. */
  async run(program: string): Promise<void> {
    const { request, reply } = this.#options;
    try {
      await mkdir(join(request.privateFolder, 'home'), { recursive: true, mode: 0o700 });
      await mkdir(join(request.privateFolder, 'tmp'), { recursive: true, mode: 0o700 });
      if (request.limits.diskBytes !== undefined) this.#diskBefore = await diskUsage(request.cwd);
      // It may have been killed before it began.
      const { code, signal } = this.#killed ? { code: null, signal: null } : await this.#live(program);
      await this.#remove();
      reply({ kind: 'ended', id: request.id, code, stderr: this.#stderr, ...this.#excessOf(signal) });
    } catch (error) {
      await this.#remove();
      reply({ kind: 'refused', id: request.id, message: messageOf(error) });
    }
  }

  input(bytes: Uint8Array): void {
    const { request, reply } = this.#options;
    // A program that reads no more has its reasons: its exit code tells.
    const taken = (): void => {
      this.#taken += bytes.length;
      if (this.#taken < toldBytes) return;
      reply({ kind: 'taken', id: request.id, bytes: this.#taken });
      this.#taken = 0;
    };
    if (this.#process?.stdin?.writable === true) this.#process.stdin.write(bytes, taken);
    else taken();
  }

  endInput(): void {
    this.#process?.stdin?.end();
  }

  taken(bytes: number): void {
    this.#underWay -= bytes;
    if (this.#underWay < windowBytes / 2) this.#process?.stdout.resume();
  }

  /** SIGKILL to all that can be found of it; what it printed and nobody has read is lost. */
  kill(): void {
    this.#killed = true;
    this.#killFamily();
    this.#process?.stdout.destroy();
    this.#process?.stderr.destroy();
  }

  /** Compares what it uses with its limits; `pids` are all processes of the moment. */
  inspect(pids: readonly number[]): void {
    if (this.#killed || this.#family === undefined) return;
    const members = this.#family.members(pids, this.#options.pageBytes);
    const resident = members.reduce((sum, member) => sum + member.residentBytes, 0);
    if (members.length > maxProcesses) this.#exceed('processes');
    if (resident > this.#options.request.limits.memoryBytes) this.#exceed('memoryBytes');
    void this.#measureDisk();
  }

  #live(program: string): Promise<{ code: number | null; signal: NodeJS.Signals | null }> {
    const { request, reply } = this.#options;
    const before = listPids();
    const child = this.#spawn(program);
    this.#process = child;
    return new Promise((resolve, reject) => {
      child.on('error', reject);
      child.on('spawn', () => {
        this.#family = new Family(child.pid ?? 0, request.privateFolder, before);
        reply({ kind: 'started', id: request.id });
      });
      child.on('exit', () => this.#exited());
      child.on('close', (code, signal) => {
        this.#closed = true;
        this.#cancelDrain();
        resolve({ code, signal });
      });
      child.stdout.on('data', (bytes: Buffer) => this.#output(bytes));
      child.stderr.on('data', (bytes: Buffer) => (this.#stderr = tail(this.#stderr, bytes)));
      // EPIPE: it reads no more.
      child.stdin?.on('error', () => undefined);
    });
  }

  #spawn(program: string): Spawned {
    const { args, cwd, env, limits, takesInput } = this.#options.request;
    const kernel = [
      String(Math.ceil((this.#diskBefore + (limits.diskBytes ?? privateBytes)) / blockBytes)),
      String(openFiles),
      limits.cpuSeconds === undefined ? 'unlimited' : String(limits.cpuSeconds),
    ];
    return spawn('/bin/sh', ['-c', launcher, 'sh', ...kernel, program, ...args], {
      cwd,
      env: { ...env },
      detached: true,
      stdio: [takesInput ? 'pipe' : 'ignore', 'pipe', 'pipe'],
    }) as Spawned;
  }

  #output(bytes: Buffer): void {
    if (this.#killed) return;
    const { request, reply } = this.#options;
    this.#printed += bytes.length;
    if (this.#printed > (request.limits.outputBytes ?? Number.POSITIVE_INFINITY)) {
      this.#exceed('outputBytes');
      return;
    }
    this.#underWay += bytes.length;
    if (this.#underWay >= windowBytes) this.#process?.stdout.pause();
    reply({ kind: 'output', id: request.id, bytes });
  }

  #exceed(what: Excess): void {
    if (this.#killed) return;
    this.#exceeded = what;
    this.kill();
  }

  /** What it left running would hold its output open for ever. */
  #exited(): void {
    this.#killFamily();
    this.#cancelDrain = this.#options.clock.after(drainMs, () => this.#drained());
  }

  #drained(): void {
    // Whoever reads slowly still gets all that was printed.
    if (this.#process?.stdout.isPaused() === true) {
      this.#cancelDrain = this.#options.clock.after(drainMs, () => this.#drained());
    } else this.#process?.stdout.destroy();
    this.#process?.stderr.destroy();
  }

  #killFamily(): void {
    const pid = this.#process?.pid;
    const { pageBytes, sendKill } = this.#options;
    // Once it has been waited for, its id may be somebody else's.
    if (pid === undefined || this.#closed) return;
    // The whole group at once, so that nothing forks away between two signals.
    sendKill(-pid);
    this.#family?.kill(sendKill, pageBytes);
  }

  async #measureDisk(): Promise<void> {
    const { clock, request } = this.#options;
    const began = clock.monotonic();
    if (this.#measuring || began < this.#diskDue) return;
    this.#measuring = true;
    const { diskBytes } = request.limits;
    if ((await diskUsage(request.privateFolder, privateBytes)) > privateBytes) this.#exceed('privateBytes');
    if (diskBytes !== undefined) {
      const enough = this.#diskBefore + diskBytes;
      if ((await diskUsage(request.cwd, enough)) > enough) this.#exceed('diskBytes');
    }
    this.#diskDue = clock.monotonic() + Math.max(diskEveryMs, diskPace * (clock.monotonic() - began));
    this.#measuring = false;
  }

  #excessOf(signal: NodeJS.Signals | null): { exceeded?: Excess } {
    if (this.#exceeded !== undefined) return { exceeded: this.#exceeded };
    if (signal === 'SIGXCPU') return { exceeded: 'cpuSeconds' };
    return signal === 'SIGXFSZ' ? { exceeded: 'diskBytes' } : {};
  }

  async #remove(): Promise<void> {
    await rm(this.#options.request.privateFolder, { recursive: true, force: true, maxRetries: 3 }).catch(
      () => undefined,
    );
  }
}

function tail(before: Buffer, bytes: Buffer): Buffer<ArrayBuffer> {
  const both = Buffer.concat([before, bytes]);
  return Buffer.from(both.subarray(Math.max(0, both.length - stderrBytes)));
}
