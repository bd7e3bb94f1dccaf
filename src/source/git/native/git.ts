import type { Clock } from '../../../model/ports.ts';
import { gitUnavailable } from '../../failures.ts';
import type { Limits } from '../../limits.ts';
import type { ToolResult, Tools, ToolSession } from '../../tools/tools.ts';

export interface GitOptions {
  readonly tools: Tools;
  readonly clock: Clock;
  readonly limits: Limits;
}

/** One git command. */
export interface GitCommand {
  readonly args: readonly string[];
  /** Settings for this command, `name=value`; nothing secret. */
  readonly config?: readonly string[];
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string | Uint8Array;
  readonly deadlineMs: number;
  readonly outputBytes?: number;
  /** How much its folder may grow. */
  readonly diskBytes?: number;
  /** Replaced in what git says of a failure. */
  readonly hide?: readonly { readonly text: string; readonly by: string }[];
}

/** Of one git process with all that it starts. */
const memoryBytes = 1024 * 1024 * 1024;
const outputBytes = 64 * 1024 * 1024;

/** Whatever the machine's or the user's settings say, and whatever a repository holds. */
const settings = [
  'core.hooksPath=/dev/null',
  'core.fsmonitor=false',
  'core.bigFileThreshold=16m',
  'core.commitGraph=false',
  'credential.helper=',
  'fetch.parallel=1',
  'fetch.unpackLimit=1',
  'fetch.writeCommitGraph=false',
  'gc.auto=0',
  'maintenance.auto=false',
  'pack.threads=1',
  'pack.writeReverseIndex=false',
  'protocol.allow=never',
  'protocol.http.allow=always',
  'protocol.https.allow=always',
  'protocol.ssh.allow=always',
  'protocol.version=2',
  'safe.directory=*',
  'submodule.recurse=false',
  'transfer.bundleURI=false',
];

const environment = {
  GIT_ALLOW_PROTOCOL: 'http:https:ssh',
  GIT_ASKPASS: '/bin/false',
  GIT_ATTR_NOSYSTEM: '1',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_NO_LAZY_FETCH: '1',
  GIT_NO_REPLACE_OBJECTS: '1',
  GIT_OPTIONAL_LOCKS: '0',
  GIT_SSH_VARIANT: 'ssh',
  GIT_TERMINAL_PROMPT: '0',
  LC_ALL: 'C',
};

/** A command that ended with another code than 0. */
export class GitFailed extends Error {
  /** What git said, in English. */
  readonly words: string;

  constructor(args: readonly string[], words: string) {
    super(`git ${args[0] ?? ''}: ${words.slice(0, 500)}`);
    this.name = 'GitFailed';
    this.words = words;
  }
}

/** Starts git with settings of ours alone: no hooks, no helpers, no prompts, no protocol but HTTP(S) and SSH. */
export class Git {
  readonly #options: GitOptions;

  constructor(options: GitOptions) {
    this.#options = options;
  }

  /** What it printed. Throws GitFailed; OperatorError LimitExceeded, or GitUnavailable when the deadline has passed. */
  async run(command: GitCommand, signal: AbortSignal): Promise<Buffer> {
    const { code, stdout, stderr } = await this.#run(command, signal);
    if (code !== 0) throw new GitFailed(command.args, stderr.trim());
    return stdout;
  }

  /** A session that answers questions until it is disposed. */
  async open(command: Pick<GitCommand, 'args' | 'cwd' | 'env'>): Promise<ToolSession> {
    const limits = { timeMs: 0, memoryBytes, outputBytes: 0 };
    return await this.#options.tools.open({ tool: 'git', ...prepared(command), cwd: command.cwd, limits });
  }

  async #run(command: GitCommand, signal: AbortSignal): Promise<ToolResult> {
    const { clock, tools } = this.#options;
    const { deadlineMs, stdin, diskBytes, hide } = command;
    const deadline = new AbortController();
    const cancel = clock.after(deadlineMs, () => {
      deadline.abort(gitUnavailable(`git ${command.args[0] ?? ''}: no end within ${deadlineMs / 1000} s`));
    });
    const limits = { memoryBytes, outputBytes: command.outputBytes ?? outputBytes, timeMs: deadlineMs + 10_000 };
    try {
      return await tools.run(
        {
          tool: 'git',
          ...prepared(command),
          cwd: command.cwd,
          limits: { ...limits, ...(diskBytes === undefined ? {} : { diskBytes }) },
          ...(stdin === undefined ? {} : { stdin: Buffer.from(stdin) }),
          ...(hide === undefined ? {} : { hide }),
        },
        AbortSignal.any([signal, deadline.signal]),
      );
    } catch (error) {
      throw deadline.signal.aborted ? deadline.signal.reason : error;
    } finally {
      cancel();
    }
  }
}

function prepared({ args, config = [], cwd, env = {} }: Pick<GitCommand, 'args' | 'config' | 'cwd' | 'env'>) {
  const all = [...settings, ...config].flatMap((setting) => ['-c', setting]);
  return { args: [...all, ...args], env: { ...environment, GIT_CEILING_DIRECTORIES: cwd, ...env } };
}
