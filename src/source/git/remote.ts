import { sha256Hex } from '../../model/hash.ts';
import { sourceError } from '../failures.ts';

/** A repository, as one set of credentials sees it: nobody reads through another's. */
export interface Remote {
  /** Without credentials, query or trailing slash. */
  readonly url: string;
  /** How it is spoken to; `file` and all others are refused. */
  readonly transport: 'http' | 'ssh';
  /** Identity for maps and folders: the address and where the credentials come from, never what they are. */
  readonly id: string;
  /** undefined: the labelled Secret for this URL, if there is one. */
  readonly secret: { readonly namespace: string; readonly name: string } | undefined;
}

const scpLike = /^(?:[A-Za-z0-9._-]+@)?(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\]):(?!\/\/)[^\s]+$/;

/** `where` is the field that holds the address. Throws OperatorError InvalidSpec for what is no address, or is refused. */
export function remoteOf(repoURL: string, secret: Remote['secret'], where = 'spec.source.repoURL'): Remote {
  if (isScpLike(repoURL)) return identified(repoURL, 'ssh', secret);
  const url = /[\s\p{Cc}]|^-/u.test(repoURL) ? null : URL.parse(repoURL);
  if (url === null) throw sourceError('InvalidSpec', `${where}: is no URL; use https://host/path`);
  const transport = transports[url.protocol];
  const flaw = flawOf(url, transport);
  if (transport === undefined || flaw !== undefined) throw sourceError('InvalidSpec', `${where}: ${flaw ?? ''}`);
  return identified(url.href.replace(/^git\+ssh:/, 'ssh:').replace(/\/+$/, ''), transport, secret);
}

function isScpLike(text: string): boolean {
  return scpLike.test(text) && !text.includes('::') && !text.startsWith('-') && !/[\s\p{Cc}]/u.test(text);
}

function flawOf(url: URL, transport: Remote['transport'] | undefined): string | undefined {
  if (transport === undefined) return `${url.protocol}// is not supported; use https:// or ssh://`;
  if (url.password !== '' || (transport === 'http' && url.username !== '')) {
    return 'holds credentials; put them into a Secret that spec.source.secretRef names';
  }
  if (url.search !== '' || url.hash !== '') return 'must have neither query nor fragment';
  return url.hostname === '' || url.hostname.startsWith('-') ? 'names no host' : undefined;
}

const transports: Readonly<Record<string, Remote['transport']>> = {
  'https:': 'http',
  'http:': 'http',
  'ssh:': 'ssh',
  'git+ssh:': 'ssh',
};

function identified(url: string, transport: Remote['transport'], secret: Remote['secret']): Remote {
  const owner = secret === undefined ? '' : `${secret.namespace}/${secret.name}`;
  return { url, transport, id: sha256Hex(`${url}\n${owner}`).slice(0, 32), secret };
}

/** Scheme, host and port: what credentials were given for. */
export function originOf({ url, transport }: Pick<Remote, 'url' | 'transport'>): string {
  if (transport === 'http') return new URL(url).origin;
  const { host, port } = sshPlaceOf(url);
  return `ssh://${host}:${port}`;
}

/** Where an SSH address leads. */
export function sshPlaceOf(url: string): { readonly host: string; readonly port: number } {
  if (url.startsWith('ssh://')) {
    const { hostname, port } = new URL(url);
    return { host: hostname.replace(/^\[|\]$/g, ''), port: port === '' ? 22 : Number(port) };
  }
  const host = /^(?:[^@]*@)?(\[[^\]]*\]|[^:]*):/.exec(url)?.[1] ?? '';
  return { host: host.replace(/^\[|\]$/g, ''), port: 22 };
}
