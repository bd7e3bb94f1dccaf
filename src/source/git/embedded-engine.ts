import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Clock } from '../../model/ports.ts';
import type { Limits } from '../limits.ts';
import type { Access, GitEngine } from './engine.ts';
import { fetchPack } from './fetch-pack.ts';
import { GitHttp } from './http.ts';
import { resolveRevision } from './poll.ts';
import { packFile } from './reader-protocol.ts';
import { ReaderThread } from './reader-thread.ts';

/**
 * The engine that needs no `git` binary: isomorphic-git lists refs, indexes packs and reads objects; the transfer is
 * ours, because a pack has to be measured before anything inflates it.
 */
export function embeddedEngine(clock: Clock, limits: Limits): GitEngine {
  const connect = ({ remote, credentials, signal }: Access, deadlineMs: number): GitHttp =>
    new GitHttp({ url: remote.url, credentials, limits, clock }, deadlineMs, signal);
  return {
    async resolve(access, revision) {
      await using http = connect(access, limits.pollMs);
      return await resolveRevision(http, access.remote.url, revision, limits);
    },
    async fetch(access, commit, folder) {
      await using http = connect(access, limits.fetchMs);
      const file = join(folder, packFile);
      await mkdir(dirname(file), { recursive: true, mode: 0o700 });
      const bytes = await fetchPack(http, access.remote.url, { commit, file, limits });
      await using reader = new ReaderThread({ folder, clock, limits });
      await reader.unpack(access.remote.url);
      return bytes;
    },
    open: (folder) => new ReaderThread({ folder, clock, limits }),
  };
}
