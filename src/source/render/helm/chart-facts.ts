import { posix } from 'node:path';
import { unpackChart, type ChartFiles } from '../../charts/unpack.ts';
import { renderError } from '../../failures.ts';
import type { Limits } from '../../limits.ts';
import { join, type Tree, type TreeNode } from '../../tree.ts';
import { readMetadata, type ChartMetadata } from './chart-metadata.ts';
import { outsideReference } from './schema-refs.ts';

/** What is known of a chart's folder without rendering it. */
export interface ChartFacts extends ChartMetadata {
  /** Names of charts that lie in `charts/`. */
  readonly vendored: ReadonlySet<string>;
  /** Some file asks what the cluster can do, so that the cluster's answer is part of the result. */
  readonly asksCluster: boolean;
  /** A schema of values that refers to something else, which Helm would open. */
  readonly strayReference?: string;
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
    const metadata = new Map<string, Buffer>();
    const vendored = new Set<string>();
    const found: Found = { asksCluster: false, strayReference: undefined };
    for (const { path, node } of files) {
      const bytes = await node.tree.read(node);
      const place = join(folder.path, path);
      if (isMetadata(path)) metadata.set(path, bytes);
      const unpacked = await inspect(path, bytes, { place, found, limits: this.#limits, depth: 0 });
      if (unpacked !== undefined && posix.dirname(path) === 'charts') vendored.add(readMetadata(place, unpacked).name);
    }
    for (const name of vendoredFolders(metadata, folder.path)) vendored.add(name);
    const own = readMetadata(folder.path, metadata);
    return {
      ...own,
      vendored,
      asksCluster: found.asksCluster || own.kubeVersion !== '',
      ...(found.strayReference === undefined ? {} : { strayReference: found.strayReference }),
      ...(followsLinks ? { files: files.map(({ path, node }) => [path, node.oid] as const) } : {}),
    };
  }
}

interface Found {
  asksCluster: boolean;
  strayReference: string | undefined;
}

interface Inspection {
  /** For messages. */
  readonly place: string;
  readonly found: Found;
  readonly limits: Limits;
  readonly depth: number;
}

/** Charts in archives in charts are so deep and no deeper. */
const deepestArchive = 5;

/** Looks into one file of a chart, and into what it holds when it is a chart itself. */
async function inspect(path: string, bytes: Buffer, inspection: Inspection): Promise<ChartFiles | undefined> {
  const { place, found, limits, depth } = inspection;
  if (!isVendoredArchive(path)) {
    found.asksCluster ||= mentionsCapabilities(bytes);
    const reference = posix.basename(path) === 'values.schema.json' ? outsideReference(bytes) : undefined;
    if (reference !== undefined) found.strayReference ??= `${place}: refers to "${reference}", which is not in it`;
    return undefined;
  }
  if (depth >= deepestArchive) throw renderError('RenderFailed', `${place}: archives in archives, without end`);
  const unpacked = await unpackChart(place, bytes, limits);
  for (const [name, inner] of unpacked) {
    await inspect(name, inner, { ...inspection, place: join(place, name), depth: depth + 1 });
  }
  return unpacked;
}

/** Everything in a chart's folder, in the order of paths. */
export async function filesOf(folder: TreeNode): Promise<readonly ChartFile[]> {
  return (await walk(folder)).files;
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
