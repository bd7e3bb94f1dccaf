import { clearScreenDown, cursorTo, moveCursor } from 'node:readline';
import type { WriteStream } from 'node:tty';
import { styleText } from 'node:util';
import type { Stage } from './narrator.ts';

const FRAMES = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
const FRAME_MS = 100;
const HIDE_CURSOR = '\u001b[?25l';
const SHOW_CURSOR = '\u001b[?25h';

/**
 * A terminal view: what has been told stays above, and below it the panel, which is drawn anew ten times a second,
 * shows the present step and the live state. The panel must be plain text.
 */
export class LiveStage implements Stage {
  readonly #out: WriteStream;
  readonly #panel: () => readonly string[];
  readonly #timer: NodeJS.Timeout;
  #step: { readonly what: string; readonly since: number } | undefined;
  #note = '';
  #drawn = 0;

  constructor(out: WriteStream, panel: () => readonly string[]) {
    this.#out = out;
    this.#panel = panel;
    out.write(HIDE_CURSOR);
    this.#timer = setInterval(() => this.#draw(), FRAME_MS);
  }

  doing(what: string | undefined): void {
    this.#step = what === undefined ? undefined : { what, since: performance.now() };
    this.#note = '';
    this.#draw();
  }

  note(line: string): void {
    this.#note = line;
  }

  print(lines: readonly string[], mood: 'good' | 'bad' | 'plain'): void {
    this.#erase();
    const [first = '', ...rest] = lines;
    const color = mood === 'good' ? 'green' : 'red';
    const head = mood === 'plain' ? first : styleText(color, first.slice(0, 1)) + first.slice(1);
    this.#out.write(`${[head, ...rest.map((line) => this.#dim(line, mood))].join('\n')}\n`);
    this.#draw();
  }

  close(): void {
    clearInterval(this.#timer);
    this.#erase();
    this.#out.write(SHOW_CURSOR);
  }

  #dim(line: string, mood: string): string {
    return mood === 'plain' ? line : styleText('dim', line);
  }

  #draw(): void {
    this.#erase();
    const rows = this.#rows().slice(0, Math.max(0, this.#out.rows - 1));
    this.#out.write(rows.map((row) => `${row}\n`).join(''));
    this.#drawn = rows.length;
  }

  #erase(): void {
    moveCursor(this.#out, 0, -this.#drawn);
    cursorTo(this.#out, 0);
    clearScreenDown(this.#out);
    this.#drawn = 0;
  }

  #rows(): string[] {
    const panel = this.#panel().map((line) => styleText('cyan', this.#cut(`  ${line}`)));
    return [...(panel.length === 0 ? [] : ['', ...panel]), ...this.#stepRows()];
  }

  #stepRows(): string[] {
    if (this.#step === undefined) return [];
    const seconds = (performance.now() - this.#step.since) / 1000;
    const frame = FRAMES[Math.floor(performance.now() / FRAME_MS) % FRAMES.length] ?? '';
    const step = this.#cut(`${frame} ${seconds.toFixed(1)} s  ${this.#step.what}`);
    return [
      '',
      styleText('bold', step),
      ...(this.#note === '' ? [] : [styleText('dim', this.#cut(`  ${this.#note}`))]),
    ];
  }

  /** A line that wraps would spoil the count of rows to erase. */
  #cut(line: string): string {
    return line.length < this.#out.columns ? line : `${line.slice(0, Math.max(0, this.#out.columns - 2))}…`;
  }
}
