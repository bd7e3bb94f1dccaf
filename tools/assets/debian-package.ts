import { execFile } from 'node:child_process';
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { assetsFolder, isExecutable, type Environment } from './folders.ts';
import { withLock } from './lock.ts';

const run = promisify(execFile);

export interface Program {
  readonly file: string;
  /** For LD_LIBRARY_PATH; empty when the system has all that it needs. */
  readonly libraries: string;
}

export interface ProgramFacts {
  readonly name: string;
  /** Where it may be besides PATH. */
  readonly folders: readonly string[];
  /** Debian packages that hold it and what it needs; unpacked into the cache, never installed. */
  readonly packages: readonly string[];
}

/**
 * A program of the system, else from Debian's packages, which only root on Debian can have. undefined where neither is
 * possible; with CI=true that is an error, because the tests that need it would be skipped silently.
 */
export async function obtainProgram(facts: ProgramFacts, env: Environment = process.env): Promise<Program | undefined> {
  const folders = [...(env['PATH'] ?? '').split(path.delimiter), ...facts.folders].filter((folder) => folder !== '');
  const file = folders.map((folder) => path.join(folder, facts.name)).find(isExecutable);
  if (file !== undefined) return { file, libraries: '' };
  try {
    return await unpacked(facts, assetsFolder(env));
  } catch (error) {
    if (env['CI'] === 'true') throw error;
    return undefined;
  }
}

async function unpacked({ name, folders, packages }: ProgramFacts, cache: string): Promise<Program> {
  const folder = path.join(cache, `debian-${name}`);
  await mkdir(cache, { recursive: true });
  await withLock(path.join(cache, `debian-${name}.lock`), async () => {
    if ((await readdir(folder).catch(() => [])).length === 0) await download(packages, folder);
  });
  const inside = [...folders, '/usr/bin'].map((each) => path.join(folder, each, name)).find(isExecutable);
  if (inside === undefined) throw new Error(`${packages.join(', ')}: hold no ${name}`);
  const libraries = path.join(folder, 'usr', 'lib');
  const names = await readdir(libraries).catch(() => []);
  return { file: inside, libraries: names.map((each) => path.join(libraries, each)).join(':') };
}

async function download(packages: readonly string[], folder: string): Promise<void> {
  const partial = `${folder}.partial`;
  await rm(partial, { recursive: true, force: true });
  await mkdir(partial, { recursive: true });
  const get = (): Promise<unknown> => run('apt-get', ['download', ...packages], { cwd: partial });
  await get().catch(async () => {
    await run('apt-get', ['update']);
    await get();
  });
  const archives = (await readdir(partial)).filter((name) => name.endsWith('.deb'));
  for (const archive of archives) await run('dpkg', ['-x', archive, 'content'], { cwd: partial });
  await rename(path.join(partial, 'content'), folder);
  await rm(partial, { recursive: true, force: true });
}
