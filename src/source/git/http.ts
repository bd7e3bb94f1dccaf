import type { Dispatcher } from 'undici';
import { OperatorError } from '../../model/errors.ts';
import type { Clock } from '../../model/ports.ts';
import { gitUnavailable, sourceError } from '../failures.ts';
import { basicAuthorization, discard, dispatcherFor, explainHttp, ownTls, redirectOf, retryAfterMs } from '../http.ts';
import type { Limits } from '../limits.ts';
import type { Credentials } from './credentials.ts';
import type { Access } from './engine.ts';
import type { ProxySettings } from './proxy.ts';

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
    this.#agent = dispatcherFor(new URL(options.url), { ...settings, tls: ownTls(credentials) });
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
      if (next === null) throw gitUnavailable(`${url.origin}: redirects without saying where to`);
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
    return { authorization: basicAuthorization(basic) };
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
    return gitUnavailable(
      `${where}: HTTP ${statusCode}${hint}`,
      undefined,
      retryAfterMs(response.headers['retry-after'], this.#options.clock.now()),
    );
  }

  #failure(error: unknown): unknown {
    if (this.#abort.signal.aborted) return this.#abort.signal.reason;
    if (error instanceof OperatorError) return error;
    return gitUnavailable(`${this.#options.url}: ${explainHttp(error, this.#options.limits)}`, error);
  }

  #late(deadlineMs: number): OperatorError {
    return gitUnavailable(`${this.#options.url}: no complete answer within ${deadlineMs / 1000} s`);
  }
}
