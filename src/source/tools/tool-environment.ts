import { join } from 'node:path';
import type { Tool, ToolRun } from './tools.ts';

/** Of the memory limit, what Go's collector aims to stay below. */
const goMemoryShare = 0.8;
const goProcessors = 2;

/** All that a program finds in its environment. */
export function environmentFor(
  run: Omit<ToolRun, 'stdin'>,
  privateFolder: string,
  path: string,
): Record<string, string> {
  const home = join(privateFolder, 'home');
  return {
    PATH: path,
    HOME: home,
    TMPDIR: join(privateFolder, 'tmp'),
    LANG: 'C.UTF-8',
    ...ofTool(run, home),
    ...run.env,
  };
}

function ofTool({ tool, limits }: Omit<ToolRun, 'stdin'>, home: string): Readonly<Record<string, string>> {
  const go = {
    GOMEMLIMIT: String(Math.floor(limits.memoryBytes * goMemoryShare)),
    GOMAXPROCS: String(goProcessors),
  };
  const environments: Record<Tool, Readonly<Record<string, string>>> = {
    git: {},
    kustomize: { ...go, XDG_CONFIG_HOME: join(home, '.config') },
    helm: {
      ...go,
      XDG_CONFIG_HOME: join(home, '.config'),
      XDG_CACHE_HOME: join(home, '.cache'),
      XDG_DATA_HOME: join(home, '.local'),
      HELM_CONFIG_HOME: join(home, '.config', 'helm'),
      HELM_CACHE_HOME: join(home, '.cache', 'helm'),
      HELM_DATA_HOME: join(home, '.local', 'helm'),
    },
    'ssh-keygen': {},
    gpg: {},
  };
  return environments[tool];
}
