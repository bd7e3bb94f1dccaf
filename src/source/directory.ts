import { posix } from 'node:path';
import type { SourceSpec } from '../model/application.ts';
import { sourceError, notYetSupported, renderError } from './failures.ts';
import type { ObjectReader, TreeEntry } from './git/engine.ts';
import { compileGlob } from './glob.ts';

/** A manifest that a directory render reads; `path` is from the repository's root. */
export interface ManifestFile {
  readonly path: string;
  readonly oid: string;
}

const renderers: readonly (readonly [name: RegExp, renderer: string])[] = [
  [/^(kustomization\.ya?ml|Kustomization)$/, 'kustomize'],
  [/^Chart\.yaml$/, 'Helm'],
];

/**
 * The files of a directory source in the order of their paths, filtered as Argo CD does.
 * Throws OperatorError: PathNotFound; NotYetSupported for what another renderer reads, for submodules and overrides.
 */
export async function selectManifests(
  reader: ObjectReader,
  rootTree: string,
  source: SourceSpec,
  applicationName: string,
): Promise<ManifestFile[]> {
  const tree = new Tree(reader, rootTree);
  const entries = await tree.folderAt(source.path);
  checkFolder(entries, source, applicationName);
  return await walk(source.path === '.' ? '' : source.path, entries, { source, tree, isWanted: fileFilter(source) });
}

interface Selection {
  readonly source: SourceSpec;
  readonly tree: Tree;
  readonly isWanted: (path: string) => boolean;
}

async function walk(folder: string, content: readonly TreeEntry[], selection: Selection): Promise<ManifestFile[]> {
  const files: ManifestFile[] = [];
  for (const entry of content.toSorted(byName)) {
    if (entry.name.toLowerCase() === '.git') continue;
    files.push(...(await filesOf(join(folder, entry.name), entry, selection)));
  }
  return files;
}

async function filesOf(path: string, entry: TreeEntry, selection: Selection): Promise<ManifestFile[]> {
  const { source, tree, isWanted } = selection;
  const { recurse } = source.directory;
  switch (entry.kind) {
    case 'folder':
      return recurse ? await walk(path, await tree.entries(entry.oid), selection) : [];
    case 'submodule':
      if (recurse) throw submodule(path);
      return [];
    case 'file':
      return isWanted(path) ? [{ path, oid: entry.oid }] : [];
    case 'link':
      return isWanted(path) ? await tree.linkedFile(path, entry) : [];
  }
}

function checkFolder(entries: readonly TreeEntry[], source: SourceSpec, applicationName: string): void {
  for (const { name } of entries) {
    if (name === '.argocd-source.yaml' || name === `.argocd-source-${applicationName}.yaml`) {
      throw notYetSupported(`${join(source.path, name)}: overrides in files are not supported yet`);
    }
  }
  if (isExplicit(source.directory)) return;
  for (const [pattern, renderer] of renderers) {
    const found = entries.find(({ name }) => pattern.test(name));
    if (found !== undefined) {
      throw notYetSupported(`${join(source.path, found.name)}: rendering with ${renderer} is not supported yet`);
    }
  }
}

/** A block with only zero values counts as absent. */
function isExplicit(directory: SourceSpec['directory']): boolean {
  return directory.recurse || directory.disableExtensionFilter || directory.include !== '' || directory.exclude !== '';
}

function isOverride(name: string): boolean {
  return /^\.argocd-source(-.*)?\.yaml$/.test(name);
}

/** Takes paths from the repository's root; the patterns are about those from the source's folder. */
function fileFilter({ directory, path: folder }: SourceSpec): (path: string) => boolean {
  const included = directory.include === '' ? () => true : compileGlob(directory.include);
  const excluded = directory.exclude === '' ? () => false : compileGlob(directory.exclude);
  const named = (path: string): boolean => directory.disableExtensionFilter || /\.(ya?ml|json)$/.test(path);
  return (path) => {
    if (!named(path) || path.endsWith('.jsonnet') || isOverride(posix.basename(path))) return false;
    const inFolder = relative(folder, path);
    return !excluded(inFolder) && included(inFolder);
  };
}

function byName(a: TreeEntry, b: TreeEntry): number {
  return a.name < b.name ? -1 : 1;
}

function join(folder: string, name: string): string {
  return folder === '' || folder === '.' ? name : `${folder}/${name}`;
}

function relative(folder: string, path: string): string {
  return folder === '.' || folder === '' ? path : path.slice(folder.length + 1);
}

function submodule(path: string) {
  return notYetSupported(`${path}: is a submodule, which is not supported yet`);
}

const maxHops = 20;

/** Follows paths and links through a commit, never out of it. */
class Tree {
  readonly #reader: ObjectReader;
  readonly #root: string;

  constructor(reader: ObjectReader, root: string) {
    this.#reader = reader;
    this.#root = root;
  }

  async folderAt(path: string): Promise<readonly TreeEntry[]> {
    const found = await this.#find(path, maxHops);
    if (found === undefined) throw await this.#notFound(path);
    if (found.kind !== 'folder')
      throw sourceError('PathNotFound', `spec.source.path: "${path}" is a file, not a folder`);
    return await this.#reader.tree(found.oid);
  }

  entries(oid: string): Promise<readonly TreeEntry[]> {
    return this.#reader.tree(oid);
  }

  /** The file behind a link; none when it leads to a folder, which a walk does not enter. */
  async linkedFile(path: string, link: TreeEntry): Promise<ManifestFile[]> {
    const target = await this.#targetOf(path, link);
    const found = await this.#find(target, maxHops);
    if (found === undefined) throw renderError('PathNotFound', `${path}: links to "${target}", which does not exist`);
    return found.kind === 'file' ? [{ path, oid: found.oid }] : [];
  }

  /** undefined when a component does not exist. */
  async #find(path: string, hops: number): Promise<TreeEntry | undefined> {
    let at: TreeEntry = { name: '', kind: 'folder', oid: this.#root };
    const names = path.split('/').filter((name) => name !== '' && name !== '.');
    for (const [i, name] of names.entries()) {
      const here = names.slice(0, i + 1).join('/');
      if (at.kind !== 'folder') return undefined;
      const next = (await this.#reader.tree(at.oid)).find((entry) => entry.name === name);
      if (next === undefined) return undefined;
      if (next.kind === 'submodule') throw submodule(here);
      if (next.kind === 'link') {
        if (hops <= 0) throw renderError('PathNotFound', `${here}: too many links, one after another`);
        return await this.#find([await this.#targetOf(here, next), ...names.slice(i + 1)].join('/'), hops - 1);
      }
      at = next;
    }
    return at;
  }

  async #targetOf(path: string, link: TreeEntry): Promise<string> {
    const text = Buffer.from(await this.#reader.blob(link.oid, path)).toString('utf8');
    const target = posix.normalize(posix.join(posix.dirname(path), text));
    if (posix.isAbsolute(text) || target === '..' || target.startsWith('../')) {
      throw renderError(
        'InvalidObject',
        `${path}: is a link that leaves the repository ("${text.slice(0, 100)}"); it is refused`,
      );
    }
    return target;
  }

  async #notFound(path: string) {
    let nearest = '.';
    for (let parent = posix.dirname(path); parent !== '.' && parent !== '/'; parent = posix.dirname(parent)) {
      if ((await this.#find(parent, maxHops))?.kind !== 'folder') continue;
      nearest = parent;
      break;
    }
    const found = await this.#find(nearest, maxHops);
    const names = found === undefined ? [] : (await this.#reader.tree(found.oid)).map(({ name }) => name);
    const listing =
      names.length === 0 ? 'is empty' : `has ${names.slice(0, 20).join(', ')}${names.length > 20 ? ', …' : ''}`;
    return sourceError('PathNotFound', `spec.source.path: there is no "${path}"; "${nearest}" ${listing}`);
  }
}
