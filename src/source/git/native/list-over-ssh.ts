import { mkdir } from 'node:fs/promises';
import type { Limits } from '../../limits.ts';
import type { Access } from '../engine.ts';
import type { RemoteRef } from '../revision.ts';
import type { Reach } from './credential-files.ts';
import { meaningOf } from './failures.ts';
import type { Git } from './git.ts';

interface SshListing {
  readonly git: Git;
  readonly limits: Limits;
  readonly scratch: string;
  readonly way: Reach;
}

/** Refs that begin with one of the prefixes. git lists all to find them. Throws OperatorError. */
export async function listOverSsh(
  { remote, credentials, signal }: Access,
  prefixes: readonly string[],
  { git, limits, scratch, way }: SshListing,
): Promise<RemoteRef[]> {
  const { env, hide, url } = way;
  await mkdir(scratch, { recursive: true, mode: 0o700 });
  const command = { args: ['ls-remote', '--quiet', url], cwd: scratch, env, hide };
  try {
    const cost = { deadlineMs: limits.pollMs, outputBytes: limits.refsBytes };
    const refs = parse((await git.run({ ...command, ...cost }, signal)).toString('utf8'));
    return prefixes.length === 0 ? refs : refs.filter(({ ref }) => prefixes.some((prefix) => ref.startsWith(prefix)));
  } catch (error) {
    throw meaningOf(error, { where: remote.url, from: credentials.from, isFresh: true });
  }
}

/** The line after a tag's says what is behind it. */
function parse(text: string): RemoteRef[] {
  const refs = new Map<string, RemoteRef>();
  for (const line of text.split('\n')) {
    const [oid = '', name = ''] = line.split('\t');
    const ref = name.replace(/\^\{\}$/, '');
    const tag = refs.get(ref);
    if (ref === '') continue;
    refs.set(ref, tag === undefined ? { ref, oid } : { ...tag, peeled: oid });
  }
  return [...refs.values()];
}
