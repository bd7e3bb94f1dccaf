import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants, statfsSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { holdEventLoop } from './event-loop.ts';

/** Removes the folder once its standard input ends; repeats, because dying processes may still write into it. */
const JANITOR = `
read -r _
n=0
while [ -e "$1" ] && [ "$n" -lt 50 ]; do
  rm -rf -- "$1" 2>/dev/null && exit 0
  n=$((n + 1))
  sleep 1
done
`;

const MEMORY_FOLDER = '/dev/shm';
const MEMORY_WANTED_BYTES = 2 * 1024 ** 3;

export interface TemporaryFolder extends AsyncDisposable {
  readonly path: string;
}

/** A folder in memory where the machine has room for it, removed when disposed and also when this process dies. */
export async function createTemporaryFolder(prefix: string): Promise<TemporaryFolder> {
  const folder = await mkdtemp(path.join(baseFolder(), `evenkeel-${prefix}-`));
  const janitor = spawn('/bin/sh', ['-c', JANITOR, 'janitor', folder], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  const gone = once(janitor, 'exit');
  janitor.unref();
  holdEventLoop(janitor.stdin, false);
  return {
    path: folder,
    async [Symbol.asyncDispose]() {
      janitor.ref();
      janitor.stdin.destroy();
      await gone;
    },
  };
}

function baseFolder(): string {
  try {
    accessSync(MEMORY_FOLDER, constants.W_OK);
    const { bavail, bsize } = statfsSync(MEMORY_FOLDER);
    return bavail * bsize > MEMORY_WANTED_BYTES ? MEMORY_FOLDER : tmpdir();
  } catch {
    return tmpdir();
  }
}
