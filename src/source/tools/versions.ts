import { OperatorError } from '../../model/errors.ts';
import type { Tool, ToolResult, ToolRun } from './tools.ts';

const limits = { timeMs: 30_000, memoryBytes: 512 * 1024 * 1024, outputBytes: 64 * 1024 };

const questions: Record<Tool, { readonly args: readonly string[]; readonly answer?: RegExp }> = {
  git: { args: ['--version'], answer: /^git version (\S+)/m },
  kustomize: { args: ['version'], answer: /(v[0-9]\S*)/ },
  // Behind the plus stands the commit it was built from.
  helm: { args: ['version', '--short'], answer: /(v[0-9][^\s+]*)/ },
  gpg: { args: ['--version'], answer: /^gpg \(GnuPG\S*\) (\S+)/m },
  // It does not tell; ssh of the same package does, but may not be there.
  'ssh-keygen': { args: ['-?'] },
};

/** What programs say of their versions; each is asked once. */
export class VersionBook {
  readonly #run: (run: ToolRun) => Promise<ToolResult>;
  readonly #folder: string;
  readonly #answers = new Map<Tool, Promise<string | undefined>>();

  constructor(run: (run: ToolRun) => Promise<ToolResult>, folder: string) {
    this.#run = run;
    this.#folder = folder;
  }

  of(tool: Tool): Promise<string | undefined> {
    const known = this.#answers.get(tool);
    if (known !== undefined) return known;
    const answer = this.#ask(tool);
    this.#answers.set(tool, answer);
    // What could not be asked is asked again.
    answer.catch(() => this.#answers.delete(tool));
    return answer;
  }

  async #ask(tool: Tool): Promise<string | undefined> {
    const { args, answer } = questions[tool];
    try {
      const { stdout, stderr } = await this.#run({ tool, args, cwd: this.#folder, limits });
      return answer?.exec(`${stdout.toString('utf8')}\n${stderr}`)?.[1] ?? 'unknown';
    } catch (error) {
      if (error instanceof OperatorError && error.reason === 'ToolUnavailable' && error.retry !== 'backoff')
        return undefined;
      throw error;
    }
  }
}
