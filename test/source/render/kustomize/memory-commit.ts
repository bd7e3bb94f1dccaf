import { createHash } from 'node:crypto';
import type { ObjectReader, TreeEntry } from '../../../../src/source/git/engine.ts';
import type { CaseFile } from './by-hand.ts';

/** A commit in memory with ids of content, as Git has them, that counts what is read of it. */
export class MemoryCommit implements ObjectReader {
  readonly root: string;
  /** Paths of the files that were read, in their order. */
  readonly read: string[] = [];
  trees = 0;
  readonly #objects = new Map<string, readonly TreeEntry[] | Uint8Array>();

  constructor(files: Readonly<Record<string, CaseFile>>) {
    const paths = Object.entries(files).map(([path, content]) => [path.split('/'), content] as const);
    this.root = this.#folder(paths);
  }

  rootTree(): Promise<string> {
    return Promise.resolve(this.root);
  }

  tree(oid: string): Promise<readonly TreeEntry[]> {
    this.trees++;
    const found = this.#objects.get(oid);
    return Promise.resolve(Array.isArray(found) ? (found as readonly TreeEntry[]) : []);
  }

  blob(oid: string, path: string): Promise<Uint8Array> {
    this.read.push(path);
    const found = this.#objects.get(oid);
    return found instanceof Uint8Array ? Promise.resolve(found) : Promise.reject(new Error(`no blob ${oid}`));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }

  #folder(files: readonly (readonly [names: readonly string[], content: CaseFile])[]): string {
    const byName = Map.groupBy(files, ([[name = '']]) => name);
    const entries = [...byName].map(([name, inside]): TreeEntry => {
      const [first] = inside;
      if (first?.[0].length !== 1)
        return { name, kind: 'folder', oid: this.#folder(inside.map(([names, content]) => [names.slice(1), content])) };
      const content = first[1];
      const isLink = typeof content !== 'string';
      return { name, kind: isLink ? 'link' : 'file', oid: this.#keep(Buffer.from(isLink ? content.symlink : content)) };
    });
    return this.#keep(entries);
  }

  #keep(content: readonly TreeEntry[] | Uint8Array): string {
    const bytes = content instanceof Uint8Array ? content : JSON.stringify(content);
    const oid = createHash('sha1').update(bytes).digest('hex');
    this.#objects.set(oid, content);
    return oid;
  }
}
