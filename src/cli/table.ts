import Table from 'cli-table3';

const bare = { top: '', left: '', mid: '', right: '', bottom: '', middle: '  ' };
const chars = Object.fromEntries(
  Object.entries(bare).flatMap(([side, text]) =>
    side === 'middle'
      ? [[side, text]]
      : [side, `${side}-mid`, `${side}-left`, `${side}-right`].map((name) => [name, text]),
  ),
);

/** Without lines and colours, so that it can be read by eye and by awk; a cell may have several lines. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const style = { 'padding-left': 0, 'padding-right': 0, head: [], border: [] };
  const printed = new Table({ head: [...head], chars, style });
  printed.push(...rows.map((row) => [...row]));
  const lines = printed.toString().split('\n');
  return lines.map((line) => `${line.trimEnd()}\n`).join('');
}
