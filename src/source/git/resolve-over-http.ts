import type { Access } from './engine.ts';
import { GitHttp, type HttpSettings } from './http.ts';
import { advertisement, listRefs, type Advertisement } from './list-refs.ts';
import { resolveRevision, type RefLister } from './resolve.ts';
import type { Resolved, Revision } from './revision.ts';

/**
 * A look at a remote: two requests, some hundred bytes whatever the number of its refs. `commitsWith` is asked about
 * abbreviated ids that no ref has at its tip. Throws OperatorError.
 */
export async function resolveOverHttp(
  access: Access,
  revision: Revision,
  settings: HttpSettings,
  commitsWith: RefLister['commitsWith'],
): Promise<Resolved> {
  const { limits } = settings;
  const { url } = access.remote;
  await using http = new GitHttp(access, settings, limits.pollMs);
  let advertised: Advertisement | undefined;
  return await resolveRevision(url, revision, {
    async list(prefixes) {
      advertised ??= await advertisement(http, url, limits);
      return await listRefs(http, url, { prefixes, advertised, limits });
    },
    commitsWith,
  });
}
