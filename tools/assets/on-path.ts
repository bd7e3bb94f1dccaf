import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { binaries, modules, type Binary } from './catalogue.ts';
import { isExecutable, type Environment } from './folders.ts';

/** A binary on PATH, if it may be taken from there and says that it is the pinned version. */
export function findOnPath(name: Binary, env: Environment): string | undefined {
  const { module, versionArguments } = binaries[name];
  if (versionArguments === undefined) return undefined;
  const folders = (env['PATH'] ?? '').split(path.delimiter).filter((folder) => folder !== '');
  const file = folders.map((folder) => path.join(folder, name)).find(isExecutable);
  if (file === undefined) return undefined;
  return printsVersion(file, versionArguments, modules[module].version) ? file : undefined;
}

function printsVersion(file: string, args: readonly string[], version: string): boolean {
  try {
    const words = execFileSync(file, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'], timeout: 10_000 });
    return words
      .trim()
      .split(/[\s+{}:"]+/)
      .includes(version);
  } catch {
    return false;
  }
}
