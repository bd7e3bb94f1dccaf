import type { Artefact, DesiredHook, DesiredObject } from '../model/desired.ts';
import type { Hook } from '../model/hook.ts';
import { sha256Hex } from '../model/hash.ts';
import { decodeJson } from '../model/json.ts';
import type { KubeObject } from '../model/object.ts';
import { isKubeObject, refKey, type Ref } from '../model/object.ts';
import type { Artefacts, Clock } from '../model/ports.ts';
import { BoundedFolder } from './bounded-folder.ts';
import type { PreparedObject } from './prepare.ts';

/** Raised when files written before would be misread. */
const format = 'evenkeel-artefact-3';
const checksumBytes = 64;

/** What a file says of one object; its body lies at `offset` behind the header. */
interface IndexEntry extends Omit<DesiredObject, 'body'> {
  readonly hook?: Hook;
  readonly offset: number;
  readonly length: number;
}

interface Header {
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
 * evicted.
 */
export class ArtefactStore implements Artefacts {
  readonly #files: BoundedFolder;
  readonly #kept = new Map<string, ReadonlySet<string>>();
  /** What is held elsewhere anyway needs no second reading. */
  readonly #opened = new Map<string, WeakRef<Artefact>>();

  constructor(folder: string, maxBytes: number, clock: Clock) {
    this.#files = new BoundedFolder({ folder, extension: '.artefact', maxBytes, clock });
  }

  /** Replaces what an owner (an Application's key) needs; nothing = it needs none. */
  keep(owner: string, digests: Iterable<string>): void {
    const set = new Set(digests);
    if (set.size === 0) this.#kept.delete(owner);
    else this.#kept.set(owner, set);
  }

  async open(digest: string): Promise<Artefact | undefined> {
    const opened = this.#opened.get(digest)?.deref();
    if (opened !== undefined) return opened;
    const bytes = await this.#files.read(digest);
    const artefact = bytes === undefined ? undefined : read(digest, bytes);
    if (artefact !== undefined) this.#opened.set(digest, new WeakRef(artefact));
    return artefact;
  }

  async write(objects: readonly PreparedObject[]): Promise<Artefact> {
    const digest = digestOf(objects);
    const { bytes, index, bodies } = encode(objects);
    const isKept = (name: string): boolean => [...this.#kept.values()].some((digests) => digests.has(name));
    for (const evicted of await this.#files.write(digest, bytes, isKept)) this.#opened.delete(evicted);
    const artefact = artefactOf(digest, index, bodies);
    this.#opened.set(digest, new WeakRef(artefact));
    return artefact;
  }
}

/** Format, checksum of all that follows, header (JSON of one line), bodies. */
function encode(objects: readonly PreparedObject[]): { bytes: Buffer; index: readonly IndexEntry[]; bodies: Buffer } {
  const texts: Buffer[] = [];
  let offset = 0;
  const index = objects.map(({ json, ...entry }): IndexEntry => {
    const body = Buffer.from(json);
    texts.push(body);
    offset += body.length;
    return { ...entry, offset: offset - body.length, length: body.length };
  });
  const header: Header = { objects: index };
  const bodies = Buffer.concat(texts);
  const content = Buffer.concat([Buffer.from(`${JSON.stringify(header)}\n`), bodies]);
  const bytes = Buffer.concat([Buffer.from(`${format}\n${sha256Hex(content)}\n`), content]);
  return { bytes, index, bodies };
}

/** undefined when it is damaged, or another format. */
function read(digest: string, bytes: Buffer): Artefact | undefined {
  const start = format.length + 1 + checksumBytes + 1;
  const lines = bytes.toString('latin1', 0, start);
  const content = bytes.subarray(start);
  if (lines !== `${format}\n${sha256Hex(content)}\n`) return undefined;
  const headerEnd = content.indexOf('\n');
  // The checksum vouches for what this same format has written.
  const header = JSON.parse(content.toString('utf8', 0, headerEnd)) as Header;
  if (digestOf(header.objects) !== digest) return undefined;
  return artefactOf(digest, header.objects, content.subarray(headerEnd + 1));
}

function artefactOf(digest: string, index: readonly IndexEntry[], bodies: Buffer): Artefact {
  const all = index.map((entry) => desiredObject(entry, bodies));
  return { digest, objects: all.filter((one) => !isHook(one)), hooks: all.filter(isHook) };
}

function isHook(one: DesiredObject | DesiredHook): one is DesiredHook {
  return 'hook' in one;
}

function desiredObject({ offset, length, ...said }: IndexEntry, bodies: Buffer): DesiredObject | DesiredHook {
  return { ...said, body: () => decodeBody(bodies.subarray(offset, offset + length)) };
}

function decodeBody(bytes: Buffer): KubeObject {
  const body = decodeJson(bytes.toString('utf8'));
  if (!isKubeObject(body)) throw new Error('an artefact holds something that is no object');
  return body;
}
