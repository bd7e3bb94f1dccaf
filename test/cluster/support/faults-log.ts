import { readFileSync } from 'node:fs';
import type { World } from '../../../tools/world.ts';

/** One line of the operator's log, as far as faults are told in it. */
interface LogLine {
  readonly level: string;
  readonly message: string;
  readonly target?: string;
  readonly name?: string;
  readonly reason?: string;
}

/** How much the operator has said up to now. */
export function logPosition(world: World): number {
  return readFileSync(world.operator.child.logFile).length;
}

function linesSince(world: World, position: number): LogLine[] {
  const text = readFileSync(world.operator.child.logFile).subarray(position).toString('utf8');
  const lines = text.split('\n').filter((line) => line.startsWith('{'));
  return lines.map((line) => JSON.parse(line) as LogLine);
}

/** What failed, each told in a warning: `lease: unavailable`, with the words of the line. */
export function failuresTold(world: World, position: number): { readonly what: string; readonly message: string }[] {
  return linesSince(world, position)
    .filter(({ level, target }) => level === 'warn' && target !== undefined)
    .map(({ target = '', name, reason = '', message }) => ({
      what: `${target}${target === 'git' ? ` ${name ?? ''}` : ''}: ${reason}`,
      message,
    }));
}
