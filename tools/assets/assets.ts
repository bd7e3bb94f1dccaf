import path from 'node:path';
import { binaries, type Binary } from './catalogue.ts';
import { assetsFolder, givenFolders, isExecutable, moduleFolder, type Environment } from './folders.ts';

export type { Binary } from './catalogue.ts';

export async function obtain<B extends Binary>(
  names: readonly B[],
  env: Environment = process.env,
): Promise<Record<B, string>> {
  const cache = assetsFolder(env);
  const found = names.map((name) => {
    const folders = [...givenFolders(env), moduleFolder(cache, binaries[name].module)];
    const file = folders.map((folder) => path.join(folder, name)).find(isExecutable);
    if (file === undefined) throw new Error(`${name} not found`);
    return [name, file] as const;
  });
  return Promise.resolve(Object.fromEntries(found) as Record<B, string>);
}
