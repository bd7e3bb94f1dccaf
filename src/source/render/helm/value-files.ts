import { posix } from 'node:path';
import { notYetSupported, renderError } from '../../failures.ts';
import { compileGlob } from '../../glob.ts';
import { join, type Tree, type TreeNode } from '../../tree.ts';

/** A file that an option names. */
export interface NamedFile {
  /** As messages call it. */
  readonly label: string;
  readonly node: TreeNode;
}

/** Where the paths of options begin. */
export interface Places {
  readonly tree: Tree;
  /** The chart's folder. */
  readonly folder: string;
  /** Trees of other sources, by `ref`. */
  readonly refs: ReadonlyMap<string, Tree>;
}

interface Place {
  readonly tree: Tree;
  readonly path: string;
  readonly label: string;
  readonly isGlob: boolean;
}

/**
 * The files that `valueFiles` names, in their order, as Argo CD resolves them: relative to the chart, `/…` from the root of
 * the repository, `$ref/…` from that of another source. A glob (`*` in a segment, `**` across) gives its matches in the
 * order of their names, without those that are named themselves; no file comes twice.
 * Throws OperatorError: InvalidSpec for what leaves its repository, PathNotFound for what is missing.
 */
export async function findValueFiles(
  texts: readonly string[],
  places: Places,
  ignoreMissing: boolean,
): Promise<readonly NamedFile[]> {
  const wanted = texts.map((text) => placeOf('valueFiles', text, places));
  const named = new Set(wanted.filter(({ isGlob }) => !isGlob).map(({ label }) => label));
  const found = new Map<string, NamedFile>();
  for (const place of wanted) {
    const files = place.isGlob
      ? (await matchesOf(place)).filter(({ label }) => !named.has(label))
      : await fileAt(place);
    if (files.length === 0 && !ignoreMissing && !(place.isGlob && (await matchesOf(place)).length > 0)) {
      throw missing('valueFiles', place.isGlob ? `nothing that "${place.label}" matches` : `no "${place.label}"`);
    }
    for (const file of files) if (!found.has(file.label)) found.set(file.label, file);
  }
  return [...found.values()];
}

/** The file of one of `fileParameters`, named like a value file. Throws OperatorError. */
export async function findParameterFile(text: string, places: Places): Promise<NamedFile> {
  const place = placeOf('fileParameters', text, places);
  const [file] = await fileAt(place);
  if (file === undefined) throw missing('fileParameters', `no "${place.label}"`);
  return file;
}

function placeOf(field: string, text: string, { tree, folder, refs }: Places): Place {
  const at = `spec.source.helm.${field}: "${text}"`;
  const [, ref = '', rest = ''] = /^\$([^/]*)\/(.*)$/.exec(text) ?? [];
  if (text.startsWith('$')) {
    const other = refs.get(ref);
    if (other === undefined) throw renderError('InvalidSpec', `${at}: no source has the ref "${ref}"`);
    return placeIn(other, rest, { at, prefix: `$${ref}/` });
  }
  if (/^https?:/i.test(text)) throw notYetSupported(`${at}: files from the web are not supported; commit it`);
  if (/^[a-z][a-z0-9+.-]*:/i.test(text)) throw renderError('InvalidSpec', `${at}: is no path`);
  return placeIn(tree, text.startsWith('/') ? text : join(folder, text), { at, prefix: '' });
}

function placeIn(tree: Tree, text: string, { at, prefix }: { readonly at: string; readonly prefix: string }): Place {
  const path = posix.normalize(text.replace(/^\/+/, ''));
  if (path === '..' || path.startsWith('../')) throw renderError('InvalidSpec', `${at}: leaves the repository`);
  return { tree, path, label: `${prefix}${path}`, isGlob: /[*?[]/.test(path) };
}

async function fileAt({ tree, path, label }: Place): Promise<NamedFile[]> {
  const node = await tree.find(path);
  if (node?.kind === 'folder') throw renderError('InvalidSpec', `${label}: is a folder, where a file is expected`);
  return node === undefined ? [] : [{ label, node }];
}

/** Folder by folder, so that only what the pattern may reach is read; each before what lies deeper. */
async function matchesOf({ tree, path, label }: Place): Promise<NamedFile[]> {
  const prefix = label.slice(0, label.length - path.length);
  const segments = path.split('/');
  const root = await tree.find('');
  let nodes: TreeNode[] = root === undefined ? [] : [root];
  for (const segment of segments) nodes = (await Promise.all(nodes.map((node) => step(node, segment)))).flat();
  const unique = new Map(nodes.map((node) => [node.path, node]));
  return [...unique.values()]
    .filter(({ kind }) => kind === 'file')
    .map((node) => ({ label: `${prefix}${node.path}`, node }));
}

async function step(node: TreeNode, segment: string): Promise<TreeNode[]> {
  if (segment === '**') return await below(node);
  if (node.kind !== 'folder') return [];
  if (!/[*?[{\\]/.test(segment)) {
    const found = await node.tree.find(join(node.path, segment));
    return found === undefined ? [] : [found];
  }
  const matches = compileGlob(segment);
  const entries = (await node.tree.entries(node)).filter(({ name }) => matches(name));
  const found = await Promise.all(entries.map((entry) => node.tree.child(node, entry)));
  return found.filter((each) => each !== undefined);
}

/** Itself and all below it; links are not followed. */
async function below(node: TreeNode): Promise<TreeNode[]> {
  if (node.kind !== 'folder') return [node];
  const all = [node];
  for (const entry of await node.tree.entries(node)) {
    const child = entry.kind === 'link' ? undefined : await node.tree.child(node, entry);
    if (child !== undefined) all.push(...(await below(child)));
  }
  return all;
}

function missing(field: string, what: string) {
  return renderError('PathNotFound', `spec.source.helm.${field}: there is ${what}`);
}
