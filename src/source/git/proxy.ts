import { BlockList, isIP } from 'node:net';
import { notYetSupported } from '../failures.ts';

/** HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY of the operator, upper or lower case; empty: not set. */
export interface ProxySettings {
  readonly https: string;
  readonly http: string;
  readonly all: string;
  readonly no: string;
}

export const noProxies: ProxySettings = { https: '', http: '', all: '', no: '' };

/**
 * The proxy for an address, the same for both engines; undefined: none. It may hold credentials of its own.
 * Throws OperatorError NotYetSupported for what is no HTTP proxy.
 */
export function proxyFor(url: URL, settings: ProxySettings): URL | undefined {
  const own = url.protocol === 'https:' ? settings.https : settings.http;
  const text = own === '' ? settings.all : own;
  if (text === '' || isExempt(url, settings.no)) return undefined;
  const proxy = URL.parse(text.includes('://') ? text : `http://${text}`);
  if (proxy?.protocol === 'http:' || proxy?.protocol === 'https:') return proxy;
  throw notYetSupported('the proxy of HTTPS_PROXY, HTTP_PROXY or ALL_PROXY is no http:// or https:// address');
}

/** As Go and curl read it: `*`, hosts, domains with all below them, addresses, networks; each perhaps with a port. */
function isExempt(url: URL, list: string): boolean {
  const host = url.hostname.replace(/^\[|\]$/g, '').toLowerCase();
  const port = url.port === '' ? (url.protocol === 'https:' ? '443' : '80') : url.port;
  return list
    .split(/[\s,]+/)
    .filter((entry) => entry !== '')
    .some((entry) => matches(entry.toLowerCase(), host, port));
}

function matches(entry: string, host: string, port: string): boolean {
  if (entry === '*') return true;
  if (entry.includes('/')) return isInside(entry, host);
  const [, name = entry, wantedPort = port] = /^(\[[^\]]*\]|[^:]*):([0-9]+)$/.exec(entry) ?? [];
  if (wantedPort !== port) return false;
  const plain = name.replace(/^\[|\]$/g, '').replace(/^\*?\./, '');
  return host === plain || (isIP(host) === 0 && host.endsWith(`.${plain}`));
}

function isInside(network: string, host: string): boolean {
  const [address = '', bits = ''] = network.split('/');
  const family = isIP(address);
  if (family === 0 || isIP(host) !== family || !/^[0-9]{1,3}$/.test(bits)) return false;
  if (Number(bits) > (family === 4 ? 32 : 128)) return false;
  const list = new BlockList();
  const kind = family === 4 ? 'ipv4' : 'ipv6';
  list.addSubnet(address, Number(bits), kind);
  return list.check(host, kind);
}
