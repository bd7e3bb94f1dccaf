import { posix } from 'node:path';
import { unpackChart, type ChartFiles } from '../../charts/unpack.ts';
import { renderError } from '../../failures.ts';
import type { Limits } from '../../limits.ts';
import { join, type Tree, type TreeNode } from '../../tree.ts';
import { readMetadata, type ChartMetadata } from './chart-metadata.ts';

/** What is known of a chart's folder without rendering it. */
export interface ChartFacts extends ChartMetadata {
  /** Names of charts that lie in `charts/`. */
  readonly vendored: ReadonlySet<string>;
  /** Some file asks what the cluster can do, so that the cluster's answer is part of the result. */
  readonly asksCluster: boolean;
  /** Present when links or submodules bring in what the folder's id does not cover. */
  readonly files?: readonly (readonly [path: string, oid: string])[];
}

/** One file of a chart, its path from the chart's folder. */
export interface ChartFile {
  readonly path: string;
  readonly node: TreeNode;
}

interface Walked {
  readonly files: ChartFile[];
  followsLinks: boolean;
}

/** Ids of places, which is what a folder on disk has, say nothing about content. */
const contentId = /^([0-9a-f]{40}|[0-9a-f]{64})$/;
const remembered = 2_000;

/** Reads charts, each content once. */
export class ChartBook {
  readonly #limits: Limits;
  readonly #known = new Map<string, ChartFacts>();
  readonly #asking = new Map<string, boolean>();

  constructor(limits: Limits) {
    this.#limits = limits;
  }

  async facts(folder: TreeNode): Promise<ChartFacts> {
    const known = this.#known.get(folder.oid);
    if (known !== undefined) return known;
    const walked = await walk(folder);
    const facts = await this.#read(folder, walked);
    if (facts.files === undefined && contentId.test(folder.oid)) remember(this.#known, folder.oid, facts);
    return facts;
  }

  /** Whether a file that is no part of the chart asks, too. */
  async asks(file: TreeNode): Promise<boolean> {
    const known = this.#asking.get(file.oid);
    if (known !== undefined) return known;
    const asks = mentionsCapabilities(await file.tree.read(file));
    if (contentId.test(file.oid)) remember(this.#asking, file.oid, asks);
    return asks;
  }

  async #read(folder: TreeNode, { files, followsLinks }: Walked): Promise<ChartFacts> {
    const contents = new Map<string, Buffer>();
    let asksCluster = false;
    const vendored = new Set<string>();
    for (const { path, node } of files) {
      const bytes = await node.tree.read(node);
      if (isMetadata(path)) contents.set(path, bytes);
      if (isVendoredArchive(path)) {
        const unpacked = await unpackChart(join(folder.path, path), bytes, this.#limits);
        if (posix.dirname(path) === 'charts') vendored.add(readMetadata(join(folder.path, path), unpacked).name);
        asksCluster ||= asksForCapabilities(unpacked);
      } else asksCluster ||= mentionsCapabilities(bytes);
    }
    for (const name of vendoredFolders(contents, folder.path)) vendored.add(name);
    const metadata = readMetadata(folder.path, contents);
    return {
      ...metadata,
      vendored,
      asksCluster: asksCluster || metadata.kubeVersion !== '',
      ...(followsLinks ? { files: files.map(({ path, node }) => [path, node.oid] as const) } : {}),
    };
  }
}

/** Everything in a chart's folder, in the order of paths. */
export async function filesOf(folder: TreeNode): Promise<readonly ChartFile[]> {
  return (await walk(folder)).files;
}

/** Whether an unpacked chart, or one in it, asks what the cluster can do. */
function asksForCapabilities(files: ChartFiles): boolean {
  for (const [path, bytes] of files) if (isVendoredArchive(path) || mentionsCapabilities(bytes)) return true;
  return false;
}

/** Whatever is a template, or becomes one by `tpl`, has to spell it out. */
export function mentionsCapabilities(bytes: Uint8Array): boolean {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).includes('Capabilities');
}

async function walk(folder: TreeNode): Promise<Walked> {
  const walked: Walked = { files: [], followsLinks: false };
  await walkInto(folder, '', walked);
  return walked;
}

async function walkInto(folder: TreeNode, path: string, walked: Walked): Promise<void> {
  const tree: Tree = folder.tree;
  for (const entry of await tree.entries(folder)) {
    const node = await tree.child(folder, entry);
    const inChart = join(path, entry.name);
    if (entry.kind === 'link' || entry.kind === 'submodule') walked.followsLinks = true;
    if (node === undefined)
      throw renderError('PathNotFound', `${join(folder.path, entry.name)}: links to something that does not exist`);
    if (node.kind === 'file') walked.files.push({ path: inChart, node });
    else await walkInto(node, inChart, walked);
  }
}

function isMetadata(path: string): boolean {
  return /^(charts\/[^/]+\/)?(Chart\.yaml|requirements\.yaml)$|^(Chart|requirements)\.lock$/.test(path);
}

function isVendoredArchive(path: string): boolean {
  return /(^|\/)charts\/[^/]+\.tgz$/.test(path);
}

/** Helm passes over those that begin with a dot or an underscore. */
function vendoredFolders(contents: ReadonlyMap<string, Buffer>, place: string): string[] {
  return [...contents.keys()].flatMap((path) => {
    const folder = /^(charts\/[^/._][^/]*)\/Chart\.yaml$/.exec(path)?.[1];
    if (folder === undefined) return [];
    const file = contents.get(path);
    return file === undefined ? [] : [readMetadata(join(place, folder), new Map([['Chart.yaml', file]])).name];
  });
}

function remember<T>(map: Map<string, T>, oid: string, value: T): void {
  map.set(oid, value);
  const [oldest] = map.keys();
  if (oldest !== undefined && map.size > remembered) map.delete(oldest);
}
