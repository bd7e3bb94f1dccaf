import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { binaries, KUBERNETES_VERSION, modules, type Binary, type Module } from './catalogue.ts';
import { fetchEnvtestArchive } from './envtest-archive.ts';
import { findOnPath } from './on-path.ts';
import { assetsFolder, givenFolders, isExecutable, moduleFolder, type Environment } from './folders.ts';
import { buildModule } from './go-build.ts';
import { withLock } from './lock.ts';

export type { Binary } from './catalogue.ts';

export interface ObtainOptions {
  /** `EVENKEEL_ASSETS`, `KUBEBUILDER_ASSETS`, `EVENKEEL_CACHE`, `EVENKEEL_ENVTEST_INDEX`, `PATH`; the process's when left out. */
  readonly env?: Environment;
  /** Receives one line of progress; standard error when left out. */
  readonly say?: (line: string) => void;
}

/**
 * Paths of executable files for these names, in this order: the folders that the user gave, PATH for what is no part of
 * the control plane (at the pinned version only), the cache, the official envtest archive, `go build` of the pinned module.
 *
 * What is not asked for is neither downloaded nor built. Two processes that want the same thing wait for one another.
 */
export async function obtain<B extends Binary>(
  names: readonly B[],
  options: ObtainOptions = {},
): Promise<Record<B, string>> {
  const env = options.env ?? process.env;
  const say = options.say ?? ((line) => process.stderr.write(`${line}\n`));
  const cache = assetsFolder(env);
  const missing = (): B[] => names.filter((name) => locate(name, cache, env) === undefined);
  if (missing().length > 0) {
    await mkdir(cache, { recursive: true });
    await withLock(path.join(cache, 'envtest.lock'), () => downloadMissing(missing(), { cache, env, say }));
    for (const module of modulesOf(missing())) {
      const ofModule = () => missing().filter((name) => binaries[name].module === module);
      await withLock(path.join(cache, `${module}.lock`), () => buildModule(module, ofModule(), { cache, env, say }));
    }
  }
  return Object.fromEntries(names.map((name) => [name, locate(name, cache, env)])) as Record<B, string>;
}

async function downloadMissing(
  missing: readonly Binary[],
  { cache, env, say }: { cache: string; env: Environment; say: (line: string) => void },
): Promise<void> {
  if (!missing.some((name) => binaries[name].inEnvtest)) return;
  try {
    await fetchEnvtestArchive(envtestFolder(cache), { env, say });
  } catch (error) {
    say(`envtest archive: ${reasonOf(error)}; building from Go modules instead`);
  }
}

function locate(name: Binary, cache: string, env: Environment): string | undefined {
  const { module, inEnvtest } = binaries[name];
  const given = executableIn(givenFolders(env), name);
  const cached = [moduleFolder(cache, module), ...(inEnvtest === true ? [envtestFolder(cache)] : [])];
  return given ?? findOnPath(name, env) ?? executableIn(cached, name);
}

function executableIn(folders: readonly string[], name: string): string | undefined {
  return folders.map((folder) => path.join(folder, name)).find(isExecutable);
}

/** Kept apart from what we build: the archive's etcd has a version of its own. */
function envtestFolder(cache: string): string {
  return path.join(cache, `envtest-${KUBERNETES_VERSION}`);
}

/** In the catalogue's order: what every test needs comes first. */
function modulesOf(names: readonly Binary[]): Module[] {
  const wanted = new Set<Module>(names.map((name) => binaries[name].module));
  return (Object.keys(modules) as Module[]).filter((module) => wanted.has(module));
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? `${error.message} (${error.cause.message})` : error.message;
}
