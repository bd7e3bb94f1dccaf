import { rootCertificates } from 'node:tls';
import type { Dispatcher } from 'undici';
import { Agent, errors, ProxyAgent } from '../http/http.ts';
import { messageOf } from './failures.ts';
import type { Credentials } from './git/credentials.ts';
import { proxyFor, type ProxySettings } from './git/proxy.ts';
import type { Limits } from './limits.ts';

/** What requests over HTTP have in common, whatever is asked for. */

/** Beyond that a server's wish is a mistake. */
const longestRetryAfterMs = 86_400_000;

export interface DispatcherOptions {
  readonly limits: Limits;
  readonly proxies: ProxySettings;
  /** Of the server, and of us; only what goes to the origin of the credentials may show their certificate. */
  readonly tls: { readonly ca?: string | string[]; readonly cert?: string; readonly key?: string };
}

/** Opens one connection to an origin, through the proxy for it; silence and slow connections end in bounded time. */
export function dispatcherFor(url: URL, { limits, proxies, tls }: DispatcherOptions): Dispatcher {
  const connect = { timeout: limits.connectMs, ...tls };
  const common = { connections: 1, headersTimeout: limits.stallMs, bodyTimeout: limits.stallMs };
  const proxy = proxyFor(url, proxies);
  if (proxy === undefined) return new Agent({ ...common, connect });
  const [username, password] = [decodeURIComponent(proxy.username), decodeURIComponent(proxy.password)];
  return new ProxyAgent({
    ...common,
    uri: proxy.origin,
    requestTls: connect,
    proxyTls: { timeout: limits.connectMs },
    ...(username + password === '' ? {} : { token: basicAuthorization({ username, password }) }),
  });
}

/** For the origin that the credentials are for: only their authority is trusted. */
export function ownTls({ caBundle, client }: Credentials): DispatcherOptions['tls'] {
  return {
    ...(caBundle === undefined ? {} : { ca: caBundle }),
    ...(client === undefined ? {} : { cert: client.certificate, key: client.key }),
  };
}

/** For others, which may be public ones or as private as it. */
export function foreignTls({ caBundle }: Credentials): DispatcherOptions['tls'] {
  return caBundle === undefined ? {} : { ca: [...rootCertificates, caBundle] };
}

export function basicAuthorization({ username, password }: NonNullable<Credentials['basic']>): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}

/** Where an answer sends to, without credentials in the address; undefined: nowhere, it is the answer; null: it does not say. */
export function redirectOf(response: Dispatcher.ResponseData, from: URL): URL | null | undefined {
  if (![301, 302, 303, 307, 308].includes(response.statusCode)) return undefined;
  const location = response.headers['location'];
  const target = typeof location === 'string' ? URL.parse(location, from.href) : null;
  if (target === null) return null;
  target.username = '';
  target.password = '';
  return target;
}

/** Milliseconds of a Retry-After, at most a day; undefined when it says nothing. */
export function retryAfterMs(header: string | string[] | undefined, now: number): number | undefined {
  const text = String(header ?? '');
  if (/^[0-9]+$/.test(text)) return Math.min(Number(text) * 1000, longestRetryAfterMs);
  const date = Date.parse(text);
  return Number.isNaN(date) ? undefined : Math.min(Math.max(0, date - now), longestRetryAfterMs);
}

/** The connection is of no more use than its answer; what is left of the body is not awaited. */
export async function discard(response: Dispatcher.ResponseData): Promise<void> {
  await response.body.dump({ limit: 65_536 }).catch(() => undefined);
}

/** Why there was no answer, or only part of one. */
export function explainHttp(error: unknown, limits: Limits): string {
  if (error instanceof errors.ConnectTimeoutError) return `no connection within ${limits.connectMs / 1000} s`;
  if (error instanceof errors.HeadersTimeoutError || error instanceof errors.BodyTimeoutError) {
    return `silent for ${limits.stallMs / 1000} s`;
  }
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (/CERT|UNABLE_TO|SELF_SIGNED/.test(code)) {
    return `the certificate is not trusted (${messageOf(error)}); put its CA into caBundle of the Secret that spec.source.secretRef names`;
  }
  return messageOf(error);
}
