import { setImmediate } from 'node:timers/promises';
import type { Application } from '../model/application.ts';
import { sha256Hex } from '../model/hash.ts';
import type { GroupKind } from '../model/object.ts';
import type { Scopes } from '../model/ports.ts';
import { decodeFile, type WrittenObject } from './decode.ts';
import { selectManifests, type ManifestFile } from './directory.ts';
import { limitExceeded, type Limits } from './limits.ts';
import type { Scope } from './prepare.ts';
import type { Tree } from './tree.ts';

/** What a render reads, and its identity: the same key, the same objects. */
export interface ReadSet {
  readonly files: readonly ManifestFile[];
  readonly key: string;
}

export async function readSetOf(tree: Tree, app: Application): Promise<ReadSet> {
  const files = await selectManifests(tree, app.spec.sources[0], app.name);
  return { files, key: sha256Hex(JSON.stringify(files.map(({ path, oid }) => [path, oid]))) };
}

/** Everything of an Application that its render depends on. */
export function parametersOf(app: Application): string {
  const { path, directory } = app.spec.sources[0];
  return JSON.stringify([app.key, path, directory, app.spec.destinationNamespace]);
}

export interface Written {
  readonly objects: readonly WrittenObject[];
  readonly skippedDocuments: number;
}

/** Decodes the files one by one, letting the loop do other work in between. */
export async function decodeFiles(
  files: readonly ManifestFile[],
  limits: Limits,
  signal: AbortSignal,
): Promise<Written> {
  const objects: WrittenObject[] = [];
  let skippedDocuments = 0;
  let total = 0;
  for (const { path, node } of files) {
    await setImmediate();
    signal.throwIfAborted();
    const bytes = await node.tree.read(node);
    total += bytes.length;
    if (total > limits.manifestsBytes)
      throw limitExceeded('the manifests of the Application', 'manifestsBytes', limits);
    if (bytes.includes('+argocd:skip-file-rendering')) continue;
    const decoded = decodeFile(path, bytes);
    objects.push(...decoded.objects);
    skippedDocuments += decoded.skippedDocuments;
    if (objects.length > limits.objects) throw limitExceeded('the objects of the Application', 'objects', limits);
  }
  return { objects, skippedDocuments };
}

export interface Rendered {
  readonly commit: string;
  readonly parameters: string;
  readonly readSet: string;
  readonly scopesUsed: ReadonlyMap<string, { readonly kind: GroupKind; readonly scope: Scope }>;
  readonly digest: string;
  readonly skippedDocuments: number;
}

/** The newest, the last applied, and one that somebody rolled back to. */
const rememberedPerApplication = 3;

/** What was rendered lately, so that a commit that does not touch an Application costs it a comparison. */
export class RenderMemo {
  readonly #scopes: Scopes;
  readonly #byApplication = new Map<string, Rendered[]>();

  constructor(scopes: Scopes) {
    this.#scopes = scopes;
  }

  find(key: string, matches: (rendered: Rendered) => boolean): Rendered | undefined {
    return this.#byApplication.get(key)?.find((rendered) => matches(rendered) && this.#isCurrent(rendered));
  }

  remember(key: string, rendered: Rendered): readonly Rendered[] {
    const others = this.#byApplication.get(key)?.filter(({ commit }) => commit !== rendered.commit) ?? [];
    const all = [rendered, ...others].slice(0, rememberedPerApplication);
    this.#byApplication.set(key, all);
    return all;
  }

  forget(key: string): void {
    this.#byApplication.delete(key);
  }

  /** A kind that became known, or moved, asks for another preparation. */
  #isCurrent({ scopesUsed }: Rendered): boolean {
    return [...scopesUsed.values()].every(({ kind, scope }) => this.#scopes.scopeOf(kind) === scope);
  }
}
