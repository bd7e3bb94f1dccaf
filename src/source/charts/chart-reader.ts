import { sha256Hex } from '../../model/hash.ts';
import type { ObjectReader, TreeEntry } from '../git/engine.ts';
import { limitExceeded, type Limits } from '../limits.ts';
import type { ChartFiles } from './unpack.ts';

interface Folder {
  readonly folders: Map<string, Folder>;
  readonly files: Map<string, Buffer>;
}

/** An unpacked chart, read as if it were a commit. Ids are SHA-256 of content: equal ids, equal content. */
export class ChartReader implements ObjectReader {
  readonly #limits: Limits;
  readonly #trees = new Map<string, readonly TreeEntry[]>();
  readonly #blobs = new Map<string, Buffer>();
  readonly #root: string;

  constructor(files: ChartFiles, limits: Limits) {
    this.#limits = limits;
    this.#root = this.#addTree(foldersOf(files));
  }

  rootTree(): Promise<string> {
    return Promise.resolve(this.#root);
  }

  tree(oid: string): Promise<readonly TreeEntry[]> {
    return Promise.resolve(this.#trees.get(oid) ?? []);
  }

  blob(oid: string, path: string): Promise<Uint8Array> {
    const bytes = this.#blobs.get(oid);
    if (bytes === undefined) return Promise.reject(new Error(`${path}: not in the chart`));
    if (bytes.length > this.#limits.manifestBytes) {
      return Promise.reject(limitExceeded(path, 'manifestBytes', this.#limits));
    }
    return Promise.resolve(bytes);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }

  #addTree({ folders, files }: Folder): string {
    const entries: TreeEntry[] = [
      ...[...folders].map(([name, folder]) => ({ name, kind: 'folder' as const, oid: this.#addTree(folder) })),
      ...[...files].map(([name, bytes]) => ({ name, kind: 'file' as const, oid: this.#addBlob(bytes) })),
    ].sort((a, b) => (a.name < b.name ? -1 : 1));
    const oid = sha256Hex(`tree\n${entries.map(({ name, kind, oid }) => `${kind} ${oid} ${name}\n`).join('')}`);
    this.#trees.set(oid, entries);
    return oid;
  }

  #addBlob(bytes: Buffer): string {
    const oid = sha256Hex(bytes);
    this.#blobs.set(oid, bytes);
    return oid;
  }
}

function foldersOf(files: ChartFiles): Folder {
  const root: Folder = { folders: new Map(), files: new Map() };
  for (const [path, bytes] of files) {
    const names = path.split('/');
    const last = names.pop() ?? '';
    let at = root;
    for (const name of names) {
      const next: Folder = at.folders.get(name) ?? { folders: new Map(), files: new Map() };
      at.folders.set(name, next);
      at = next;
    }
    at.files.set(last, bytes);
  }
  return root;
}
