import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { startChild, type Child } from '../process.ts';
import { binaries, modules, type Binary, type Module } from './catalogue.ts';
import { isExecutable, moduleFolder, type Environment } from './folders.ts';

const MODULES = path.join(import.meta.dirname, 'modules');
const PROGRESS_EVERY_MS = 15_000;

export interface BuildOptions {
  readonly cache: string;
  readonly env: Environment;
  readonly say: (line: string) => void;
}

/** Builds binaries of one pinned module in one go; each appears in the cache complete or not at all. */
export async function buildModule(module: Module, names: readonly Binary[], options: BuildOptions): Promise<void> {
  if (names.length === 0) return;
  const go = findGo(options.env);
  if (go === undefined) throw new Error(adviceOn(names));
  const folder = moduleFolder(options.cache, module);
  await mkdir(folder, { recursive: true });
  const scratch = await mkdtemp(path.join(options.cache, `.${module}-`));
  try {
    const started = performance.now();
    await build(module, names, { ...options, go, scratch });
    for (const name of names) await rename(path.join(scratch, binaryName(name)), path.join(folder, name));
    await writeFile(timeFile(folder), String(Math.round(performance.now() - started)));
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

async function build(
  module: Module,
  names: readonly Binary[],
  { cache, env, say, go, scratch }: BuildOptions & { go: string; scratch: string },
): Promise<void> {
  const what = `${module} ${modules[module].version} (${names.join(', ')})`;
  const expected = await expectedTime(module, cache);
  say(`building ${what} with Go; ${expected}`);
  await using child = await startChild({
    command: go,
    args: argumentsFor(module, names, scratch),
    log: path.join(scratch, 'build.log'),
    cwd: path.join(MODULES, module),
    env: buildEnvironment(env),
  });
  const seconds = await watched(child, (elapsed) => say(`building ${what}: ${elapsed} s so far; ${expected}`));
  say(`built ${what} in ${seconds} s`);
}

/** Seconds that it took; throws with the compiler's last words when it failed. */
async function watched(child: Child, progress: (seconds: number) => void): Promise<number> {
  const started = performance.now();
  const elapsed = () => Math.round((performance.now() - started) / 1000);
  const timer = setInterval(() => progress(elapsed()), PROGRESS_EVERY_MS);
  try {
    const { code } = await child.waitForExit();
    if (code !== 0) throw new Error(`go build failed:\n${child.logTail(30)}`);
    return elapsed();
  } finally {
    clearInterval(timer);
  }
}

function argumentsFor(module: Module, names: readonly Binary[], output: string): string[] {
  const { stamps, tags } = modules[module];
  const flags = ['-s', '-w', ...Object.entries(stamps).map(([variable, value]) => `-X ${variable}=${value}`)];
  return [
    'build',
    '-trimpath',
    '-buildvcs=false',
    ...(tags === undefined ? [] : [`-tags=${tags}`]),
    `-ldflags=${flags.join(' ')}`,
    `-o=${output}${path.sep}`,
    ...names.map((name) => binaries[name].package),
  ];
}

/** The user's own flags, workspace and target must not change what is built; no C compiler is needed. */
function buildEnvironment(env: Environment): Record<string, string | undefined> {
  return { ...env, GOOS: undefined, GOARCH: undefined, GOFLAGS: '-mod=readonly', GOWORK: 'off', CGO_ENABLED: '0' };
}

/** What `go build -o folder/` calls the file: the last path element that is no major version. */
function binaryName(name: Binary): string {
  const elements = binaries[name].package.split('/').filter((element) => !/^v\d+$/.test(element));
  return elements.at(-1) ?? name;
}

const timeFile = (folder: string): string => path.join(folder, '.build-milliseconds');

async function expectedTime(module: Module, cache: string): Promise<string> {
  const known = await readFile(timeFile(moduleFolder(cache, module)), 'utf8').catch(() => undefined);
  if (known !== undefined) return `it took ${Math.round(Number(known) / 1000)} s here last time`;
  return `about ${modules[module].expectedMinutes} min on two cores with nothing cached`;
}

function findGo(env: Environment): string | undefined {
  const folders = (env['PATH'] ?? '').split(path.delimiter);
  return folders.map((folder) => path.join(folder, 'go')).find(isExecutable);
}

function adviceOn(names: readonly Binary[]): string {
  return `${names.join(', ')} cannot be had: install Go 1.26, or name a folder that has them in EVENKEEL_ASSETS`;
}
