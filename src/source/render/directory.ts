import { posix } from 'node:path';
import type { SourceSpec } from '../../model/application.ts';
import { renderError } from '../failures.ts';
import type { TreeEntry } from '../git/engine.ts';
import { compileGlob } from '../glob.ts';
import { limitExceeded, type Limits } from '../limits.ts';
import { join, type Tree, type TreeNode } from '../tree.ts';
import { decodeFiles } from './decode-files.ts';
import type { PlanRender } from './renderer.ts';

/** Plain manifests: what is read is what is rendered. */
export const planDirectory: PlanRender = async ({ tree, source }, { limits }) => {
  const files = await selectManifests(tree, source, limits);
  return {
    identity: files.map(({ path, oid }) => [path, oid]),
    run: (signal) => decodeFiles(files, limits, signal),
  };
};

/**
 * The files of a directory source in the order of their paths, filtered as Argo CD does. Throws OperatorError PathNotFound.
 */
export async function selectManifests(tree: Tree, source: SourceSpec, limits: Limits): Promise<TreeNode[]> {
  const files: TreeNode[] = [];
  const selection = { source, tree, isWanted: fileFilter(source) };
  for await (const file of walk(await tree.folderAt(source.path), selection)) {
    files.push(file);
    if (files.length > limits.renderFiles)
      throw limitExceeded('the manifests of the Application', 'renderFiles', limits);
  }
  return files;
}

interface Selection {
  readonly source: SourceSpec;
  readonly tree: Tree;
  readonly isWanted: (path: string) => boolean;
}

async function* walk(folder: TreeNode, selection: Selection): AsyncGenerator<TreeNode> {
  for (const entry of await selection.tree.entries(folder)) yield* filesOf(folder, entry, selection);
}

/** A link is followed to a file, never into a folder; a submodule is a folder. */
async function* filesOf(folder: TreeNode, entry: TreeEntry, selection: Selection): AsyncGenerator<TreeNode> {
  const { source, tree, isWanted } = selection;
  const path = join(folder.path, entry.name);
  const isFile = entry.kind === 'file' || entry.kind === 'link';
  if (isFile ? !isWanted(path) : !source.directory.recurse) return;
  const node = await tree.child(folder, entry);
  if (node === undefined) throw renderError('PathNotFound', `${path}: links to something that does not exist`);
  if (node.kind === 'file') yield node;
  else if (!isFile) yield* walk(node, selection);
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
