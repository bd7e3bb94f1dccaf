import { open, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';

export interface Pack {
  /** Without an ending. */
  readonly name: string;
  readonly bytes: number;
}

const folder = join('objects', 'pack');

export async function listPacks(repository: string): Promise<Pack[]> {
  const names = await readdir(join(repository, folder)).catch(() => []);
  const packs = names.filter((name) => name.endsWith('.pack')).map((name) => name.slice(0, -'.pack'.length));
  const sizes = await Promise.all(packs.map((name) => stat(join(repository, folder, `${name}.pack`))));
  return packs.map((name, i) => ({ name, bytes: sizes[i]?.size ?? 0 }));
}

/** Number of objects that a pack says it has. */
export async function objectsIn(repository: string, { name }: Pack): Promise<number> {
  await using file = await open(join(repository, folder, `${name}.pack`));
  const { buffer } = await file.read(Buffer.alloc(4), 0, 4, 8);
  return buffer.readUInt32BE();
}

export async function removePacks(repository: string, packs: readonly Pack[]): Promise<void> {
  for (const { name } of packs) {
    // The index goes first: a pack without one is no pack, but an index without its pack is an error.
    for (const ending of ['idx', 'rev', 'promisor', 'keep', 'pack']) {
      await rm(join(repository, folder, `${name}.${ending}`), { force: true });
    }
  }
}

/** What a command that was cut off leaves: half a pack, or a lock that nobody holds. */
export async function removeLeavings(repository: string): Promise<void> {
  const packs = await readdir(join(repository, folder)).catch(() => []);
  const halves = packs.filter((name) => /^\.?tmp[-_]/.test(name)).map((name) => join(folder, name));
  const refs = await readdir(join(repository, 'refs', 'evenkeel')).catch(() => []);
  const locks = [
    ...['shallow.lock', 'config.lock', 'HEAD.lock', 'packed-refs.lock'],
    ...refs.filter((name) => name.endsWith('.lock')).map((name) => join('refs', 'evenkeel', name)),
  ];
  for (const name of [...halves, ...locks]) await rm(join(repository, name), { force: true });
}
