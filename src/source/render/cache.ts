import type { SourceType } from '../../model/application.ts';
import { sha256Hex } from '../../model/hash.ts';
import type { GroupKind } from '../../model/object.ts';
import type { Scopes } from '../../model/ports.ts';
import type { BoundedFolder } from '../bounded-folder.ts';
import type { Scope } from '../prepare.ts';

/** What came of one render, without the objects: those are in the artefact of `digest`. */
export interface Rendered {
  readonly digest: string;
  readonly skippedDocuments: number;
  readonly sourceTypes: readonly SourceType[];
  readonly repeated: readonly string[];
  /** What was known of kinds then: when it is otherwise now, the namespaces may be others. */
  readonly scopesUsed: readonly { readonly kind: GroupKind; readonly scope?: NonNullable<Scope> }[];
}

const checksumLength = 64;
/** Entries in memory, each of some hundred bytes. */
const mostInMemory = 20_000;

/**
 * Renders by what they depend on (see `renderKey`), in memory and on disk.
 *
 * Guarantees: what is damaged counts as absent; an answer holds for the scopes of kinds as they are now.
 */
export class RenderCache {
  readonly #files: BoundedFolder;
  readonly #scopes: Scopes;
  readonly #recent = new Map<string, Rendered>();

  constructor(files: BoundedFolder, scopes: Scopes) {
    this.#files = files;
    this.#scopes = scopes;
  }

  /** `scopes`: it is there, but for other scopes. */
  async find(key: string): Promise<Rendered | 'scopes' | undefined> {
    const rendered = this.#recent.get(key) ?? (await this.#read(key));
    if (rendered === undefined) return undefined;
    this.#remember(key, rendered);
    return this.#isCurrent(rendered) ? rendered : 'scopes';
  }

  async write(key: string, rendered: Rendered): Promise<void> {
    const json = JSON.stringify(rendered);
    await this.#files.write(key, Buffer.from(`${sha256Hex(json)}${json}`));
    this.#remember(key, rendered);
  }

  async #read(key: string): Promise<Rendered | undefined> {
    const bytes = await this.#files.read(key);
    const text = bytes?.toString('utf8') ?? '';
    const json = text.slice(checksumLength);
    // The checksum vouches for what this same version has written: the version is part of the key.
    return json !== '' && sha256Hex(json) === text.slice(0, checksumLength)
      ? (JSON.parse(json) as Rendered)
      : undefined;
  }

  #remember(key: string, rendered: Rendered): void {
    this.#recent.delete(key);
    this.#recent.set(key, rendered);
    const [oldest] = this.#recent.keys();
    if (this.#recent.size > mostInMemory && oldest !== undefined) this.#recent.delete(oldest);
  }

  /** A kind that became known, or moved, asks for another preparation. */
  #isCurrent({ scopesUsed }: Rendered): boolean {
    return scopesUsed.every(({ kind, scope }) => this.#scopes.scopeOf(kind) === scope);
  }
}
