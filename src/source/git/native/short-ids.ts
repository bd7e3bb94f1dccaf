import { mkdtemp, mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { sourceError } from '../../failures.ts';
import type { Limits } from '../../limits.ts';
import type { Access } from '../engine.ts';
import type { Reach } from './credential-files.ts';
import { meaningOf } from './failures.ts';
import type { Git } from './git.ts';

interface ShortIdsOptions {
  readonly git: Git;
  readonly limits: Limits;
  readonly scratch: string;
  readonly reach: (access: Access) => Promise<Reach>;
}

/** What was found is kept: digits that meant one commit are followed to it. */
const maxKnown = 1_000;

/** Finds commits by some of their digits, which no server answers: all commits are fetched, without trees and files. */
export class ShortIds {
  readonly #options: ShortIdsOptions;
  readonly #known = new Map<string, string>();

  constructor(options: ShortIdsOptions) {
    this.#options = options;
  }

  /** Throws OperatorError. */
  async commitsWith(access: Access, abbreviated: string): Promise<readonly string[]> {
    const key = `${access.remote.id} ${abbreviated}`;
    const known = this.#known.get(key);
    if (known !== undefined) return [known];
    const commits = await this.#lookUp(access, abbreviated);
    const [only] = commits;
    if (commits.length === 1 && only !== undefined) this.#remember(key, only);
    return commits;
  }

  #remember(key: string, commit: string): void {
    const [oldest] = this.#known.keys();
    if (this.#known.size >= maxKnown && oldest !== undefined) this.#known.delete(oldest);
    this.#known.set(key, commit);
  }

  async #lookUp(access: Access, abbreviated: string): Promise<string[]> {
    const { scratch, reach } = this.#options;
    await mkdir(scratch, { recursive: true, mode: 0o700 });
    const folder = await mkdtemp(join(scratch, 'commits-'));
    try {
      await using way = await reach(access);
      return await this.#search(access, way, { folder, abbreviated });
    } catch (error) {
      throw meaningOf(error, { where: access.remote.url, from: access.credentials.from, isFresh: true });
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }

  async #search(
    { remote, signal }: Access,
    { url, env, config, hide }: Reach,
    { folder, abbreviated }: { readonly folder: string; readonly abbreviated: string },
  ): Promise<string[]> {
    const { git, limits } = this.#options;
    const place = { cwd: folder, env: { ...env, GIT_DIR: folder }, hide, deadlineMs: limits.fetchMs };
    const run = async (args: readonly string[], more: object = {}): Promise<string> =>
      (await git.run({ ...place, ...more, args }, signal)).toString('utf8');
    await run(['init', '--quiet', '--bare', '--template=', folder]);
    const origin = [
      `remote.origin.url=${url}`,
      'remote.origin.promisor=true',
      `remote.origin.partialclonefilter=tree:0`,
    ];
    const fetch = ['fetch', '--quiet', '--no-write-fetch-head', '--no-auto-maintenance', '--filter=tree:0', 'origin'];
    await run([...fetch, '+refs/heads/*:refs/heads/*', '+refs/tags/*:refs/tags/*'], {
      config: [...config, ...origin],
      diskBytes: limits.transferBytes,
    });
    const objects = (await run(['rev-parse', `--disambiguate=${abbreviated}`])).split('\n').filter((oid) => oid !== '');
    if (objects.length > 1_000) throw sourceError('RevisionNotFound', `${remote.url}: "${abbreviated}" is ambiguous`);
    const types = await run(['cat-file', '--batch-check=%(objectname) %(objecttype)'], { stdin: objects.join('\n') });
    return types.split('\n').flatMap((line) => (line.endsWith(' commit') ? [line.slice(0, -' commit'.length)] : []));
  }
}
