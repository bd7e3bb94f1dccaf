import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { chmod, mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { EnvHttpProxyAgent, fetch, type Dispatcher } from 'undici';
import { parse } from 'yaml';
import { KUBERNETES_VERSION } from './catalogue.ts';
import type { Environment } from './folders.ts';
import { filesOfTar } from './tar.ts';

/** The index of the official archives; `EVENKEEL_ENVTEST_INDEX` names another one, and set to nothing skips the download. */
const INDEX_ADDRESS = 'https://raw.githubusercontent.com/kubernetes-sigs/controller-tools/HEAD/envtest-releases.yaml';

const WANTED = new Set(['etcd', 'kube-apiserver', 'kubectl']);

export interface ArchiveOptions {
  readonly env: Environment;
  readonly say: (line: string) => void;
  /** Milliseconds to establish a connection: without internet the build should start soon. */
  readonly connectMs?: number;
  /** Milliseconds without a byte after which the download is given up. */
  readonly stallMs?: number;
}

interface Release {
  readonly name: string;
  /** SHA-512 in hex; SHA-256 by its length is understood too. */
  readonly hash: string;
  readonly selfLink: string;
}

type Index = { releases?: Record<string, Record<string, { hash?: string; selfLink?: string }>> } | null;

/**
 * Downloads the archive for the pinned Kubernetes minor version, verifies its checksum and puts etcd, kube-apiserver
 * and kubectl into the folder; the folder appears complete or not at all. Throws with the reason otherwise.
 */
export async function fetchEnvtestArchive(folder: string, options: ArchiveOptions): Promise<void> {
  const address = options.env['EVENKEEL_ENVTEST_INDEX'] ?? INDEX_ADDRESS;
  if (address === '') throw new Error('skipped by an empty EVENKEEL_ENVTEST_INDEX');
  await using agent = agentOf(options);
  const release = releaseOf(await textAt(address, agent));
  options.say(`envtest archive: downloading ${release.name}`);
  await mkdir(path.dirname(folder), { recursive: true });
  const scratch = await mkdtemp(`${folder}-`);
  try {
    const archive = path.join(scratch, 'archive.tar.gz');
    await download(release, archive, agent);
    const unpacked = path.join(scratch, 'bin');
    await unpack(archive, unpacked);
    await rm(folder, { recursive: true, force: true });
    await rename(unpacked, folder);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

function agentOf({ connectMs = 5_000, stallMs = 30_000 }: ArchiveOptions): EnvHttpProxyAgent & AsyncDisposable {
  const agent = new EnvHttpProxyAgent({
    connect: { timeout: connectMs },
    headersTimeout: stallMs,
    bodyTimeout: stallMs,
  });
  return Object.assign(agent, { [Symbol.asyncDispose]: () => agent.destroy() });
}

async function bodyAt(address: string, dispatcher: Dispatcher): Promise<Readable> {
  const response = await fetch(address, { dispatcher });
  if (!response.ok || response.body === null) throw new Error(`${address} answers ${response.status}`);
  return Readable.fromWeb(response.body);
}

async function textAt(address: string, dispatcher: Dispatcher): Promise<string> {
  const chunks = await (await bodyAt(address, dispatcher)).toArray();
  return Buffer.concat(chunks as Buffer[]).toString('utf8');
}

/** The pinned version, else the newest patch of its minor version: few patches get an archive. */
function releaseOf(index: string): Release {
  const releases = (parse(index) as Index)?.releases ?? {};
  const minor = KUBERNETES_VERSION.slice(0, KUBERNETES_VERSION.lastIndexOf('.') + 1);
  const patches = Object.keys(releases)
    .filter((version) => version.startsWith(minor) && /^\d+$/.test(version.slice(minor.length)))
    .sort((a, b) => Number(b.slice(minor.length)) - Number(a.slice(minor.length)));
  const version = KUBERNETES_VERSION in releases ? KUBERNETES_VERSION : patches[0];
  const name = `envtest-${version}-${process.platform}-${process.arch === 'x64' ? 'amd64' : process.arch}.tar.gz`;
  const { hash, selfLink } = releases[version ?? '']?.[name] ?? {};
  if (hash === undefined || selfLink === undefined) throw new Error(`the index has no ${minor}x for this machine`);
  return { name, hash, selfLink };
}

async function download({ name, hash, selfLink }: Release, file: string, agent: Dispatcher): Promise<void> {
  const digest = createHash(hash.length === 64 ? 'sha256' : 'sha512');
  const body = await bodyAt(selfLink, agent);
  body.on('data', (chunk: Uint8Array) => digest.update(chunk));
  await pipeline(body, createWriteStream(file));
  if (digest.digest('hex') !== hash.toLowerCase()) throw new Error(`${name} has the wrong checksum`);
}

async function unpack(archive: string, folder: string): Promise<void> {
  await mkdir(folder);
  const found = new Set<string>();
  const bytes = createReadStream(archive).pipe(createGunzip());
  for await (const entry of filesOfTar(bytes)) {
    const name = path.posix.basename(entry.name);
    if (!WANTED.has(name)) continue;
    const file = path.join(folder, name);
    await pipeline(entry.content, createWriteStream(file));
    await chmod(file, 0o755);
    found.add(name);
  }
  const absent = [...WANTED].filter((name) => !found.has(name));
  if (absent.length > 0) throw new Error(`the archive lacks ${absent.join(', ')}`);
}
