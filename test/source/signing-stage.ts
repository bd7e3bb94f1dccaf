import { execFile } from 'node:child_process';
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import type { SignedObject } from '../../src/source/verify.ts';
import { GIT_ENVIRONMENT } from '../../tools/git/repository.ts';
import { createTemporaryFolder } from '../../tools/temporary-folder.ts';

const execute = promisify(execFile);

/** A key pair, as git is told of it and as a Secret holds it. */
export interface SigningKey {
  readonly format: 'ssh' | 'openpgp';
  readonly signingKey: string;
  readonly publicKey: string;
  /** What a verdict calls it. */
  readonly fingerprint: string;
}

/** Makes keys, and commits and tags that are signed by them. */
export interface SigningStage extends AsyncDisposable {
  readonly folder: string;
  sshKey(comment: string): Promise<SigningKey>;
  /** `at`: made, and used, as if it was that day; it then lives for one. */
  pgpKey(owner: string, at?: string): Promise<SigningKey>;
  /** The public key with its revocation. */
  revoke(key: SigningKey): Promise<SigningKey>;
  commit(key: SigningKey | undefined, objectFormat?: 'sha1' | 'sha256'): Promise<Omit<SignedObject, 'keys'>>;
  tag(key: SigningKey | undefined): Promise<Omit<SignedObject, 'keys'>>;
}

export async function createSigningStage(): Promise<SigningStage> {
  const folder = await createTemporaryFolder('signing');
  const gnupg = path.join(folder.path, 'g');
  const env = { ...process.env, ...GIT_ENVIRONMENT, HOME: folder.path, GNUPGHOME: gnupg };
  await mkdir(gnupg, { mode: 0o700 });
  const run = async (program: string, args: readonly string[]): Promise<string> =>
    (await execute(program, args, { env, cwd: folder.path })).stdout;
  /** By key: the program that signs in its time. */
  const programs = new Map<string, string>();
  let made = 0;

  async function repository(objectFormat: 'sha1' | 'sha256'): Promise<string> {
    const target = path.join(folder.path, `r${made++}`);
    await run('git', ['init', '--quiet', `--object-format=${objectFormat}`, target]);
    return target;
  }

  async function signed(kind: 'commit' | 'tag', key: SigningKey | undefined, objectFormat: 'sha1' | 'sha256') {
    const at = await repository(objectFormat);
    const git = ['-C', at, ...(key === undefined ? [] : signingArguments(key, programs.get(key.signingKey)))];
    const sign = key === undefined ? [] : ['-S'];
    await run('git', [...git, 'commit', '--quiet', '--allow-empty', '-m', 'work', ...(kind === 'commit' ? sign : [])]);
    if (kind === 'tag')
      await run('git', [...git, 'tag', ...(key === undefined ? ['-a'] : ['-s']), '-m', 'release', 'v1']);
    const name = kind === 'tag' ? 'refs/tags/v1' : 'HEAD';
    const { stdout } = await execute('git', ['-C', at, 'cat-file', kind, name], { env, encoding: 'buffer' });
    return { object: new Uint8Array(stdout), kind, objectFormat };
  }

  return {
    folder: folder.path,
    async sshKey(comment) {
      const file = path.join(folder.path, `k${made++}`);
      await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', comment, '-f', file]);
      const fingerprint = (await run('ssh-keygen', ['-l', '-f', file])).split(' ')[1] ?? '';
      const publicKey = (await readFile(`${file}.pub`, 'utf8')).trim();
      return { format: 'ssh', signingKey: file, publicKey, fingerprint };
    },
    async pgpKey(owner, at) {
      const time = at === undefined ? [] : ['--faked-system-time', `${at}T120000!`];
      const generate = ['--quick-gen-key', owner, 'ed25519', 'sign', at === undefined ? 'never' : '1d'];
      await run('gpg', ['--batch', '--quiet', '--passphrase', '', ...time, ...generate]);
      const listed = await run('gpg', ['--with-colons', '--list-keys', owner]);
      const fingerprint = /^fpr:*([0-9A-F]+):/m.exec(listed)?.[1] ?? '';
      if (at !== undefined) {
        const program = path.join(folder.path, `gpg${made++}`);
        await writeFile(program, `#!/bin/sh\nexec gpg ${time.join(' ')} "$@"\n`);
        await chmod(program, 0o755);
        programs.set(fingerprint, program);
      }
      const publicKey = await run('gpg', ['--armor', '--export', fingerprint]);
      return { format: 'openpgp', signingKey: fingerprint, publicKey, fingerprint };
    },
    async revoke(key) {
      const file = path.join(gnupg, 'openpgp-revocs.d', `${key.fingerprint}.rev`);
      // A colon guards it against being used by mistake.
      await writeFile(file, (await readFile(file, 'utf8')).replace(/^:-----/m, '-----'));
      await run('gpg', ['--batch', '--quiet', '--import', file]);
      return { ...key, publicKey: await run('gpg', ['--armor', '--export', key.fingerprint]) };
    },
    commit: (key, objectFormat = 'sha1') => signed('commit', key, objectFormat),
    tag: (key) => signed('tag', key, 'sha1'),
    async [Symbol.asyncDispose]() {
      await run('gpgconf', ['--kill', 'all']);
      await folder[Symbol.asyncDispose]();
    },
  };
}

function signingArguments(key: SigningKey, program: string | undefined): string[] {
  const settings = { 'gpg.format': key.format, 'user.signingKey': key.signingKey };
  const all = program === undefined ? settings : { ...settings, 'gpg.program': program };
  return Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
}
