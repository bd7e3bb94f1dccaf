import { execFile } from 'node:child_process';
import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import path from 'node:path';
import { promisify } from 'node:util';
import { obtainProgram, type Program } from './assets/debian-package.ts';
import { eventually } from './eventually.ts';
import { GitRepository, type ObjectFormat } from './git/repository.ts';
import { freePort } from './ports.ts';
import { startChild, type Child } from './process.ts';
import { startTcpRelay, type TcpRelay } from './tcp-relay.ts';
import { createTemporaryFolder } from './temporary-folder.ts';

const run = promisify(execFile);

/**
 * Root's sshd wants a user of its own and a folder of root's. A mount namespace gives it both without a trace on the
 * machine.
 */
const AS_ROOT = `
grep -q '^sshd:' /etc/passwd || { cp /etc/passwd "$1/passwd"; echo 'sshd:x:74:74::/run/sshd:/bin/false' >> "$1/passwd"
  mount --bind "$1/passwd" /etc/passwd; }
mkdir -p "$1/run/sshd" && mount --bind "$1/run" /run
shift
exec "$@"
`;

/** A real sshd on a free loopback port that lets one key in, as the user of this process; Git repositories behind it. */
export class SshServer implements AsyncDisposable {
  /** What clients connect to; counts, stalls and cuts. */
  readonly relay: TcpRelay;
  /** A line for known_hosts. */
  readonly knownHosts: string;
  /** The key that is let in. */
  readonly privateKey: string;
  /** A key that is not. */
  readonly strangerKey: string;
  readonly #folder: string;
  readonly #stop: AsyncDisposableStack;

  constructor(
    parts: Pick<SshServer, 'relay' | 'knownHosts' | 'privateKey' | 'strangerKey'> & { folder: string },
    stop: AsyncDisposableStack,
  ) {
    this.relay = parts.relay;
    this.knownHosts = parts.knownHosts;
    this.privateKey = parts.privateKey;
    this.strangerKey = parts.strangerKey;
    this.#folder = parts.folder;
    this.#stop = stop;
  }

  async createRepository(name: string, format: ObjectFormat = 'sha1'): Promise<GitRepository> {
    const folder = path.join(this.#folder, `${name}.git`);
    const repository = new GitRepository(this.urlOf(folder), folder);
    await repository.initialise(format);
    return repository;
  }

  /** The address of any folder of this machine. */
  urlOf(folder: string): string {
    return `ssh://${process.env['USER'] ?? 'root'}@127.0.0.1:${this.relay.port}${folder}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stop.disposeAsync();
  }
}

/** undefined where there is no sshd and none can be had. */
export async function startSshServer(): Promise<SshServer | undefined> {
  const sshd = await obtainProgram({
    name: 'sshd',
    folders: ['/usr/sbin', '/usr/local/sbin'],
    packages: ['openssh-server', 'libwrap0'],
  });
  if (sshd === undefined) return undefined;
  await using cleanup = new AsyncDisposableStack();
  const folder = cleanup.use(await createTemporaryFolder('ssh')).path;
  const port = await freePort();
  await makeKeys(folder);
  await writeFile(path.join(folder, 'sshd_config'), configText(folder, port), { mode: 0o600 });
  const child = cleanup.use(await startSshd(sshd, folder));
  await eventually('sshd answers', () => isAnswering(port, child));
  const relay = cleanup.use(await startTcpRelay(port));
  const text = (name: string): Promise<string> => readFile(path.join(folder, name), 'utf8');
  const hostKey = (await text('host.pub')).split(' ').slice(0, 2).join(' ');
  const parts = {
    relay,
    folder,
    knownHosts: `[127.0.0.1]:${relay.port} ${hostKey}\n`,
    privateKey: await text('guest'),
    strangerKey: await text('stranger'),
  };
  return new SshServer(parts, cleanup.move());
}

async function makeKeys(folder: string): Promise<void> {
  for (const name of ['host', 'guest', 'stranger']) {
    await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', name, '-f', path.join(folder, name)]);
  }
  await copyFile(path.join(folder, 'guest.pub'), path.join(folder, 'authorized_keys'));
  await mkdir(path.join(folder, 'run'));
}

function configText(folder: string, port: number): string {
  const settings = {
    Port: String(port),
    ListenAddress: '127.0.0.1',
    HostKey: path.join(folder, 'host'),
    AuthorizedKeysFile: path.join(folder, 'authorized_keys'),
    AuthenticationMethods: 'publickey',
    PermitRootLogin: 'prohibit-password',
    AcceptEnv: 'GIT_PROTOCOL',
    StrictModes: 'no',
    UsePAM: 'no',
    PidFile: 'none',
    PrintMotd: 'no',
  };
  return Object.entries(settings)
    .map(([name, value]) => `${name} ${value}\n`)
    .join('');
}

async function startSshd({ file, libraries }: Program, folder: string): Promise<Child> {
  const isRoot = process.getuid?.() === 0;
  const command = [file, '-D', '-e', '-f', path.join(folder, 'sshd_config')];
  const args = isRoot ? ['-m', 'sh', '-c', AS_ROOT, 'sshd', folder, ...command] : command.slice(1);
  return await startChild({
    command: isRoot ? 'unshare' : file,
    args,
    name: 'sshd',
    log: path.join(folder, 'sshd.log'),
    env: { ...process.env, ...(libraries === '' ? {} : { LD_LIBRARY_PATH: libraries }) },
  });
}

async function isAnswering(port: number, child: Child): Promise<boolean> {
  if (!child.running) throw new Error(`sshd ended: ${child.logTail()}`);
  const socket = connect(port, '127.0.0.1');
  try {
    return await new Promise((resolve) => {
      socket.once('data', (bytes) => resolve(bytes.toString('latin1').startsWith('SSH-2.0')));
      socket.once('error', () => resolve(false));
    });
  } finally {
    socket.destroy();
  }
}
