import { Agent, type Dispatcher, errors, ProxyAgent } from 'undici';
import { OperatorError } from '../../model/errors.ts';
import type { Clock } from '../../model/ports.ts';
import { gitUnavailable, messageOf, sourceError } from '../failures.ts';
import type { Limits } from '../limits.ts';
import type { Credentials } from './credentials.ts';
import type { Access } from './engine.ts';
import { proxyFor, type ProxySettings } from './proxy.ts';

/** What every request to a remote needs besides the remote. */
export interface HttpSettings {
  readonly limits: Limits;
  readonly clock: Clock;
  readonly proxies: ProxySettings;
}

interface GitHttpOptions extends HttpSettings {
  readonly url: string;
  readonly credentials: Credentials;
}

interface Ask {
  readonly method: 'GET' | 'POST';
  readonly headers: Record<string, string>;
  readonly body?: Buffer;
}

export interface GitAnswer {
  readonly url: string;
  readonly headers: Record<string, string>;
  readonly body: AsyncIterableIterator<Uint8Array>;
}

const maxRedirects = 5;
/** Beyond that a remote's wish is a mistake. */
const longestRetryAfterMs = 86_400_000;

/**
 * HTTP to one remote for one operation (a poll or a fetch).
 *
 * Guarantees: redirects are followed on GET only, and everything later goes to where they led; credentials never leave
 * the origin that they were given for, nor TLS; a connection that does not come about, or goes silent, ends in bounded
 * time; every failure is an OperatorError.
 */
export class GitHttp implements AsyncDisposable {
  readonly #options: GitHttpOptions;
  readonly #agent: Dispatcher;
  readonly #abort = new AbortController();
  readonly #forget: (() => void)[] = [];
  #base: string;

  constructor({ remote, credentials, signal }: Access, settings: HttpSettings, deadlineMs: number) {
    const options = { ...settings, url: remote.url, credentials };
    this.#options = options;
    this.#base = options.url;
    this.#agent = agentFor(options);
    this.#forget.push(options.clock.after(deadlineMs, () => this.#abort.abort(this.#late(deadlineMs))));
    const stop = () => this.#abort.abort(signal.reason);
    signal.addEventListener('abort', stop, { once: true });
    this.#forget.push(() => signal.removeEventListener('abort', stop));
    if (signal.aborted) stop();
  }

  /** Where redirects led so far. */
  get base(): string {
    return this.#base;
  }

  /** Path and query are relative to the repository's address. The body yields at most `maxBytes`. */
  async request(path: string, ask: Ask, maxBytes: number): Promise<GitAnswer> {
    const first = new URL(`${this.#base}${path}`);
    let url = first;
    for (let hop = 0; hop <= maxRedirects; hop++) {
      const response = await this.#send(url, ask);
      const next = redirectOf(response, url);
      if (next === undefined) return await this.#answer(response, url, maxBytes);
      await discard(response);
      this.#follow(ask, path, url, next);
      url = next;
    }
    throw gitUnavailable(`${this.#options.url}: more than ${maxRedirects} redirects`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const forget of this.#forget) forget();
    await this.#agent.destroy();
  }

  #follow(ask: Ask, path: string, from: URL, to: URL): void {
    if (ask.method !== 'GET') throw gitUnavailable(`${this.#options.url}: redirects a POST, which git does not follow`);
    if (from.protocol === 'https:' && to.protocol !== 'https:') {
      throw gitUnavailable(`${this.#options.url}: redirects from TLS to ${to.protocol}//, which is refused`);
    }
    if (!to.href.endsWith(path))
      throw gitUnavailable(`${this.#options.url}: redirects to something that is no repository`);
    this.#base = to.href.slice(0, -path.length);
  }

  async #send(url: URL, ask: Ask): Promise<Dispatcher.ResponseData> {
    try {
      return await this.#agent.request({
        origin: url.origin,
        path: url.pathname + url.search,
        method: ask.method,
        headers: {
          'user-agent': 'git/2.0 (evenkeel)',
          'accept-encoding': 'identity',
          ...ask.headers,
          ...this.#authorization(url),
        },
        body: ask.body ?? null,
        signal: this.#abort.signal,
      });
    } catch (error) {
      throw this.#failure(error);
    }
  }

  #authorization(url: URL): Record<string, string> {
    const { basic, bearerToken } = this.#options.credentials;
    if (url.origin !== new URL(this.#options.url).origin) return {};
    if (bearerToken !== undefined) return { authorization: `Bearer ${bearerToken}` };
    if (basic === undefined) return {};
    return { authorization: `Basic ${Buffer.from(`${basic.username}:${basic.password}`).toString('base64')}` };
  }

  async #answer(response: Dispatcher.ResponseData, url: URL, maxBytes: number): Promise<GitAnswer> {
    if (response.statusCode !== 200) {
      await discard(response);
      throw this.#refused(response, url);
    }
    const headers = Object.fromEntries(
      Object.entries(response.headers).map(([name, value]) => [name, String(value ?? '')]),
    );
    return { url: url.href, headers, body: this.#body(response, maxBytes) };
  }

  async *#body(response: Dispatcher.ResponseData, maxBytes: number): AsyncGenerator<Uint8Array, void, undefined> {
    let received = 0;
    try {
      for await (const chunk of response.body as AsyncIterable<Uint8Array>) {
        received += chunk.length;
        if (received > maxBytes) throw this.#tooLarge(maxBytes);
        yield chunk;
      }
    } catch (error) {
      throw this.#failure(error);
    }
  }

  #tooLarge(maxBytes: number): OperatorError {
    const { limits, url } = this.#options;
    const name = maxBytes === limits.refsBytes ? 'refsBytes' : 'transferBytes';
    return sourceError('LimitExceeded', `${url}: the answer exceeds the limit ${name} of ${maxBytes}`);
  }

  #refused(response: Dispatcher.ResponseData, url: URL): OperatorError {
    const { statusCode } = response;
    const where = this.#options.url;
    if (statusCode === 401 || statusCode === 403 || statusCode === 203) {
      const { basic, bearerToken, client } = this.#options.credentials;
      const given = (basic ?? bearerToken ?? client) !== undefined;
      const elsewhere =
        url.origin !== new URL(where).origin ? '; it redirects to another host, where credentials are not sent' : '';
      const what = given ? 'refuses the credentials' : 'asks for credentials';
      return sourceError('AuthenticationFailed', `${where}: ${what} (HTTP ${statusCode})${elsewhere}`);
    }
    const hint = statusCode === 404 ? ': no repository at this address, or not for these credentials' : '';
    return gitUnavailable(`${where}: HTTP ${statusCode}${hint}`, undefined, this.#retryAfter(response));
  }

  #retryAfter(response: Dispatcher.ResponseData): number | undefined {
    const text = String(response.headers['retry-after'] ?? '');
    if (/^[0-9]+$/.test(text)) return Math.min(Number(text) * 1000, longestRetryAfterMs);
    const date = Date.parse(text);
    return Number.isNaN(date)
      ? undefined
      : Math.min(Math.max(0, date - this.#options.clock.now()), longestRetryAfterMs);
  }

  #failure(error: unknown): unknown {
    if (this.#abort.signal.aborted) return this.#abort.signal.reason;
    if (error instanceof OperatorError) return error;
    return gitUnavailable(`${this.#options.url}: ${explain(error, this.#options.limits)}`, error);
  }

  #late(deadlineMs: number): OperatorError {
    return gitUnavailable(`${this.#options.url}: no complete answer within ${deadlineMs / 1000} s`);
  }
}

/** Only what goes to the origin of the credentials may show their certificate. */
function agentFor({ url, credentials, limits, proxies }: GitHttpOptions): Dispatcher {
  const { caBundle, client } = credentials;
  const tls = {
    timeout: limits.connectMs,
    ...(caBundle === undefined ? {} : { ca: caBundle }),
    ...(client === undefined ? {} : { cert: client.certificate, key: client.key }),
  };
  const common = { connections: 1, headersTimeout: limits.stallMs, bodyTimeout: limits.stallMs };
  const proxy = proxyFor(new URL(url), proxies);
  if (proxy === undefined) return new Agent({ ...common, connect: tls });
  const user = `${decodeURIComponent(proxy.username)}:${decodeURIComponent(proxy.password)}`;
  return new ProxyAgent({
    ...common,
    uri: proxy.origin,
    requestTls: tls,
    proxyTls: { timeout: limits.connectMs },
    ...(user === ':' ? {} : { token: `Basic ${Buffer.from(user).toString('base64')}` }),
  });
}

function redirectOf(response: Dispatcher.ResponseData, from: URL): URL | undefined {
  if (![301, 302, 303, 307, 308].includes(response.statusCode)) return undefined;
  const location = response.headers['location'];
  const target = typeof location === 'string' ? URL.parse(location, from.href) : null;
  if (target === null) throw gitUnavailable(`${from.origin}: redirects without saying where to`);
  target.username = '';
  target.password = '';
  return target;
}

/** The connection is of no more use than its answer; what is left of the body is not awaited. */
async function discard(response: Dispatcher.ResponseData): Promise<void> {
  await response.body.dump({ limit: 65_536 }).catch(() => undefined);
}

function explain(error: unknown, limits: Limits): string {
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
