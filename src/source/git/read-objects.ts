import fs from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import git from 'isomorphic-git';
import type { TreeEntry } from './engine.ts';
import { inspectPack } from './inspect-pack.ts';
import { packFile, type ReaderRequest, type ReaderValue } from './reader-protocol.ts';

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
    case 'commit': {
      const { commit } = await git.readCommit({ fs, gitdir: folder, oid: request.oid, cache });
      return { value: { tree: commit.tree }, move: [] };
    }
    case 'tree': {
      const { tree } = await git.readTree({ fs, gitdir: folder, oid: request.oid, cache });
      return { value: { entries: tree.map(entryOf) }, move: [] };
    }
    case 'blob': {
      const { blob } = await git.readBlob({ fs, gitdir: folder, oid: request.oid, cache });
      const bytes = Uint8Array.from(blob);
      return { value: { bytes }, move: [bytes.buffer] };
    }
  }
}

function entryOf(entry: { mode: string; path: string; oid: string; type: string }): TreeEntry {
  const mode = entry.mode.padStart(6, '0');
  const kind =
    mode === '120000' ? 'link' : entry.type === 'tree' ? 'folder' : entry.type === 'commit' ? 'submodule' : 'file';
  return { name: entry.path, kind, oid: entry.oid };
}
