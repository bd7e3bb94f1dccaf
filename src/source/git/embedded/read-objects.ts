import fs from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import git from 'isomorphic-git';
import { parseTree } from '../objects.ts';
import { inspectPack } from './inspect-pack.ts';
import { packFile, type ReaderRequest, type ReaderValue } from './reader-protocol.ts';

interface Place {
  readonly folder: string;
  readonly oid: string;
}

/** Answers one request about a fetched commit; `cache` is isomorphic-git's, one per folder. */
export async function readObjects(
  request: ReaderRequest,
  cache: object,
): Promise<{ value: ReaderValue; move: ArrayBuffer[] }> {
  const { folder } = request;
  switch (request.kind) {
    case 'unpack': {
      const { objects } = inspectPack(await readFile(join(folder, packFile)), request.remote, request.limits);
      await git.indexPack({ fs, dir: folder, gitdir: folder, filepath: packFile, cache });
      return { value: { objects }, move: [] };
    }
    case 'tree': {
      const entries = parseTree(Buffer.from(await content(request, cache)), 20);
      return { value: { entries }, move: [] };
    }
    case 'raw':
    case 'blob': {
      const bytes = await content(request, cache);
      return { value: { bytes }, move: [bytes.buffer] };
    }
  }
}

/** As it was hashed: parsing is ours, for both engines. */
async function content({ folder, oid }: Place, cache: object): Promise<Uint8Array<ArrayBuffer>> {
  // eslint-disable-next-line @typescript-eslint/no-deprecated -- the others parse what a signature is about
  const { object } = await git.readObject({ fs, gitdir: folder, oid, format: 'content', cache });
  if (object instanceof Uint8Array) return Uint8Array.from(object);
  throw new Error(`${oid} was read as something else`);
}
