import type { SecretFiles } from '../../secret-files.ts';
import type { Tools } from '../../tools/tools.ts';
import type { Access, GitEngine } from '../engine.ts';
import { GitHttp, type HttpSettings } from '../http.ts';
import { advertisement } from '../list-refs.ts';
import { resolveOverHttp } from '../resolve-over-http.ts';
import { resolveRevision } from '../resolve.ts';
import { BareRepository } from './bare-repository.ts';
import { reach, type Reach } from './credential-files.ts';
import { Git } from './git.ts';
import { listOverSsh } from './list-over-ssh.ts';
import { ShortIds } from './short-ids.ts';

export interface NativeEngineOptions extends HttpSettings {
  readonly tools: Tools;
  readonly secretFiles: SecretFiles;
  /** For what is looked up once and thrown away. */
  readonly scratch: string;
}

/** The engine of the `git` program: fetches what is new only, speaks SSH, knows SHA-256, LFS and abbreviated ids. */
export function nativeEngine(options: NativeEngineOptions): GitEngine {
  const git = new Git(options);
  const way = (access: Access): Promise<Reach> => wayTo(access, options);
  const shortIds = new ShortIds({ ...options, git, reach: way });
  const oneAtATime = serial();
  return {
    keepsCopies: true,
    async resolve(access, revision) {
      const commitsWith = (abbreviated: string) => shortIds.commitsWith(access, abbreviated);
      if (access.remote.transport === 'http') return await resolveOverHttp(access, revision, options, commitsWith);
      await using open = await way(access);
      const list = (prefixes: readonly string[]) => listOverSsh(access, prefixes, { ...options, git, way: open });
      return await resolveRevision(access.remote.url, revision, { list, commitsWith });
    },
    store: (folder) => new BareRepository({ ...options, folder, git, reach: way, oneAtATime }),
  };
}

/**
 * Over HTTP one request goes ahead of git: it finds where redirects lead and says in our words what is wrong with
 * credentials, certificates and addresses.
 */
async function wayTo(access: Access, options: NativeEngineOptions): Promise<Reach> {
  const { limits } = options;
  const { url, transport } = access.remote;
  if (transport === 'ssh') return await reach(access, url, options);
  await using http = new GitHttp(access, options, limits.pollMs);
  const { objectFormat } = await advertisement(http, url, limits);
  return { ...(await reach(access, http.base, options)), objectFormat };
}

/** Packing takes memory and disk: one repository after the other. */
function serial(): <T>(work: () => Promise<T>) => Promise<T> {
  let queue: Promise<unknown> = Promise.resolve();
  return async (work) => {
    const turn = queue.then(work, work);
    queue = turn.catch(() => undefined);
    return await turn;
  };
}
