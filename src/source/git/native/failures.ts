import { OperatorError } from '../../../model/errors.ts';
import { gitUnavailable, messageOf, sourceError } from '../../failures.ts';
import { noSpaceIn } from '../../no-space.ts';
import { CorruptRepository } from '../engine.ts';
import { GitFailed } from './git.ts';

/** Said by our git of our disk; what the remote says is left out before it is looked for. */
const fullDisk = /no space left on device|disk quota exceeded/i;
/** The connection or the other side: no reason to doubt the local copy. */
const elsewhere =
  /early eof|unexpected disconnect|hung up|rpc failed|unable to access|connection|closed by|could not resolve|kex_exchange|ssh:|remote error|http|protocol error|bad line length|signal/i;

type Kind = (words: string, where: string, from: string) => Error;

const secretOf = (from: string): string =>
  from === '' ? 'the Secret that spec.source.secretRef names' : `the Secret ${from}`;

/** What the words of git and ssh mean, most telling first. */
const meanings: readonly (readonly [RegExp, Kind])[] = [
  [
    /remote host identification has changed|host key for .* has changed/i,
    (_, where, from) =>
      sourceError(
        'AuthenticationFailed',
        `${where}: the server shows another key than the one in knownHosts of ${secretOf(from)}; somebody may be in between`,
      ),
  ],
  [
    /host key verification failed|no .* host key is known/i,
    (_, where, from) =>
      sourceError('AuthenticationFailed', `${where}: the server's key is not in knownHosts of ${secretOf(from)}`),
  ],
  [
    /permission denied \(|load key .*: (invalid format|error in libcrypto|incorrect passphrase)|too many authentication failures/i,
    (words, where, from) => {
      const unread = /load key/i.test(words) ? ' (ssh cannot read it; it must have no passphrase)' : '';
      return sourceError(
        'AuthenticationFailed',
        `${where}: the server refuses the key in sshPrivateKey of ${secretOf(from)}${unread}`,
      );
    },
  ],
  [
    /authentication failed|could not read (username|password)|terminal prompts disabled|returned error: 40[13]/i,
    (_, where) => sourceError('AuthenticationFailed', `${where}: refuses the credentials`),
  ],
  [
    /not our ref|couldn't find remote ref|unadvertised object|no such remote ref|remote error: .*(bad object|missing)/i,
    (words, where) => sourceError('RevisionNotFound', `${where}: does not give the commit (${words.slice(-200)})`),
  ],
  [
    /repository .*not found|does not appear to be a git repository|returned error: 404/i,
    (_, where) => gitUnavailable(`${where}: no repository at this address, or not for these credentials`),
  ],
  [
    /operation too slow|timed? ?out|server .* not responding/i,
    (words, where) => gitUnavailable(`${where}: silent for too long (${words.slice(-200)})`),
  ],
];

export interface Circumstances {
  /** What the message begins with. */
  readonly where: string;
  /** The Secret that was used. */
  readonly from: string | undefined;
  /** The local copy is new, so that it cannot be to blame. */
  readonly isFresh: boolean;
}

/** The error that a failed git command stands for; what nobody can name is put down to the local copy. */
export function meaningOf(error: unknown, { where, from = '', isFresh }: Circumstances): unknown {
  if (!(error instanceof GitFailed)) return error;
  const { words } = error;
  const local = withoutRemoteWords(words);
  if (fullDisk.test(local)) return noSpaceIn('the data folder (setting dataDir)', error);
  const meant = meanings.find(([pattern]) => pattern.test(words));
  if (meant !== undefined) return meant[1](oneLine(words), where, from);
  if (!isFresh && !elsewhere.test(words)) return new CorruptRepository(oneLine(local));
  return gitUnavailable(`${where}: ${oneLine(messageOf(error))}`, error);
}

/** Whether a command was ended because of what it wrote to the disk. */
export function tookTooMuch(error: unknown): boolean {
  if (error instanceof OperatorError) return error.reason === 'LimitExceeded' && / wrote /.test(error.message);
  return error instanceof GitFailed && /died of signal 25|file too large/i.test(error.words);
}

function withoutRemoteWords(words: string): string {
  return words
    .split(/[\n\r]/)
    .filter((line) => !/^(remote: |fatal: remote error)/.test(line))
    .join('\n');
}

function oneLine(words: string): string {
  return words.replace(/\s+/g, ' ').trim().slice(0, 400);
}
