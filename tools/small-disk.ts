import { execFile } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { createTemporaryFolder } from './temporary-folder.ts';

const run = promisify(execFile);

/** A file system of its own, of a size that a test chooses. */
export interface SmallDisk extends AsyncDisposable {
  readonly folder: string;
  resize(mebibytes: number): Promise<void>;
}

/** undefined where nobody may mount; with CI=true that is an error. */
export async function createSmallDisk(mebibytes: number): Promise<SmallDisk | undefined> {
  await using cleanup = new AsyncDisposableStack();
  const folder = path.join(cleanup.use(await createTemporaryFolder('disk')).path, 'disk');
  await mkdir(folder);
  const uid = process.getuid?.() ?? 0;
  const privileged = async (command: string, ...args: string[]): Promise<void> => {
    await (uid === 0 ? run(command, args) : run('sudo', ['-n', command, ...args]));
  };
  try {
    await privileged('mount', '-t', 'tmpfs', '-o', `size=${mebibytes}m,uid=${uid},mode=0700`, 'none', folder);
  } catch (error) {
    if (process.env['CI'] === 'true') throw error;
    return undefined;
  }
  cleanup.defer(() => privileged('umount', '--lazy', folder));
  const all = cleanup.move();
  return {
    folder,
    resize: (size) => privileged('mount', '-o', `remount,size=${size}m`, folder),
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}
