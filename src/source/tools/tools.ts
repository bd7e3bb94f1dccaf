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
  /** Files written below `cwd`; absent: not watched. */
  readonly diskBytes?: number;
}

export interface ToolResult {
  /** null when a signal ended it. */
  readonly code: number | null;
  readonly stdout: Buffer;
  /** The last lines, with `hide` applied. */
  readonly stderr: string;
}

/** A program that goes on answering, such as `git cat-file --batch`. */
export interface ToolSession extends AsyncDisposable {
  write(bytes: Uint8Array): void;
  /** What it prints, as it comes; ends when it ends. */
  readonly output: AsyncIterable<Buffer>;
}

/**
 * Starts programs from a small helper process: spawning costs in proportion to the parent's memory, and what they do must
 * not harm the operator.
 *
 * Guarantees: no program sees the operator's environment or credentials of the cluster; at most as many rendering tools run
 * at a time as processors and memory allow, the others wait; a run that is aborted or over its limits is killed with all
 * that it started; when the helper dies the next run starts another; nothing is started before the first run.
 */
export interface Tools extends AsyncDisposable {
  /** Throws OperatorError LimitExceeded (naming the limit), ToolUnavailable when the program is not there. */
  run(run: ToolRun, signal: AbortSignal): Promise<ToolResult>;
  /** `limits.outputBytes` and `timeMs` do not apply to sessions; the caller ends them. */
  open(run: Omit<ToolRun, 'stdin'>): Promise<ToolSession>;
  /** What the program says of its version; undefined when it is not there. Asked once. */
  version(tool: Tool): Promise<string | undefined>;
}
