import { readFileSync } from 'node:fs';

/** What Node says of an error that nobody caught, or of memory that is used up; and of the inspector nothing. */
const crash = /unhandled|uncaught|\bat .*\.(ts|js):[0-9]+|FATAL ERROR|[A-Z][a-z]+Error:|MaxListenersExceeded/i;

interface LogLine {
  readonly level?: string;
  readonly message?: string;
}

/** Lines of all processes' common log that no operator may write: bugs, and what is not of its logger but of Node. */
export function scandalsIn(file: string): string[] {
  return readFileSync(file, 'utf8').split('\n').filter(isScandal);
}

function isScandal(line: string): boolean {
  if (!line.startsWith('{')) return crash.test(line);
  try {
    const { level, message = '' } = JSON.parse(line) as LogLine;
    return level === 'error' || level === 'fatal' || message.startsWith('unexpected error');
  } catch {
    // A process that was killed in the middle of a line.
    return false;
  }
}
