import fs from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import git from 'isomorphic-git';
import { parseTree } from '../objects.ts';
import { inspectPack } from './inspect-pack.ts';
import { packFile, type ReaderRequest, type ReaderValue } from './reader-protocol.ts';

/** Answers one request about a fetched commit; `cache` is isomorphic-git's, one per folder. */
export async function readObjects(
  request: ReaderRequest,
  cache: object,
): Promise<{ value: ReaderValue; move: ArrayBuffer[] }> {
  const { folder } = request;
  const content = async (oid: string): Promise<Uint8Array<ArrayBuffer>> => {
    const { object } = await git.readObject({ fs, gitdir: folder, oid, format: 'content', cache });
    if (object instanceof Uint8Array) return Uint8Array.from(object);
    throw new Error(`${oid} was read as something else`);
  };
  switch (request.kind) {
    case 'unpack': {
      const { objects } = inspectPack(await readFile(join(folder, packFile)), request.remote, request.limits);
      await git.indexPack({ fs, dir: folder, gitdir: folder, filepath: packFile, cache });
      return { value: { objects }, move: [] };
    }
    case 'tree': {
      const entries = parseTree(Buffer.from(await content(request.oid)), 20);
      return { value: { entries }, move: [] };
    }
    case 'raw':
    case 'blob': {
      const bytes = await content(request.oid);
      return { value: { bytes }, move: [bytes.buffer] };
    }
  }
}
