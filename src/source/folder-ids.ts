import { setImmediate } from 'node:timers/promises';
import type { ApplicationKey } from '../model/installation.ts';
import type { Snapshot } from './git/repository.ts';
import { Tree } from './tree.ts';

interface Folders {
  readonly paths: readonly string[];
  /** Ids, in the commit that was looked at last. */
  seen: string | undefined;
}

const manyAtATime = 200;

/**
 * The folders that the followers of a branch have their sources in. Most commits touch a few of them, and whose they are
 * comes first.
 *
 * Caveats: what is read besides the folder shows in the render only. The order is all that is lost by that.
 */
export class FolderIds {
  readonly #folders = new Map<ApplicationKey, Folders>();

  follow(key: ApplicationKey, paths: readonly string[]): void {
    const before = this.#folders.get(key);
    if (before?.paths.join('\n') !== paths.join('\n')) this.#folders.set(key, { paths, seen: undefined });
  }

  unfollow(key: ApplicationKey): void {
    this.#folders.delete(key);
  }

  /** The followers, those first whose folders are others than in the commit before. Rejects when it cannot be read. */
  async touchedFirst({ commit, reader }: Snapshot): Promise<ApplicationKey[]> {
    const tree = new Tree(reader, await reader.rootTree(commit));
    const touched: ApplicationKey[] = [];
    const others: ApplicationKey[] = [];
    for (const [key, folders] of [...this.#folders]) {
      const ids = await idsOf(tree, folders.paths);
      const isTouched = folders.seen !== undefined && folders.seen !== ids;
      folders.seen = ids;
      (isTouched ? touched : others).push(key);
      if ((touched.length + others.length) % manyAtATime === 0) await setImmediate();
    }
    return [...touched, ...others];
  }
}

/** A path that leads nowhere, or into a submodule, has none. */
async function idsOf(tree: Tree, paths: readonly string[]): Promise<string> {
  const found = await Promise.all(paths.map((path) => tree.find(path).catch(() => undefined)));
  return found.map((node) => node?.oid ?? '').join(' ');
}
