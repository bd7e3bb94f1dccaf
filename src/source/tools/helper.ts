import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import type { Clock } from '../../model/ports.ts';
import { HelperProcess } from './helper-process.ts';
import type { EndedReply, Excess, StartRequest } from './helper-protocol.ts';
import { Places } from './places.ts';
import { ProgramRun, type ProgramRunOptions } from './program-run.ts';
import { ProgramSession } from './program-session.ts';
import { lastWords, type Hidden } from './said.ts';
import { environmentFor } from './tool-environment.ts';
import { isRenderTool, killed, overLimit } from './tool-failures.ts';
import type { Tool, ToolResult, ToolRun, Tools, ToolSession } from './tools.ts';
import { VersionBook } from './versions.ts';

export interface HelperToolsOptions {
  readonly clock: Clock;
  /** kustomize and Helm together. */
  readonly maxRenders: number;
  /** PATH of every program. */
  readonly path: string;
  /** For private folders; ours alone, and what lies there is removed. */
  readonly scratch: string;
  /** Absolute paths of programs that are not to be looked for on the PATH. */
  readonly programs?: Partial<Record<Tool, string>>;
}

/** Runs of git, gpg and ssh-keygen at a time; sessions are not counted, for they may wait for runs. */
const maxOthers = 8;

export function startTools(options: HelperToolsOptions): Tools {
  return new HelperTools(options);
}

class HelperTools implements Tools {
  readonly #options: HelperToolsOptions;
  readonly #helper: HelperProcess;
  readonly #renders: Places;
  readonly #others = new Places(maxOthers);
  readonly #versions: VersionBook;
  readonly #stopped = new AbortController();
  #lastId = 0;

  constructor(options: HelperToolsOptions) {
    this.#options = options;
    this.#helper = new HelperProcess(options);
    this.#renders = new Places(options.maxRenders);
    this.#versions = new VersionBook((run) => this.run(run, this.#stopped.signal), options.scratch);
  }

  run(run: ToolRun, signal: AbortSignal): Promise<ToolResult> {
    const places = isRenderTool(run.tool) ? this.#renders : this.#others;
    return places.during(signal, () => this.#run(run, signal));
  }

  async open(run: Omit<ToolRun, 'stdin'>): Promise<ToolSession> {
    const { memoryBytes, diskBytes } = run.limits;
    const limits = { memoryBytes, ...(diskBytes === undefined ? {} : { diskBytes }) };
    const request = this.#requestFor(run, { takesInput: true, limits });
    const session = new ProgramSession(this.#shared(run, request), (exceeded) =>
      overLimit(run.tool, exceeded, run.limits),
    );
    await session.started;
    return session;
  }

  version(tool: Tool): Promise<string | undefined> {
    return this.#versions.of(tool);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped.abort(new Error('the operator is stopping'));
    await this.#helper[Symbol.asyncDispose]();
  }

  async #run(run: ToolRun, signal: AbortSignal): Promise<ToolResult> {
    const printed: Buffer[] = [];
    const request = this.#requestFor(run, {
      takesInput: run.stdin !== undefined,
      limits: { ...run.limits, cpuSeconds: cpuSecondsIn(run.limits.timeMs) },
    });
    const program = new ProgramRun({
      ...this.#shared(run, request),
      output: (bytes) => {
        printed.push(bytes);
        program.took(bytes.length);
      },
    });
    if (run.stdin !== undefined) program.write(run.stdin);
    program.endInput();
    const ended = await this.#watch(run, program, signal);
    const stderr = lastWords(ended.stderr, hiddenIn(run, request));
    return { code: ended.code, stdout: Buffer.concat(printed), stderr };
  }

  /** Until it has ended: kills it when it is aborted or takes too long. */
  async #watch(run: ToolRun, program: ProgramRun, signal: AbortSignal): Promise<EndedReply> {
    let late: 'timeMs' | undefined;
    const kill = (): void => program.kill();
    const cancel = this.#options.clock.after(run.limits.timeMs, () => {
      late = 'timeMs';
      kill();
    });
    signal.addEventListener('abort', kill);
    try {
      const ended = await program.ended;
      signal.throwIfAborted();
      const exceeded: Excess | 'timeMs' | undefined = late ?? ended.exceeded;
      if (exceeded !== undefined) throw overLimit(run.tool, exceeded, run.limits);
      if (ended.code === null) throw killed(run.tool);
      return ended;
    } finally {
      cancel();
      signal.removeEventListener('abort', kill);
    }
  }

  #shared(run: Omit<ToolRun, 'stdin'>, request: StartRequest): Omit<ProgramRunOptions, 'output'> {
    const hide = hiddenIn(run, request);
    return { tool: run.tool, helper: this.#helper, clock: this.#options.clock, request, hide };
  }

  #requestFor(
    run: Omit<ToolRun, 'stdin'>,
    { takesInput, limits }: Pick<StartRequest, 'takesInput' | 'limits'>,
  ): StartRequest {
    const id = ++this.#lastId;
    const { programs, scratch } = this.#options;
    const privateFolder = join(scratch, `run-${id}`);
    return {
      kind: 'start',
      id,
      program: programs?.[run.tool] ?? run.tool,
      args: run.args,
      cwd: run.cwd,
      env: environmentFor(run, privateFolder, this.#options.path),
      privateFolder,
      takesInput,
      limits,
    };
  }
}

/** The kernel's own limit, for a program that nobody watches any more. */
function cpuSecondsIn(timeMs: number): number {
  return Math.ceil((timeMs / 1000) * availableParallelism()) + 1;
}

function hiddenIn({ hide = [] }: Pick<ToolRun, 'hide'>, { privateFolder }: StartRequest): readonly Hidden[] {
  return [...hide, { text: privateFolder, by: '$PRIVATE' }];
}
