import { posix } from 'node:path';
import type { SourceSpec } from '../model/application.ts';
import { notYetSupported, renderError } from './failures.ts';
import type { TreeEntry } from './git/engine.ts';
import { compileGlob } from './glob.ts';
import { join, type Tree, type TreeNode } from './tree.ts';

/** A manifest that a directory render reads; `path` is from the repository's root. */
export interface ManifestFile {
  readonly path: string;
  readonly oid: string;
  readonly node: TreeNode;
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
  tree: Tree,
  source: SourceSpec,
  applicationName: string,
): Promise<ManifestFile[]> {
  const folder = await tree.folderAt(source.path);
  const entries = await tree.entries(folder);
  checkFolder(entries, source, applicationName);
  return await walk(folder, { source, tree, isWanted: fileFilter(source) });
}

interface Selection {
  readonly source: SourceSpec;
  readonly tree: Tree;
  readonly isWanted: (path: string) => boolean;
}

async function walk(folder: TreeNode, selection: Selection): Promise<ManifestFile[]> {
  const files: ManifestFile[] = [];
  for (const entry of await selection.tree.entries(folder)) files.push(...(await filesOf(folder, entry, selection)));
  return files;
}

/** A link is followed to a file, never into a folder; a submodule is a folder. */
async function filesOf(folder: TreeNode, entry: TreeEntry, selection: Selection): Promise<ManifestFile[]> {
  const { source, tree, isWanted } = selection;
  const isFile = entry.kind === 'file' || entry.kind === 'link';
  if (isFile ? !isWanted(join(folder.path, entry.name)) : !source.directory.recurse) return [];
  const node = await tree.child(folder, entry);
  if (node === undefined) throw deadLink(join(folder.path, entry.name));
  if (node.kind === 'file') return [{ path: node.path, oid: node.oid, node }];
  return isFile ? [] : await walk(node, selection);
}

function deadLink(path: string) {
  return renderError('PathNotFound', `${path}: links to something that does not exist`);
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

function relative(folder: string, path: string): string {
  return folder === '.' || folder === '' ? path : path.slice(folder.length + 1);
}
