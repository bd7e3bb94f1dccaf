import { posix } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import type { JsonObject } from '../../../model/json.ts';
import { notYetSupported, renderError } from '../../failures.ts';
import { limitExceeded, type Limits } from '../../limits.ts';
import type { TreeNode } from '../../tree.ts';
import { foldedName } from './fields.ts';
import type { Kustomization, Kustomizations } from './kustomization.ts';
import type { Lookup } from './lookup.ts';
import type { Reference, References } from './references.ts';
import { remotenessOf } from './remote.ts';

/** What `kustomize build` reads. */
export interface ReadSet {
  /** In the order of their paths. */
  readonly files: readonly TreeNode[];
  /** Entries that kustomize fetches, as `file: field "entry"`. */
  readonly remote: readonly string[];
}

export interface WalkOptions {
  readonly lookup: Lookup;
  readonly kustomizations: Kustomizations;
  readonly limits: Limits;
  readonly allowRemote: boolean;
}

/** Deeper than anybody nests bases, and shallow enough for kustomize to report what is wrong. */
const maxDepth = 100;

/** A reference, and the kustomization that has it. */
interface Place {
  readonly folder: string;
  readonly file: string;
  /** Folders of the kustomizations that lead here, this one last. */
  readonly chain: readonly string[];
}

/**
 * The files that building a folder reads, found by following what its kustomizations name; `added` are references that
 * the Application's options add to the first of them. Reads kustomizations and plugins' configurations, nothing else.
 * Throws OperatorError, naming file and entry.
 */
export async function readSetOf(
  root: Kustomization,
  folder: string,
  added: readonly Reference[],
  options: WalkOptions,
): Promise<ReadSet> {
  const walk = new Walk(options);
  const place = { folder, file: root.file.path, chain: [folder] };
  await walk.follow({ ...root.references, all: [...root.references.all, ...added] }, root.file, place);
  const files = [...walk.files.values()].toSorted((a, b) => (a.path < b.path ? -1 : 1));
  return { files, remote: walk.remote };
}

class Walk {
  readonly files = new Map<string, TreeNode>();
  readonly remote: string[] = [];
  readonly #options: WalkOptions;
  readonly #followed = new Set<string>();
  readonly #wholeFolders = new Set<string>();
  #entries = 0;

  constructor(options: WalkOptions) {
    this.#options = options;
  }

  async follow(references: References, file: TreeNode, place: Place): Promise<void> {
    // What has been read before is found without waiting for anything: others have their turn in between.
    await setImmediate();
    this.#followed.add(place.folder);
    this.#add(file);
    if (references.charts !== undefined) throw inflatesCharts(place.file, references.charts);
    for (const reference of references.all) await this.#one(reference, place);
    if (references.unknown !== undefined) await this.#everythingIn(place.folder);
  }

  async #one(reference: Reference, place: Place): Promise<void> {
    this.#count();
    const where = `${place.file}: ${reference.field} "${reference.entry.slice(0, 200)}"`;
    if (remotenessOf(reference.entry) !== 'local') {
      this.#elsewhere(reference, where);
      return;
    }
    const path = pathOf(reference.entry, place.folder, where);
    const node = await this.#options.lookup.find(path);
    if (node === undefined) throw renderError('PathNotFound', `${where}: there is no "${path}"`);
    if (node.kind === 'folder') await this.#folder(reference, path, { place, where });
    else if (reference.kind === 'component') throw renderError('RenderFailed', `${where}: is a file, not a folder`);
    else await this.#file(reference, node, place);
  }

  #elsewhere({ entry }: Reference, where: string): void {
    if (remotenessOf(entry) === 'refused') throw renderError('Refused', `${where}: files of this machine are refused`);
    if (!this.#options.allowRemote) {
      throw renderError('Refused', `${where}: is fetched from elsewhere, which EVENKEEL_REMOTE_BASES does not allow`);
    }
    this.remote.push(where);
  }

  async #file(reference: Reference, node: TreeNode, place: Place): Promise<void> {
    this.#add(node);
    if (reference.kind !== 'plugin') return;
    const configured = await this.#options.kustomizations.plugins(node, reference.field);
    await this.#configured(configured, place);
  }

  async #folder(
    reference: Reference,
    path: string,
    { place, where }: { readonly place: Place; readonly where: string },
  ): Promise<void> {
    if (reference.kind === 'file') throw renderError('RenderFailed', `${where}: is a folder, not a file`);
    await this.#enter(path, place, where);
    if (reference.kind === 'plugin') await this.#pluginsIn(path, reference.field, place);
  }

  async #enter(folder: string, place: Place, where: string): Promise<void> {
    const visited = place.chain.find((one) => isInOrAbove(folder, one));
    const chain = [...place.chain, folder];
    if (visited !== undefined)
      throw renderError('RenderFailed', `${where}: leads in a circle: ${chain.map(shown).join(' → ')}`);
    if (chain.length > maxDepth) throw renderError('RenderFailed', `${where}: more than ${maxDepth} bases deep`);
    if (this.#followed.has(folder)) return;
    const { lookup, kustomizations } = this.#options;
    const { file, references } = await kustomizations.in(folder, lookup);
    await this.follow(references, file, { folder, file: file.path, chain });
  }

  /** The objects that a folder builds configure plugins, whose paths are from the folder that names it. */
  async #pluginsIn(folder: string, field: string, place: Place): Promise<void> {
    const { lookup, kustomizations } = this.#options;
    const { file, content, references } = await kustomizations.in(folder, lookup);
    if (!onlyCollects(content)) throw changesPlugins(file.path, place.file, field);
    for (const { entry } of references.all) {
      this.#count();
      const path = posix.join(folder, entry);
      const node = remotenessOf(entry) === 'local' ? await lookup.find(path) : undefined;
      if (node?.kind === 'folder') await this.#pluginsIn(path, field, place);
      else if (node?.kind === 'file') await this.#configured(await kustomizations.plugins(node, field), place);
      else await this.#everythingIn(place.folder);
    }
  }

  async #configured({ all, unknown, charts }: References, place: Place): Promise<void> {
    if (charts !== undefined) throw inflatesCharts(place.file, charts);
    for (const reference of all) await this.#one(reference, place);
    if (unknown !== undefined) await this.#everythingIn(place.folder);
  }

  async #everythingIn(folder: string): Promise<void> {
    if (this.#wholeFolders.has(folder)) return;
    this.#wholeFolders.add(folder);
    for await (const node of this.#options.lookup.filesBelow(folder)) this.#add(node);
  }

  /** Entries that lead to the same files again and again cost time, too. */
  #count(): void {
    const { limits } = this.#options;
    if (++this.#entries > limits.renderFiles)
      throw limitExceeded('the number of entries in kustomizations', 'renderFiles', limits);
  }

  #add(node: TreeNode): void {
    const { limits } = this.#options;
    this.files.set(node.path, node);
    if (this.files.size > limits.renderFiles) throw limitExceeded('what kustomize would read', 'renderFiles', limits);
  }
}

function pathOf(entry: string, folder: string, where: string): string {
  const path = posix.normalize(posix.join(folder, entry)).replace(/(?<=.)\/$/, '');
  if (posix.isAbsolute(entry)) throw renderError('InvalidObject', `${where}: absolute paths are refused`);
  if (path === '..' || path.startsWith('../')) throw renderError('InvalidObject', `${where}: leaves the repository`);
  return path;
}

/** kustomize refuses a base that is, or holds, one that led to it. */
function isInOrAbove(folder: string, other: string): boolean {
  return folder === '.' || folder === other || other.startsWith(`${folder}/`);
}

/** True when what is built is what is written: then its paths can be read off. */
function onlyCollects(kustomization: JsonObject): boolean {
  const collecting = new Set(['apiversion', 'kind', 'metadata', 'resources', 'bases']);
  return Object.keys(kustomization).every((name) => collecting.has(foldedName(name)));
}

/** What such a plugin reads, or fetches, could not be told before it does. */
function changesPlugins(file: string, user: string, field: string) {
  return notYetSupported(
    `${file}: changes the plugins that it gives to ${field} of ${user}; only resources are supported there`,
  );
}

function shown(folder: string): string {
  return folder === '.' ? 'the root of the repository' : folder;
}

function inflatesCharts(file: string, field: string) {
  return notYetSupported(
    `${file}: ${field} would let kustomize run Helm, which is not supported here; make the chart a source of its own`,
  );
}
