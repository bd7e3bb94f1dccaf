import { accessSync, constants } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { modules, type Module } from './catalogue.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** `EVENKEEL_CACHE`, else the user's cache folder; binaries below it are kept by version. */
export function assetsFolder(env: Environment): string {
  const own = env['EVENKEEL_CACHE'];
  if (isSet(own)) return path.join(own, 'assets');
  const xdg = env['XDG_CACHE_HOME'];
  return path.join(isSet(xdg) ? xdg : path.join(homedir(), '.cache'), 'evenkeel', 'assets');
}

export function moduleFolder(cache: string, module: Module): string {
  return path.join(cache, `${module}-${modules[module].version}`);
}

/** The folders that the user fills; what lies there is used whatever its version. */
export function givenFolders(env: Environment): string[] {
  return [env['EVENKEEL_ASSETS'], env['KUBEBUILDER_ASSETS']].filter(isSet);
}

export function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function isSet(value: string | undefined): value is string {
  return value !== undefined && value !== '';
}
