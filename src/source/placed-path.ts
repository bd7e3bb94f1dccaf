import { sourceError } from './failures.ts';

const longestNameBytes = 255;
const longestPathBytes = 3072;

/** Throws OperatorError InvalidObject for a path that may not become a file below some folder; names it escaped. */
export function checkPlacedPath(path: string): void {
  const why = fault(path);
  if (why !== undefined) throw sourceError('InvalidObject', `file ${escaped(path)}: ${why}`);
}

function fault(path: string): string | undefined {
  if (path === '') return 'the name is empty';
  if (path.startsWith('/')) return 'an absolute path is refused';
  if (Buffer.byteLength(path) > longestPathBytes) return `the path is longer than ${longestPathBytes} bytes`;
  if (/\p{Cc}|\p{Zl}|\p{Zp}/u.test(path)) return 'a name with control characters is refused';
  // Git knows bytes; what is no UTF-8 was replaced when it was read.
  if (path.includes('\u{fffd}') || !path.isWellFormed()) return 'a name that is not UTF-8 is refused';
  for (const name of path.split('/')) {
    const nameFault = faultOfName(name);
    if (nameFault !== undefined) return nameFault;
  }
  return undefined;
}

function faultOfName(name: string): string | undefined {
  if (name === '' || name === '.') return 'an empty component is refused';
  if (name === '..') return 'a path that leaves its folder is refused';
  if (name.toLowerCase() === '.git') return 'a folder .git inside the repository is refused';
  if (Buffer.byteLength(name) > longestNameBytes) return `a name longer than ${longestNameBytes} bytes is refused`;
  return undefined;
}

/** Long enough to be found, on one line. */
function escaped(path: string): string {
  const shown = path.length > 200 ? `${path.slice(0, 200)}…` : path;
  return JSON.stringify(shown).replace(
    /[\u007f-\u009f\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
