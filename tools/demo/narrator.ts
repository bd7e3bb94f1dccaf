/** What became of a step: the measured fact, and lines that show more of it. */
export interface Told {
  readonly fact: string;
  readonly details?: readonly string[];
}

/** Where the story is shown. */
export interface Stage {
  /** The step that is under way, undefined when none is. */
  doing(what: string | undefined): void;
  /** Something on the way that is worth a line, for example the progress of a build. */
  note(line: string): void;
  /** Lines that stay. */
  print(lines: readonly string[], mood: 'good' | 'bad' | 'plain'): void;
  close(): void;
}

/** Tells step by step what is measured; a step that misses its fact ends the story. */
export class Narrator {
  readonly #stage: Stage;

  constructor(stage: Stage) {
    this.#stage = stage;
  }

  /** Runs one step and prints its line, `✓ step: fact` or `✗ step: what was seen`; throws {@link StepMissed}. */
  async tell<T extends Told>(step: string, doing: string, act: () => Promise<T>): Promise<T> {
    this.#stage.doing(`${step}: ${doing}`);
    try {
      const told = await act();
      const details = (told.details ?? []).map((line) => `    ${line}`);
      this.#stage.print([`✓ ${step}: ${told.fact}`, ...details], 'good');
      return told;
    } catch (error) {
      this.#stage.print([`✗ ${step}: ${seenIn(error)}`], 'bad');
      throw new StepMissed(step, error);
    } finally {
      this.#stage.doing(undefined);
    }
  }

  say(lines: readonly string[]): void {
    this.#stage.print(lines, 'plain');
  }

  note(line: string): void {
    this.#stage.note(line);
  }
}

/** A step did not show what it promises; it has been told already. */
export class StepMissed extends Error {
  constructor(step: string, cause: unknown) {
    super(`step ${step} is missing`, { cause });
    this.name = 'StepMissed';
  }
}

/** Fails a step with what was seen instead of its fact. */
export function must(holds: boolean, seen: string): asserts holds {
  if (!holds) throw new Error(seen);
}

function seenIn(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause instanceof Error ? ` (${error.cause.message})` : '';
  return `${error.message}${cause}`;
}

/** Lines one after the other, for pipes and log files. */
export function plainStage(out: NodeJS.WritableStream): Stage {
  const write = (line: string): void => void out.write(`${line}\n`);
  return {
    doing: () => undefined,
    note: (line) => write(`  ${line}`),
    print: (lines) => lines.forEach(write),
    close: () => undefined,
  };
}
