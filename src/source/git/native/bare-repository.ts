import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gitUnavailable, messageOf, sourceError } from '../../failures.ts';
import { limitExceeded, type Limits } from '../../limits.ts';
import {
  CorruptRepository,
  type Access,
  type CommitReader,
  type CommitStore,
  type LargeFile,
  type Wanted,
} from '../engine.ts';
import type { ObjectFormat } from '../list-refs.ts';
import { CatFile, type CatFileOptions } from './cat-file.ts';
import type { Reach } from './credential-files.ts';
import { meaningOf, tookTooMuch } from './failures.ts';
import type { Git } from './git.ts';
import { LargeFiles } from './large-files.ts';
import { Maintenance } from './maintenance.ts';
import { listPacks, objectsIn, removeLeavings, removePacks, type Pack } from './packs.ts';
import { SessionReader } from './session-reader.ts';

/** Another number, another layout: what an older version left is thrown away. */
const format = 1;
const marker = 'evenkeel.json';
const refs = 'refs/evenkeel/';
/** Beside a pack lies what finds objects in it. */
const indexBytes = 16 * 1024 * 1024;

export interface BareRepositoryOptions extends CatFileOptions {
  readonly git: Git;
  readonly limits: Limits;
  /** Opens the way to a remote, redirects followed. Throws OperatorError. */
  readonly reach: (access: Access) => Promise<Reach>;
  readonly oneAtATime: <T>(work: () => Promise<T>) => Promise<T>;
}

/**
 * One bare repository per remote, with a ref for each commit that is kept; a new commit costs what it changed.
 *
 * Guarantees: it survives the process, and is thrown away when it cannot be used; files larger than a manifest may be are
 * not transferred where the server can leave them out; its size stays in proportion to what is kept.
 */
export class BareRepository implements CommitStore {
  readonly #options: BareRepositoryOptions;
  readonly #objects: CatFile;
  readonly #largeFiles: LargeFiles;
  readonly #maintenance: Maintenance;
  readonly #stop = new AbortController();
  /** By the name of the ref; what `leftovers` found and what was fetched since. */
  readonly #kept = new Map<string, Wanted>();
  /** Made by this process: what is missing was left out on purpose. */
  #isOurs = false;
  #isThere = false;
  #packing: Promise<void> | undefined;

  constructor(options: BareRepositoryOptions) {
    this.#options = options;
    const { git, folder, limits, oneAtATime } = options;
    this.#objects = new CatFile(options);
    this.#largeFiles = new LargeFiles(options);
    this.#maintenance = new Maintenance({ git, folder, deadlineMs: limits.fetchMs, oneAtATime });
  }

  async leftovers(): Promise<readonly Wanted[]> {
    try {
      if ((await this.#readMarker()) !== this.#markerText()) throw new Error('made otherwise');
      await removeLeavings(this.#options.folder);
      // Names what each ref points to only when that can be read.
      const listed = await this.#run(['for-each-ref', '--format=%(refname) %(objecttype) %(objectsize)', refs]);
      for (const [name = ''] of listed.map((line) => line.split(' '))) this.#kept.set(name, wantedOf(name));
      this.#isThere = true;
    } catch {
      await this.discard();
    }
    return [...this.#kept.values()];
  }

  async fetch(access: Access, wanted: Wanted): Promise<number> {
    await this.#packing;
    if (this.#isThere && !(await this.#isOnDisk())) await this.discard();
    const wasNew = !this.#isThere;
    try {
      return await this.#fetch(access, wanted);
    } catch (error) {
      if (!(error instanceof CorruptRepository) || wasNew) throw error;
      await this.discard();
      return await this.#fetch(access, wanted);
    }
  }

  open(): CommitReader {
    const { limits } = this.#options;
    return new SessionReader({ objects: this.#objects, limits, leavesOut: () => this.#isOurs });
  }

  async drop(wanted: Wanted): Promise<void> {
    if (!this.#kept.delete(refOf(wanted))) return;
    // A ref that cannot be removed now (the disk is full) is a leftover to the next process, which removes it.
    await this.#run(['update-ref', '-d', refOf(wanted)]).catch(() => undefined);
    await this.#maintain();
  }

  async discard(): Promise<void> {
    await this.#packing;
    await this.#objects[Symbol.asyncDispose]();
    this.#kept.clear();
    this.#maintenance.reset();
    this.#isThere = false;
    await rm(this.#options.folder, { recursive: true, force: true });
  }

  async largeFile(access: Access, pointer: LargeFile, path: string): Promise<Uint8Array> {
    const { limits, reach } = this.#options;
    if (pointer.size > limits.manifestBytes) throw limitExceeded(path, 'manifestBytes', limits);
    await using way = await reach(access);
    return await this.#largeFiles.read({ access, pointer, path, way });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort(gitUnavailable('the operator stops'));
    await this.#packing;
    await this.#objects[Symbol.asyncDispose]();
  }

  async #fetch(access: Access, wanted: Wanted): Promise<number> {
    const { git, folder, limits, reach } = this.#options;
    await using way = await reach(access);
    await this.#create(access, wanted, way.objectFormat);
    const before = await listPacks(folder);
    try {
      const { args, config } = fetchCommand(way, wanted, limits);
      const { env, hide } = way;
      const command = { args, config: [...config, ...way.config], cwd: folder, env: { ...env, GIT_DIR: folder }, hide };
      const cost = { deadlineMs: limits.fetchMs, diskBytes: limits.transferBytes + indexBytes };
      await git.run({ ...command, ...cost }, access.signal);
      const bytes = await this.#measure(access, before);
      this.#kept.set(refOf(wanted), wanted);
      return bytes;
    } catch (error) {
      await this.#undo(wanted, before);
      if (tookTooMuch(error)) throw limitExceeded(`${access.remote.url}: what it sends`, 'transferBytes', limits);
      const { remote, credentials } = access;
      throw meaningOf(error, { where: remote.url, from: credentials.from, isFresh: before.length === 0 });
    }
  }

  /** What a server sends does not tell its size before. */
  async #measure({ remote }: Access, before: readonly Pack[]): Promise<number> {
    const { folder, limits } = this.#options;
    const added = await this.#packsSince(before);
    const bytes = added.reduce((sum, pack) => sum + pack.bytes, 0);
    if (bytes > limits.transferBytes) throw limitExceeded(`${remote.url}: what it sends`, 'transferBytes', limits);
    for (const pack of added) {
      const objects = await objectsIn(folder, pack);
      if (objects > limits.gitObjects)
        throw limitExceeded(`${remote.url}: ${objects} files and folders`, 'gitObjects', limits);
    }
    return bytes;
  }

  async #packsSince(before: readonly Pack[]): Promise<Pack[]> {
    const all = await listPacks(this.#options.folder);
    return all.filter(({ name }) => !before.some((pack) => pack.name === name));
  }

  /** Nothing of a fetch that failed stays, above all not on a disk that is full. */
  async #undo(wanted: Wanted, before: readonly Pack[]): Promise<void> {
    const { folder } = this.#options;
    await removeLeavings(folder);
    if (!this.#kept.has(refOf(wanted))) await rm(join(folder, refOf(wanted)), { force: true });
    await removePacks(folder, await this.#packsSince(before));
  }

  /** Ids of the other kind are no reason to give up what others read. */
  async #create({ remote }: Access, { commit }: Wanted, advertised: ObjectFormat | undefined): Promise<void> {
    const { folder } = this.#options;
    const objectFormat = formatOf(commit);
    const isOther = [...this.#kept.values()].some((kept) => formatOf(kept.commit) !== objectFormat);
    if (advertised === undefined ? isOther : advertised !== objectFormat) {
      const what = `its commits have ${objectFormat === 'sha1' ? 'SHA-256' : 'SHA-1'} ids`;
      throw sourceError('RevisionNotFound', `${remote.url}: does not give commit ${commit}: ${what}`);
    }
    if (this.#isThere && !isOther) return;
    await this.discard();
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await this.#run(['init', '--quiet', '--bare', '--template=', `--object-format=${objectFormat}`, folder]);
    await writeFile(join(folder, marker), this.#markerText(), { mode: 0o600 });
    this.#isOurs = true;
    this.#isThere = true;
  }

  async #maintain(): Promise<void> {
    if (this.#packing !== undefined || !(await this.#maintenance.isDue())) return;
    this.#packing = this.#maintenance
      .run([...this.#kept.values()], this.#stop.signal)
      // What is wrong with it shows when it is read or fetched into.
      .catch(() => undefined)
      .finally(() => (this.#packing = undefined));
  }

  /** Somebody may have emptied the data folder. */
  async #isOnDisk(): Promise<boolean> {
    return await this.#readMarker().then(
      () => true,
      () => false,
    );
  }

  async #readMarker(): Promise<string> {
    return await readFile(join(this.#options.folder, marker), 'utf8');
  }

  /** A higher limit asks for files that were left out. */
  #markerText(): string {
    return `${JSON.stringify({ format, manifestBytes: this.#options.limits.manifestBytes })}\n`;
  }

  async #run(args: readonly string[]): Promise<string[]> {
    const { git, folder, limits } = this.#options;
    try {
      const command = { args, cwd: folder, env: { GIT_DIR: folder }, deadlineMs: limits.unpackMs };
      const printed = await git.run(command, this.#stop.signal);
      return printed
        .toString('utf8')
        .split('\n')
        .filter((line) => line !== '');
    } catch (error) {
      throw new CorruptRepository(messageOf(error));
    }
  }
}

function formatOf(commit: string): ObjectFormat {
  return commit.length === 64 ? 'sha256' : 'sha1';
}

function refOf({ commit, tag }: Wanted): string {
  return `${refs}${commit}${tag === undefined ? '' : `-${tag}`}`;
}

function wantedOf(name: string): Wanted {
  const [commit = '', tag] = name.slice(refs.length).split('-');
  return { commit, tag };
}

/**
 * The filter is given as if the remote had been cloned with it, but for this command only: nothing later may fetch what is
 * missing.
 */
function fetchCommand({ url }: Reach, wanted: Wanted, limits: Limits): { args: string[]; config: string[] } {
  const filter = `blob:limit=${limits.manifestBytes + 1}`;
  return {
    args: [
      'fetch',
      '--quiet',
      '--depth=1',
      '--no-tags',
      '--no-write-fetch-head',
      '--no-auto-maintenance',
      '--no-recurse-submodules',
      '--no-show-forced-updates',
      `--filter=${filter}`,
      'origin',
      `+${wanted.tag ?? wanted.commit}:${refOf(wanted)}`,
    ],
    config: [`remote.origin.url=${url}`, 'remote.origin.promisor=true', `remote.origin.partialclonefilter=${filter}`],
  };
}
