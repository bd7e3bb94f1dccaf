import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** One line per act, in the order in which they ended. */
export class Journal {
  readonly #seed: number;
  readonly #isLoud: boolean;
  readonly #began = performance.now();
  readonly #lines: string[] = [];

  /** `isLoud`: every line is shown at once, not only what is `told`. */
  constructor(seed: number, isLoud: boolean) {
    this.#seed = seed;
    this.#isLoud = isLoud;
  }

  note(text: string): void {
    this.#add(text, this.#isLoud);
  }

  /** As `note`, and shown at once. */
  tell(text: string): void {
    this.#add(text, true);
  }

  /** Keeps the journal, the logs and what else there is for whoever looks into a failure; returns the folder. */
  keep(logs: readonly string[], evidence: Readonly<Record<string, unknown>>): string {
    const folder = path.join(tmpdir(), `evenkeel-soak-${this.#seed}`);
    mkdirSync(folder, { recursive: true });
    writeFileSync(path.join(folder, 'journal.txt'), `${this.#lines.join('\n')}\n`);
    for (const [name, content] of Object.entries(evidence))
      writeFileSync(path.join(folder, `${name}.json`), JSON.stringify(content, undefined, 1));
    for (const log of logs) cpSync(log, path.join(folder, path.basename(log)));
    return folder;
  }

  #add(text: string, isShown: boolean): void {
    const seconds = ((performance.now() - this.#began) / 1000).toFixed(1);
    const line = `${new Date().toISOString().slice(11, 23)} ${seconds.padStart(7)} s  ${text}`;
    this.#lines.push(line);
    if (isShown) process.stdout.write(`soak ${this.#seed}: ${line}\n`);
  }
}
