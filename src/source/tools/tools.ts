/** The programs that `source/` starts. */
export type Tool = 'git' | 'kustomize' | 'helm' | 'ssh-keygen' | 'gpg';

/** One run of a program to its end. */
export interface ToolRun {
  readonly tool: Tool;
  readonly args: readonly string[];
  readonly cwd: string;
  /** Added to an environment that holds PATH, a private HOME and nothing else. Never a secret: name a file that holds it. */
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: Uint8Array;
  readonly limits: ToolLimits;
  /** Replaced in what is said of a failure: private folders by what they stand for, secrets by nothing. */
  readonly hide?: readonly { readonly text: string; readonly by: string }[];
}

/** What a run may cost; beyond it the whole process group is killed. */
export interface ToolLimits {
  readonly timeMs: number;
  /** Resident, of the process and its children together. */
  readonly memoryBytes: number;
  readonly outputBytes: number;
  /** Written below `cwd` beyond what was there, and the size of any one file; absent: `cwd` is not watched, and no file may pass 1 GiB. */
  readonly diskBytes?: number;
}

export interface ToolResult {
  /** null when a signal ended it. */
  readonly code: number | null;
  readonly stdout: Buffer;
  /** The last lines, with `hide` applied, the private HOME as `$PRIVATE/home`, and no control characters. */
  readonly stderr: string;
}

/** A program that goes on answering, such as `git cat-file --batch`. */
export interface ToolSession extends AsyncDisposable {
  /** Passed on as fast as it is read; until then it is held here, so ask no more than can be answered. */
  write(bytes: Uint8Array): void;
  /**
   * What it prints, as it comes, for one reader; ends when it ends, whatever its code. It prints no more than a mebibyte
   * ahead of the reader. Throws OperatorError when it was killed for a limit, or lost with the helper.
   */
  readonly output: AsyncIterable<Buffer>;
}

/**
 * Starts programs from a small helper process: spawning costs in proportion to the parent's memory, and what they do must
 * not harm the operator.
 *
 * Guarantees: no program sees the operator's environment or credentials of the cluster; at most as many rendering tools run
 * at a time as processors and memory allow, the others wait; a run that is aborted or over its limits is killed with all
 * that it started; what it left running is killed when it ends; when the helper dies the next run starts another; when the
 * operator dies nothing is left; nothing is started before the first run.
 *
 * Caveats: memory and disk are looked at some twenty times a second, so that a limit may be passed for a moment; memory is
 * the sum over processes, which counts shared pages more than once. Where there is no /proc (macOS) memory and processes
 * are not watched.
 */
export interface Tools extends AsyncDisposable {
  /**
   * Throws OperatorError LimitExceeded (naming the limit); ToolUnavailable when the program is not there, or (to be tried
   * again with back-off) when the helper died; the signal's reason when it is aborted. A code other than 0 is an answer.
   */
  run(run: ToolRun, signal: AbortSignal): Promise<ToolResult>;
  /** `limits.outputBytes` and `timeMs` do not apply to sessions, nor do they wait for a place; the caller ends them. */
  open(run: Omit<ToolRun, 'stdin'>): Promise<ToolSession>;
  /** What the program says of its version (`unknown` when it says nothing); undefined when it is not there. Asked once. */
  version(tool: Tool): Promise<string | undefined>;
}
