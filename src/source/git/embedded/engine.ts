import { unsupportedByEngine } from '../../failures.ts';
import type { GitEngine } from '../engine.ts';
import type { HttpSettings } from '../http.ts';
import { resolveOverHttp } from '../resolve-over-http.ts';
import { checkTransport } from './check-transport.ts';
import { FolderStore } from './folder-store.ts';

/**
 * The engine that needs no `git` binary: isomorphic-git indexes packs and reads objects; listing and transfer are ours,
 * because a pack has to be measured before anything inflates it.
 */
export function embeddedEngine(settings: HttpSettings): GitEngine {
  return {
    keepsCopies: false,
    async resolve(access, revision) {
      checkTransport(access.remote);
      const { url } = access.remote;
      return await resolveOverHttp(access, revision, settings, (abbreviated) => {
        const what = `"${abbreviated}" is the tip of no branch or tag; finding other commits by some of their digits`;
        throw unsupportedByEngine(`${url}: ${what} needs the git program (or give all digits)`);
      });
    },
    store: (folder) => new FolderStore(folder, settings),
  };
}
