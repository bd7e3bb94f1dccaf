import semver from 'semver';
import { sourceError } from '../failures.ts';
import type { SecretFiles } from '../secret-files.ts';
import type { Tools } from '../tools/tools.ts';
import { embeddedEngine } from './embedded/engine.ts';
import type { GitEngine } from './engine.ts';
import type { HttpSettings } from './http.ts';
import { nativeEngine } from './native/engine.ts';

/** Which engine: the native one where git is there (`auto`), or one of the two by name. */
export type EngineChoice = 'auto' | 'native' | 'embedded';

/** What the native engine needs; without it there is only the embedded one. */
export interface NativeMeans {
  readonly tools: Tools;
  readonly secretFiles: SecretFiles;
}

/** The first git that leaves files out by size, fetches by id and reads its whole configuration from one place. */
const oldestGit = '2.34.0';

/** Throws OperatorError ToolUnavailable when the native engine is asked for and git is not there or too old. */
export async function chooseEngine(
  choice: EngineChoice,
  means: NativeMeans | undefined,
  settings: HttpSettings & { readonly scratch: string },
): Promise<GitEngine> {
  if (choice === 'embedded') return embeddedEngine(settings);
  const found = await means?.tools.version('git');
  const version = semver.coerce(found);
  if (means !== undefined && version !== null && semver.gte(version, oldestGit)) {
    return nativeEngine({ ...settings, ...means });
  }
  if (choice === 'auto') return embeddedEngine(settings);
  const what = found === undefined ? 'git is not there' : `git is ${found}`;
  throw sourceError('ToolUnavailable', `EVENKEEL_GIT_ENGINE=native: ${what}; it takes git ${oldestGit} or newer`);
}
