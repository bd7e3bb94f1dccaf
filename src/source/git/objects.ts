import { sourceError } from '../failures.ts';
import { CorruptRepository, type CommitAbout, type TreeEntry } from './engine.ts';

/**
 * The entries of a tree object; `idBytes` is 20 (SHA-1) or 32 (SHA-256).
 * Throws CorruptRepository, or OperatorError InvalidObject for names that could lead elsewhere.
 */
export function parseTree(bytes: Buffer, idBytes: number): TreeEntry[] {
  const entries: TreeEntry[] = [];
  for (let at = 0; at < bytes.length;) {
    const space = bytes.indexOf(0x20, at);
    const end = bytes.indexOf(0, space);
    if (space < 0 || end < 0 || end + 1 + idBytes > bytes.length) throw new CorruptRepository('a tree is damaged');
    const name = bytes.toString('utf8', space + 1, end);
    checkName(name);
    const next = end + 1 + idBytes;
    entries.push({
      name,
      kind: kindOf(bytes.toString('latin1', at, space)),
      oid: bytes.toString('hex', end + 1, next),
    });
    at = next;
  }
  return entries;
}

function kindOf(mode: string): TreeEntry['kind'] {
  switch (mode.padStart(6, '0')) {
    case '040000':
      return 'folder';
    case '120000':
      return 'link';
    case '160000':
      return 'submodule';
    default:
      return 'file';
  }
}

/** What some file system takes for another name, a separator, or `.git`; the same names that git refuses to check out. */
function checkName(name: string): void {
  const visible = name.replace(/[\u200C-\u200F\u202A-\u202E\u206A-\u206F\uFEFF]/g, '');
  const short = (visible.split(':')[0] ?? '').toLowerCase().replace(/[. ]+$/, '');
  const isRefused =
    /[\\/]/.test(name) || ['', '.', '..'].includes(visible) || short === '.git' || /^\.?git~[1-9]$/.test(short);
  if (isRefused)
    throw sourceError('InvalidObject', `the repository holds a file name that is refused: ${JSON.stringify(name)}`);
}

/** Throws CorruptRepository. */
export function parseCommit(bytes: Buffer): CommitAbout {
  const text = bytes.toString('utf8');
  const end = text.indexOf('\n\n');
  const head = end < 0 ? text : text.slice(0, end);
  const line = (name: string): string | undefined =>
    head
      .split('\n')
      .find((each) => each.startsWith(`${name} `))
      ?.slice(name.length + 1);
  const tree = line('tree');
  if (tree === undefined || !/^[0-9a-f]+$/.test(tree)) throw new CorruptRepository('a commit is damaged');
  const subject =
    end < 0
      ? ''
      : (text
          .slice(end + 2)
          .trimStart()
          .split('\n')[0] ?? '');
  return { tree, author: personOf(line('author')), date: dateOf(line('committer')), subject };
}

const stamp = / (-?[0-9]+) ([+-])([0-9]{2})([0-9]{2})$/;

function personOf(line = ''): string {
  return line.replace(stamp, '');
}

/** Empty when the commit says none that a calendar has. */
function dateOf(line = ''): string {
  const [, seconds, sign = '+', hours = '00', minutes = '00'] = stamp.exec(line) ?? [];
  const offsetMs = (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes)) * 60_000;
  const local = new Date(Number(seconds) * 1000 + offsetMs);
  if (seconds === undefined || Number.isNaN(local.getTime())) return '';
  return `${local.toISOString().slice(0, 19)}${offsetMs === 0 ? 'Z' : `${sign}${hours}:${minutes}`}`;
}
