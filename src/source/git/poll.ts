import type { ServerRef } from 'isomorphic-git';
import git from 'isomorphic-git';
import { OperatorError } from '../../model/errors.ts';
import { gitUnavailable, messageOf, sourceError } from '../failures.ts';
import type { Limits } from '../limits.ts';
import type { GitHttp } from './http.ts';

/** Any ref or full SHA, as `spec.source.targetRevision` has it. */
export type Revision = string;

/** True when no look at the remote can change what it means. */
export function isFullSha(revision: Revision): boolean {
  return /^[0-9a-f]{40}$/.test(revision);
}

/**
 * The commit that a revision means at the remote now. A branch wins over a tag of the same name; annotated tags, also
 * tags of tags, are followed to their commit. Costs two requests per place that is looked at.
 * Throws OperatorError RevisionNotFound; an empty list is never taken for an empty repository that is meant.
 */
export async function resolveRevision(http: GitHttp, url: string, revision: Revision, limits: Limits): Promise<string> {
  for (const ref of candidates(revision)) {
    const found = (await listRefs(http, url, ref, limits)).find((entry) => entry.ref === ref);
    const oid = found?.peeled ?? found?.oid;
    if (oid !== undefined && isFullSha(oid)) return oid;
  }
  throw sourceError('RevisionNotFound', `${url}: has no branch or tag "${revision}"${hint(revision)}`);
}

function candidates(revision: Revision): string[] {
  if (revision === '' || revision === 'HEAD') return ['HEAD'];
  if (revision.startsWith('refs/')) return [revision];
  return [`refs/heads/${revision}`, `refs/tags/${revision}`];
}

function hint(revision: Revision): string {
  if (/^[0-9a-f]{64}$/.test(revision)) return '; repositories with SHA-256 ids are not supported yet';
  if (/^[0-9a-f]{7,39}$/.test(revision)) return '; short commit ids are not supported yet, give all 40 digits';
  return '; what is deployed stays';
}

/** isomorphic-git's listing, protocol version 2 with a prefix; a server that knows only version 1 lists all. */
async function listRefs(http: GitHttp, url: string, prefix: string, limits: Limits): Promise<ServerRef[]> {
  try {
    return await git.listServerRefs({
      http: { request: (request) => bridge(http, url, request, limits) },
      url,
      prefix,
      protocolVersion: 2,
      symrefs: true,
      peelTags: true,
    });
  } catch (error) {
    if (error instanceof OperatorError || isAbort(error)) throw error;
    throw gitUnavailable(`${url}: does not answer as a Git server (${messageOf(error).slice(0, 200)})`, error);
  }
}

function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === 'AbortError';
}

type BridgedRequest = Parameters<Parameters<typeof git.listServerRefs>[0]['http']['request']>[0];

async function bridge(http: GitHttp, url: string, request: BridgedRequest, limits: Limits) {
  const method = request.method === 'POST' ? 'POST' : 'GET';
  const parts: Uint8Array[] = [];
  for await (const part of request.body ?? []) parts.push(part);
  const answer = await http.request(
    request.url.slice(url.length),
    { method, headers: request.headers ?? {}, ...(method === 'POST' ? { body: Buffer.concat(parts) } : {}) },
    limits.refsBytes,
  );
  return { ...answer, method, statusCode: 200, statusMessage: 'OK' };
}
