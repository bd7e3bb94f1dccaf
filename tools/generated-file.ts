import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';

/** One file that is made from another, which is its only source. */
export interface GeneratedFile {
  /** Relative to the root of the repository. */
  readonly path: string;
  readonly text: string;
}

export type Generator = () => GeneratedFile[] | Promise<GeneratedFile[]>;

export const repositoryRoot = path.resolve(import.meta.dirname, '..');

/** Writes what differs and returns its paths. With `check` it writes nothing. */
export async function settle(files: readonly GeneratedFile[], check: boolean): Promise<string[]> {
  const different: string[] = [];
  for (const file of files) {
    const target = path.join(repositoryRoot, file.path);
    if ((await contentOf(target)) === file.text) continue;
    different.push(file.path);
    if (check) continue;
    await mkdir(path.dirname(target), { recursive: true });
    await writeFile(target, file.text);
  }
  return different;
}

async function contentOf(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

/**
 * The command line of a generator: writes its files, or with `--check` only compares them.
 * Exit code 1 says that with `--check` a file differs.
 */
export async function runGenerator(generator: Generator): Promise<void> {
  const check = process.argv.includes('--check');
  const different = await settle(await generator(), check);
  const verb = check ? 'differs from its source (run: make generate)' : 'written';
  for (const file of different) process.stdout.write(`${file}: ${verb}\n`);
  if (check && different.length > 0) process.exitCode = 1;
}
