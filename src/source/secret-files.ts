import { lstat, mkdir, mkdtemp, readdir, readFile, readlink, rm, statfs, writeFile } from 'node:fs/promises';
import { platform } from 'node:os';
import { basename, join } from 'node:path';
import { sourceError } from './failures.ts';
import { noSpace } from './no-space.ts';

/** A private folder in memory; disposing removes it. */
export interface SecretFolder extends AsyncDisposable {
  /** Absolute. */
  readonly folder: string;
}

/**
 * Secrets that a program can only take from a file.
 *
 * Guarantees: files lie in a memory-backed folder, mode 0600 (0700 for scripts), one folder per call, gone when it is
 * disposed; what an earlier process left is removed before the first.
 * Caveat: scripts may not be executable there: containers mount their /dev/shm `noexec`, volumes of Kubernetes not.
 */
export interface SecretFiles {
  /** Names are plain, without a folder. Throws OperatorError ToolUnavailable when the folder is not in memory. */
  hold(files: Readonly<Record<string, { readonly text: string; readonly isScript?: true }>>): Promise<SecretFolder>;
}

export interface MemoryFilesOptions {
  /** For tests on machines without a writable memory-backed folder. */
  readonly mayLieOnDisk?: boolean;
}

/** Of tmpfs and ramfs, as statfs(2) has them. */
const memoryFilesystems: ReadonlySet<number> = new Set([0x01021994, 0x858458f6]);

/**
 * Secret files below `folder`, which several processes may share: each has a folder named after itself.
 *
 * Caveat: where there is no /proc nothing tells whose process is gone, and nothing is in memory: folders of a process that
 * was killed stay.
 */
export function memoryFiles(folder: string, options: MemoryFilesOptions = {}): SecretFiles {
  let own: Promise<string> | undefined;
  return {
    async hold(files) {
      own ??= prepare(folder, options);
      own.catch(() => (own = undefined));
      const held = await mkdtemp(join(await own, 's-'));
      const dispose = (): Promise<void> => rm(held, { recursive: true, force: true });
      try {
        for (const [name, { text, isScript }] of Object.entries(files)) {
          if (name !== basename(name)) throw new Error(`not a plain file name: ${name}`);
          await writeFile(join(held, name), text, { flag: 'wx', mode: isScript === true ? 0o700 : 0o600 });
        }
      } catch (error) {
        await dispose();
        throw noSpace(error, `the folder ${folder} (setting memoryDir)`);
      }
      return { folder: held, [Symbol.asyncDispose]: dispose };
    },
  };
}

/** Whether what is written there never reaches a disk (swap apart). Creates the folder. */
export async function isMemoryBacked(folder: string): Promise<boolean> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  return memoryFilesystems.has((await statfs(folder)).type >>> 0);
}

/** The folder of this process, made when it is not there. */
async function prepare(folder: string, { mayLieOnDisk = false }: MemoryFilesOptions): Promise<string> {
  const isLinux = platform() === 'linux';
  if (!(await isMemoryBacked(folder)) && isLinux && !mayLieOnDisk)
    throw sourceError(
      'ToolUnavailable',
      `secrets are not written to a disk: mount memory at ${folder} (an emptyDir with medium: Memory), or name another ` +
        'folder by the setting memoryDir (EVENKEEL_MEMORY_DIR)',
    );
  if (!isLinux) return await mkdtemp(join(folder, 'p-'));
  await checkOwner(folder);
  await removeLeftovers(folder);
  const pid = await readlink('/proc/self');
  const own = join(folder, `${pid}-${(await startTimeOf(pid)) ?? ''}`);
  await mkdir(own, { recursive: true, mode: 0o700 });
  await checkOwner(own);
  return own;
}

/** A folder that another user made could be read, or swapped, by them. */
async function checkOwner(folder: string): Promise<void> {
  const { uid: ownUid } = await lstat('/proc/self');
  const stats = await lstat(folder);
  if (stats.isDirectory() && (stats.uid === ownUid || stats.uid === 0)) return;
  throw sourceError(
    'ToolUnavailable',
    `secrets are not written to ${folder}: it is a link, or belongs to another user`,
  );
}

async function removeLeftovers(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const [, pid, startTime] = /^([0-9]+)-([0-9]+)$/.exec(name) ?? [];
    if (pid === undefined || (await startTimeOf(pid)) === startTime) continue;
    await rm(join(folder, name), { recursive: true, force: true }).catch(() => undefined);
  }
}

/** In ticks since the machine started; undefined when there is no such process. */
async function startTimeOf(pid: string): Promise<string | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, 'latin1').catch(() => undefined);
  return stat?.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
}
