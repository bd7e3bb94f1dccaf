import { posix } from 'node:path';
import type { KustomizeOptions } from '../../../model/application.ts';
import { renderError } from '../../failures.ts';
import { compileGlob } from '../../glob.ts';
import { join } from '../../tree.ts';
import type { Lookup } from './lookup.ts';
import { remotenessOf } from './remote.ts';

/**
 * The components that the options add: globs are replaced by what they match, as `kustomize edit add component` does;
 * with `ignoreMissingComponents` those that do not exist are left out. Throws OperatorError PathNotFound otherwise.
 */
export async function componentsOf(
  { components, ignoreMissingComponents }: KustomizeOptions,
  folder: string,
  lookup: Lookup,
): Promise<string[]> {
  const found: string[] = [];
  for (const component of components) {
    const matches = remotenessOf(component) === 'local' ? await matching(component, folder, lookup) : [component];
    if (matches.length === 0 && !ignoreMissingComponents) {
      const message = `spec.source.kustomize.components: there is no "${posix.join(folder, component)}"`;
      throw renderError('PathNotFound', message);
    }
    found.push(...matches);
  }
  return found;
}

/** Relative paths; `*`, `?` and `[…]` match within one name. */
async function matching(pattern: string, folder: string, lookup: Lookup): Promise<string[]> {
  let paths = [''];
  for (const segment of pattern.split('/').filter((name) => name !== '' && name !== '.')) {
    const next: string[] = [];
    for (const path of paths) next.push(...(await step(path, segment, { folder, lookup })));
    paths = next;
  }
  return paths;
}

async function step(
  path: string,
  segment: string,
  { folder, lookup }: { readonly folder: string; readonly lookup: Lookup },
): Promise<string[]> {
  if (segment === '..') return [join(path, segment)];
  const at = posix.join(folder, path);
  if (at === '..' || at.startsWith('../')) return [];
  if (!/[*?[]/.test(segment)) {
    return (await lookup.find(posix.join(at, segment))) === undefined ? [] : [join(path, segment)];
  }
  const isMatch = compileGlob(segment.replace(/[{}]/g, '\\$&'));
  return (await lookup.entries(at)).filter(({ name }) => isMatch(name)).map(({ name }) => join(path, name));
}
