import { access, constants, mkdir, rm } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import type { Clock } from '../../model/ports.ts';
import { Child } from './child.ts';
import type { HelperReply, HelperRequest, StartRequest } from './helper-protocol.ts';
import { listPids, livesIn, readPageBytes } from './process-table.ts';

export interface ChildrenOptions {
  /** Holds the private folders; nothing else lies there. */
  readonly scratch: string;
  /** Where programs are looked for, as in PATH. */
  readonly path: string;
  readonly clock: Clock;
  readonly sendKill: (pid: number) => void;
  readonly reply: (reply: HelperReply) => void;
}

/** Between two looks at what all programs use; more when looking takes long: at most a twentieth of the time. */
const inspectEveryMs = 50;
const inspectPace = 20;

/**
 * The programs that run at present.
 *
 * Guarantees: what an earlier helper left (it was killed) is dead and removed before the first starts; nothing is inspected
 * while nothing runs.
 */
export class Children {
  readonly #options: ChildrenOptions;
  readonly #pageBytes = readPageBytes();
  readonly #running = new Map<number, Child>();
  #swept: Promise<void> | undefined;
  #inspecting = false;
  #stopped = false;

  constructor(options: ChildrenOptions) {
    this.#options = options;
  }

  handle(request: HelperRequest): void {
    if (request.kind === 'start') return void this.#start(request);
    const child = this.#running.get(request.id);
    switch (request.kind) {
      case 'input':
        return child?.input(request.bytes);
      case 'inputEnd':
        return child?.endInput();
      case 'taken':
        return child?.taken(request.bytes);
      case 'kill':
        return child?.kill();
    }
  }

  /** Kills all; nothing starts any more. */
  stop(): void {
    this.#stopped = true;
    for (const child of this.#running.values()) child.kill();
  }

  /** Kills what an earlier helper started, and removes its folders. */
  sweep(): Promise<void> {
    return (this.#swept ??= this.#sweep());
  }

  async #start(request: StartRequest): Promise<void> {
    const { clock, sendKill, reply } = this.#options;
    const child = new Child({ request, clock, sendKill, reply, pageBytes: this.#pageBytes });
    this.#running.set(request.id, child);
    await this.sweep();
    const program = await this.#find(request.program);
    if (this.#stopped) child.kill();
    if (program === undefined) reply({ kind: 'absent', id: request.id });
    else {
      this.#inspectSoon(inspectEveryMs);
      await child.run(program);
    }
    this.#running.delete(request.id);
  }

  /** Each time anew: a program may be installed while we run. */
  async #find(program: string): Promise<string | undefined> {
    const places = isAbsolute(program)
      ? [program]
      : this.#options.path.split(':').map((folder) => join(folder, program));
    for (const place of places) {
      const isThere = await access(place, constants.X_OK).then(
        () => true,
        () => false,
      );
      if (isThere) return place;
    }
    return undefined;
  }

  #inspectSoon(delayMs: number): void {
    if (this.#inspecting) return;
    this.#inspecting = true;
    this.#options.clock.after(delayMs, () => this.#inspect());
  }

  #inspect(): void {
    this.#inspecting = false;
    if (this.#running.size === 0) return;
    const { clock } = this.#options;
    const began = clock.monotonic();
    const pids = listPids();
    for (const child of this.#running.values()) child.inspect(pids);
    this.#inspectSoon(Math.max(inspectEveryMs, inspectPace * (clock.monotonic() - began)));
  }

  async #sweep(): Promise<void> {
    const { scratch, sendKill } = this.#options;
    for (const pid of listPids()) if (livesIn(pid, scratch)) sendKill(pid);
    // What cannot be removed now stays; what cannot be made is said by the run that needs it.
    await rm(scratch, { recursive: true, force: true, maxRetries: 3 }).catch(() => undefined);
    await mkdir(scratch, { recursive: true, mode: 0o700 }).catch(() => undefined);
  }
}
