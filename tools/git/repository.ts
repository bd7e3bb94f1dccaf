import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';

/** Text, bytes, a symbolic link, or `null`, which removes the path (a folder with all that is in it). */
export type FileContent = string | Uint8Array | { readonly symlink: string } | null;

export type ObjectFormat = 'sha1' | 'sha256';

/** The user's own settings must not change what tests see. */
export const GIT_ENVIRONMENT = {
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_AUTHOR_NAME: 'Test',
  GIT_AUTHOR_EMAIL: 'test@example.invalid',
  GIT_COMMITTER_NAME: 'Test',
  GIT_COMMITTER_EMAIL: 'test@example.invalid',
};

/** A bare repository; commits are made in it directly, without a working tree and without the server. */
export class GitRepository {
  /** Where the server offers it. */
  readonly url: string;
  readonly folder: string;

  constructor(url: string, folder: string) {
    this.url = url;
    this.folder = folder;
  }

  /** Creates the bare repository on disk, with `main` as its branch. */
  async initialise(format: ObjectFormat = 'sha1'): Promise<void> {
    await runGit(['init', '--quiet', '--bare', '--initial-branch=main', `--object-format=${format}`, this.folder]);
    await this.git(['config', 'http.receivepack', 'true']);
    await this.git(['config', 'uploadpack.allowFilter', 'true']);
    await this.git(['config', 'uploadpack.allowAnySHA1InWant', 'true']);
  }

  /** Changes the named paths on a branch, which is created when absent, and returns the new commit's SHA. */
  async commit(files: Record<string, FileContent>, message: string, branch = 'main'): Promise<string> {
    const ref = `refs/heads/${branch}`;
    const parent = await this.resolve(ref);
    const now = Math.floor(Date.now() / 1000);
    const stream = Buffer.concat([
      Buffer.from(`commit ${ref}\ncommitter Test <test@example.invalid> ${now} +0000\n`),
      data(message),
      Buffer.from(parent === undefined ? '' : `from ${parent}\n`),
      ...Object.entries(files).map(([path, content]) => change(path, content)),
      Buffer.from('\n'),
    ]);
    await this.git(['fast-import', '--quiet', '--force'], stream);
    return this.head(branch);
  }

  /** Replaces everything on the branch by these files. */
  async replaceAll(files: Record<string, FileContent>, message: string, branch = 'main'): Promise<string> {
    const present = await this.git(['ls-tree', '--name-only', '-z', branch]);
    const removed = present.split('\0').filter((path) => path !== '');
    return this.commit({ ...Object.fromEntries(removed.map((path) => [path, null])), ...files }, message, branch);
  }

  async head(branch = 'main'): Promise<string> {
    return (await this.git(['rev-parse', `refs/heads/${branch}`])).trim();
  }

  async branch(name: string, from = 'main'): Promise<void> {
    await this.git(['branch', '--force', name, from]);
  }

  async deleteBranch(name: string): Promise<void> {
    await this.git(['update-ref', '-d', `refs/heads/${name}`]);
  }

  /** A light tag, or with a message an annotated one. */
  async tag(name: string, target = 'main', message?: string): Promise<void> {
    await this.git(['tag', '--force', ...(message === undefined ? [] : ['-a', '-m', message]), name, target]);
  }

  /** Any Git command in the bare repository; returns its output, throws with its words when it fails. */
  async git(args: readonly string[], stdin?: string | Uint8Array): Promise<string> {
    return runGit(['--git-dir', this.folder, ...args], stdin);
  }

  private async resolve(ref: string): Promise<string | undefined> {
    const sha = await this.git(['for-each-ref', '--format=%(objectname)', ref]);
    return sha.trim() === '' ? undefined : sha.trim();
  }
}

async function runGit(args: readonly string[], stdin: string | Uint8Array = ''): Promise<string> {
  const child = spawn('git', args, { env: { ...process.env, ...GIT_ENVIRONMENT }, stdio: 'pipe' });
  const exit = once(child, 'exit');
  child.stdin.on('error', () => undefined);
  child.stdin.end(stdin);
  const [out, complaint] = await Promise.all([text(child.stdout), text(child.stderr), exit]);
  if (child.exitCode !== 0) throw new Error(`git ${args.join(' ')}: ${complaint.trim()}`);
  return out;
}

/** One line of git-fast-import(1) with its content. */
function change(path: string, content: FileContent): Buffer {
  const quoted = `"${path.replace(/["\\]/g, '\\$&').replaceAll('\n', '\\n')}"`;
  if (content === null) return Buffer.from(`D ${quoted}\n`);
  if (typeof content === 'string' || content instanceof Uint8Array) {
    return Buffer.concat([Buffer.from(`M 100644 inline ${quoted}\n`), data(content)]);
  }
  return Buffer.concat([Buffer.from(`M 120000 inline ${quoted}\n`), data(content.symlink)]);
}

function data(content: string | Uint8Array): Buffer {
  const bytes = Buffer.from(content);
  return Buffer.concat([Buffer.from(`data ${bytes.length}\n`), bytes, Buffer.from('\n')]);
}
