import { randomUUID } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import type { Desired, DesiredObject, Origin } from '../model/desired.ts';
import { sha256Hex } from '../model/hash.ts';
import { decodeJson } from '../model/json.ts';
import type { KubeObject } from '../model/object.ts';
import { isKubeObject, refKey, type Ref } from '../model/object.ts';
import type { Artefacts, Clock } from '../model/ports.ts';
import type { PreparedObject } from './prepare.ts';

/** Raised when files written before would be misread. */
const format = 'evenkeel-artefact-1';
const checksumBytes = 64;

/** What a file says of one object; its body lies at `offset` behind the header. */
interface IndexEntry {
  readonly ref: Ref;
  readonly apiVersion: string;
  readonly hash: string;
  readonly origin: Origin;
  readonly offset: number;
  readonly length: number;
}

interface Header {
  readonly revision: string;
  readonly skippedDocuments: number;
  readonly objects: readonly IndexEntry[];
}

/** Equal digests, equal objects: SHA-256 over the sorted refs and hashes. */
function digestOf(objects: readonly { readonly ref: Ref; readonly hash: string }[]): string {
  return sha256Hex(
    objects
      .map(({ ref, hash }) => `${refKey(ref)}|${hash}\n`)
      .sort()
      .join(''),
  );
}

/**
 * Desired objects on disk, one file per digest.
 *
 * Guarantees: a file is complete or not there; one that was damaged is taken for none; what `keep` names is never
 * evicted. Caveat: the revision in a file is that of the render that wrote it last.
 */
export class ArtefactStore implements Artefacts {
  readonly #folder: string;
  readonly #maxBytes: number;
  readonly #clock: Clock;
  readonly #kept = new Map<string, ReadonlySet<string>>();
  /** What is held elsewhere anyway needs no second reading. */
  readonly #opened = new Map<string, WeakRef<Desired>>();
  /** Bytes by digest, least recently used first; undefined until the folder was read. */
  #sizes: Promise<Map<string, number>> | undefined;

  constructor(folder: string, maxBytes: number, clock: Clock) {
    this.#folder = folder;
    this.#maxBytes = maxBytes;
    this.#clock = clock;
  }

  /** Replaces what an owner (an Application's key) needs; nothing = it needs none. */
  keep(owner: string, digests: Iterable<string>): void {
    const set = new Set(digests);
    if (set.size === 0) this.#kept.delete(owner);
    else this.#kept.set(owner, set);
  }

  async open(digest: string): Promise<Desired | undefined> {
    if (!/^[0-9a-f]{64}$/.test(digest)) return undefined;
    const opened = this.#opened.get(digest)?.deref();
    if (opened !== undefined) return opened;
    const bytes = await readFile(this.#path(digest)).catch(() => undefined);
    const desired = bytes === undefined ? undefined : read(digest, bytes);
    if (desired === undefined) return undefined;
    await this.#used(digest, bytes?.length ?? 0);
    this.#opened.set(digest, new WeakRef(desired));
    return desired;
  }

  async write(
    objects: readonly PreparedObject[],
    about: { readonly revision: string; readonly skippedDocuments: number },
  ): Promise<Desired> {
    const digest = digestOf(objects);
    const bytes = encode(objects, about);
    await this.#replace(digest, bytes);
    await this.#used(digest, bytes.length);
    await this.#evict(digest);
    const desired = read(digest, bytes);
    if (desired === undefined) throw new Error('an artefact that was just encoded cannot be read');
    this.#opened.set(digest, new WeakRef(desired));
    return desired;
  }

  /** Renamed into place only when all of it is on disk. */
  async #replace(digest: string, bytes: Buffer): Promise<void> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    const partial = join(this.#folder, `${randomUUID()}.partial`);
    try {
      const file = await open(partial, 'wx', 0o600);
      try {
        await file.writeFile(bytes);
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(partial, this.#path(digest));
    } catch (error) {
      await rm(partial, { force: true });
      throw error;
    }
  }

  /** Moves it to the end of the line of what is evicted, also for the next process. */
  async #used(digest: string, size: number): Promise<void> {
    const sizes = await (this.#sizes ??= this.#list());
    sizes.delete(digest);
    sizes.set(digest, size);
    const now = this.#clock.now() / 1000;
    await utimes(this.#path(digest), now, now).catch(() => undefined);
  }

  async #evict(justWritten: string): Promise<void> {
    const sizes = await (this.#sizes ??= this.#list());
    const kept = new Set([justWritten, ...[...this.#kept.values()].flatMap((digests) => [...digests])]);
    let total = 0;
    for (const size of sizes.values()) total += size;
    for (const [digest, size] of [...sizes]) {
      if (total <= this.#maxBytes) return;
      if (kept.has(digest)) continue;
      sizes.delete(digest);
      this.#opened.delete(digest);
      await rm(this.#path(digest), { force: true });
      total -= size;
    }
  }

  async #list(): Promise<Map<string, number>> {
    const found: { digest: string; size: number; used: number }[] = [];
    for (const name of await readdir(this.#folder).catch(() => [])) {
      const path = join(this.#folder, name);
      const digest = /^([0-9a-f]{64})\.artefact$/.exec(name)?.[1];
      const file = await stat(path).catch(() => undefined);
      if (digest === undefined) await rm(path, { force: true, recursive: true });
      else if (file !== undefined) found.push({ digest, size: file.size, used: file.mtimeMs });
    }
    found.sort((a, b) => a.used - b.used);
    return new Map(found.map(({ digest, size }) => [digest, size]));
  }

  #path(digest: string): string {
    return join(this.#folder, `${digest}.artefact`);
  }
}

/** Format, checksum of all that follows, header (JSON of one line), bodies. */
function encode(objects: readonly PreparedObject[], about: { revision: string; skippedDocuments: number }): Buffer {
  const bodies: Buffer[] = [];
  let offset = 0;
  const index = objects.map(({ json, ...entry }): IndexEntry => {
    const body = Buffer.from(json);
    bodies.push(body);
    offset += body.length;
    return { ...entry, offset: offset - body.length, length: body.length };
  });
  const header: Header = { ...about, objects: index };
  const content = Buffer.concat([Buffer.from(`${JSON.stringify(header)}\n`), ...bodies]);
  return Buffer.concat([Buffer.from(`${format}\n${sha256Hex(content)}\n`), content]);
}

/** undefined when it is damaged, or another format. */
function read(digest: string, bytes: Buffer): Desired | undefined {
  const start = format.length + 1 + checksumBytes + 1;
  const lines = bytes.toString('latin1', 0, start);
  const content = bytes.subarray(start);
  if (lines !== `${format}\n${sha256Hex(content)}\n`) return undefined;
  const headerEnd = content.indexOf('\n');
  // The checksum vouches for what this same format has written.
  const header = JSON.parse(content.toString('utf8', 0, headerEnd)) as Header;
  const bodies = content.subarray(headerEnd + 1);
  const objects = header.objects.map((entry) => desiredObject(entry, bodies));
  if (digestOf(objects) !== digest) return undefined;
  return { revision: header.revision, digest, objects, skippedDocuments: header.skippedDocuments };
}

function desiredObject(entry: IndexEntry, bodies: Buffer): DesiredObject {
  const { ref, apiVersion, hash, origin, offset, length } = entry;
  return { ref, apiVersion, hash, origin, body: () => decodeBody(bodies.subarray(offset, offset + length)) };
}

function decodeBody(bytes: Buffer): KubeObject {
  const body = decodeJson(bytes.toString('utf8'));
  if (!isKubeObject(body)) throw new Error('an artefact holds something that is no object');
  return body;
}
