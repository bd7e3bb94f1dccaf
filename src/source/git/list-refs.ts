import type { Limits } from '../limits.ts';
import { gitUnavailable } from '../failures.ts';
import type { GitHttp } from './http.ts';
import { delimiter, encodeLine, flush, readPackets, type Packet } from './pkt-line.ts';
import type { RemoteRef } from './revision.ts';

export type ObjectFormat = 'sha1' | 'sha256';

/** What a Git server says of itself before anything is asked. */
export interface Advertisement {
  readonly version: 1 | 2;
  readonly objectFormat: ObjectFormat;
  /** All of them; a server of version 2 is asked for refs by itself. */
  readonly refs: readonly RemoteRef[];
}

/** The service of a Git server that gives things away. */
export const service = 'git-upload-pack';

/** Follows redirects: everything later goes to where they led. Throws OperatorError. */
export async function advertisement(http: GitHttp, url: string, limits: Limits): Promise<Advertisement> {
  const headers = { 'git-protocol': 'version=2' };
  const answer = await http.request(`/info/refs?service=${service}`, { method: 'GET', headers }, limits.refsBytes);
  const lines: string[] = [];
  for await (const packet of readPackets(answer.body, url)) if (packet.kind === 'data') lines.push(textOf(packet));
  const [, ...rest] = lines[0]?.startsWith('# service=') === true ? lines : ['', ...lines];
  return rest[0] === 'version 2' ? versionTwo(rest) : versionOne(rest, url);
}

/** Refs that begin with one of the prefixes; tags with the commit behind them. Throws OperatorError. */
export async function listRefs(
  http: GitHttp,
  url: string,
  ask: { readonly prefixes: readonly string[]; readonly advertised: Advertisement; readonly limits: Limits },
): Promise<readonly RemoteRef[]> {
  const { prefixes, advertised, limits } = ask;
  if (advertised.version === 1) return advertised.refs;
  const headers = {
    'content-type': `application/x-${service}-request`,
    accept: `application/x-${service}-result`,
    'git-protocol': 'version=2',
  };
  const body = Buffer.from(requestOf(prefixes, advertised.objectFormat));
  const answer = await http.request(`/${service}`, { method: 'POST', headers, body }, limits.refsBytes);
  const refs: RemoteRef[] = [];
  for await (const packet of readPackets(answer.body, url)) {
    if (packet.kind === 'data') refs.push(refOf(textOf(packet), url));
  }
  return refs;
}

function requestOf(prefixes: readonly string[], format: ObjectFormat): string {
  const args = ['peel', ...prefixes.map((prefix) => `ref-prefix ${prefix}`)];
  const head = encodeLine('command=ls-refs\n') + encodeLine(`object-format=${format}\n`);
  return head + delimiter + args.map((line) => encodeLine(`${line}\n`)).join('') + flush;
}

function versionTwo(lines: readonly string[]): Advertisement {
  return {
    version: 2,
    objectFormat: lines.includes('object-format=sha256') ? 'sha256' : 'sha1',
    refs: [],
  };
}

/** Capabilities stand behind the first ref; a server without refs names a placeholder. */
function versionOne(lines: readonly string[], url: string): Advertisement {
  const [, capabilities = ''] = (lines[0] ?? '').split('\0');
  return {
    version: 1,
    objectFormat: capabilities.includes('object-format=sha256') ? 'sha256' : 'sha1',
    refs: peeledRefs(lines.filter((line) => line !== 'version 1' && !line.startsWith('shallow ')).map(pairOf(url))),
  };
}

interface Pair {
  readonly oid: string;
  readonly ref: string;
}

function pairOf(url: string): (line: string) => Pair {
  return (line) => {
    const [oid = '', ref = ''] = (line.split('\0')[0] ?? '').split(' ');
    if (isId(oid)) return { oid, ref };
    throw notGit(url, line);
  };
}

/** What stands behind a tag follows it under the same name with `^{}`. */
function peeledRefs(pairs: readonly Pair[]): RemoteRef[] {
  const peeled = new Map(pairs.filter(({ ref }) => ref.endsWith('^{}')).map(({ ref, oid }) => [ref.slice(0, -3), oid]));
  return pairs
    .filter(({ ref }) => !ref.endsWith('^{}'))
    .map(({ ref, oid }) => ({ ref, oid, ...(peeled.has(ref) ? { peeled: peeled.get(ref) } : {}) }));
}

function refOf(line: string, url: string): RemoteRef {
  const [oid = '', ref = '', ...attributes] = line.split(' ');
  if (!isId(oid) || ref === '') throw notGit(url, line);
  const peeled = attributes.find((attribute) => attribute.startsWith('peeled:'))?.slice('peeled:'.length);
  return { ref, oid, ...(peeled === undefined ? {} : { peeled }) };
}

function isId(text: string): boolean {
  return /^([0-9a-f]{40}|[0-9a-f]{64})$/.test(text);
}

function notGit(url: string, line: string) {
  const words = line.startsWith('ERR ') ? line.slice(4, 204) : 'its list of refs cannot be read';
  return gitUnavailable(`${url}: does not answer as a Git server (${words})`);
}

function textOf(packet: Extract<Packet, { kind: 'data' }>): string {
  return packet.data.toString('utf8').replace(/\n$/, '');
}
