import type { Dispatcher } from 'undici';
import { OperatorError } from '../../model/errors.ts';
import type { Clock } from '../../model/ports.ts';
import { chartUnavailable, sourceError } from '../failures.ts';
import type { ProxySettings } from '../git/proxy.ts';
import {
  basicAuthorization,
  discard,
  dispatcherFor,
  explainHttp,
  foreignTls,
  ownTls,
  redirectOf,
  retryAfterMs,
} from '../http.ts';
import { limitExceeded, type Limits } from '../limits.ts';
import type { ChartCredentials } from './chart-credentials.ts';

export interface ChartHttpOptions {
  /** What errors call it, and the origin that credentials are for: an `http(s)` address. */
  readonly url: string;
  readonly credentials: ChartCredentials;
  readonly passCredentials: boolean;
  readonly proxies: ProxySettings;
  readonly limits: Limits;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

export interface ChartRequest {
  readonly headers?: Readonly<Record<string, string>>;
  /** In place of what the Secret gives; goes where the credentials would go. */
  readonly authorization?: string;
  /** The one other origin that gets it: a registry's token service. */
  readonly authorizesOrigin?: string;
  /** Statuses besides 200 that are answers and no failure. */
  readonly accept?: readonly number[];
  readonly maxBytes: number;
  readonly limit: keyof Limits;
}

export interface ChartAnswer {
  readonly status: number;
  /** Where redirects led. */
  readonly url: string;
  readonly body: Buffer;
  header(name: string): string | undefined;
}

const maxRedirects = 5;

/**
 * GET requests to one repository of charts, for one operation.
 *
 * Guarantees: credentials and client certificates never leave the origin they were given for unless `passCredentials`
 * says so, nor TLS; answers are bounded; a connection that does not come about, or goes silent, ends in bounded time;
 * every failure is an OperatorError.
 */
export class ChartHttp implements AsyncDisposable {
  readonly #options: ChartHttpOptions;
  /** By origin. */
  readonly #dispatchers = new Map<string, Dispatcher>();
  readonly #abort = new AbortController();
  readonly #forget: (() => void)[] = [];

  constructor(options: ChartHttpOptions) {
    const { clock, limits, signal } = options;
    this.#options = options;
    const late = () => chartUnavailable(`${options.url}: no complete answer within ${limits.fetchMs / 1000} s`);
    this.#forget.push(clock.after(limits.fetchMs, () => this.#abort.abort(late())));
    const stop = () => this.#abort.abort(signal.reason);
    signal.addEventListener('abort', stop, { once: true });
    this.#forget.push(() => signal.removeEventListener('abort', stop));
    if (signal.aborted) stop();
  }

  async get(address: string, request: ChartRequest): Promise<ChartAnswer> {
    let url = new URL(address);
    for (let hop = 0; hop <= maxRedirects; hop++) {
      const response = await this.#send(url, request);
      const next = redirectOf(response, url);
      if (next === undefined) return await this.#answer(response, url, request);
      await discard(response);
      if (next === null) throw chartUnavailable(`${url.origin}: redirects without saying where to`);
      if (url.protocol === 'https:' && next.protocol !== 'https:') {
        throw chartUnavailable(`${this.#options.url}: redirects from TLS to ${next.protocol}//, which is refused`);
      }
      url = next;
    }
    throw chartUnavailable(`${this.#options.url}: more than ${maxRedirects} redirects`);
  }

  /** What a status other than the expected ones means. */
  refused(answer: Pick<ChartAnswer, 'status' | 'url' | 'header'>): OperatorError {
    const { status, url } = answer;
    const where = this.#options.url;
    if (status === 401 || status === 403) {
      const { basic, bearerToken } = this.#options.credentials;
      const what = (basic ?? bearerToken) !== undefined ? 'refuses the credentials' : 'asks for credentials';
      const elsewhere = this.#isOwn(new URL(url))
        ? ''
        : `; ${new URL(url).host} is another host, where they are not sent`;
      return sourceError('AuthenticationFailed', `${where}: ${what} (HTTP ${status})${elsewhere}`);
    }
    return chartUnavailable(
      `${where}: HTTP ${status}`,
      undefined,
      retryAfterMs(answer.header('retry-after'), this.#options.clock.now()),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const forget of this.#forget) forget();
    await Promise.all(this.#dispatchers.values().map((dispatcher) => dispatcher.destroy()));
  }

  async #send(url: URL, request: ChartRequest): Promise<Dispatcher.ResponseData> {
    const own = this.#isOwn(url);
    const mayKnow = own || url.origin === request.authorizesOrigin;
    try {
      return await this.#dispatcher(url, own).request({
        origin: url.origin,
        path: url.pathname + url.search,
        method: 'GET',
        headers: {
          'user-agent': 'Helm/4 (evenkeel)',
          'accept-encoding': 'identity',
          ...request.headers,
          ...(mayKnow ? this.#authorization(request) : {}),
        },
        signal: this.#abort.signal,
      });
    } catch (error) {
      throw this.#failure(error);
    }
  }

  #dispatcher(url: URL, own: boolean): Dispatcher {
    const { credentials } = this.#options;
    const tls = own ? ownTls(credentials) : foreignTls(credentials);
    const dispatcher = this.#dispatchers.get(url.origin) ?? dispatcherFor(url, { ...this.#options, tls });
    this.#dispatchers.set(url.origin, dispatcher);
    return dispatcher;
  }

  #isOwn(url: URL): boolean {
    const origin = new URL(this.#options.url);
    if (this.#options.passCredentials && !(origin.protocol === 'https:' && url.protocol !== 'https:')) return true;
    return url.origin === origin.origin;
  }

  #authorization({ authorization }: ChartRequest): Record<string, string> {
    const { basic, bearerToken } = this.#options.credentials;
    if (authorization !== undefined) return { authorization };
    if (bearerToken !== undefined) return { authorization: `Bearer ${bearerToken}` };
    return basic === undefined ? {} : { authorization: basicAuthorization(basic) };
  }

  async #answer(response: Dispatcher.ResponseData, url: URL, request: ChartRequest): Promise<ChartAnswer> {
    const { statusCode: status } = response;
    const answer = {
      status,
      url: url.href,
      header: (name: string) => {
        const value = response.headers[name];
        return Array.isArray(value) ? value[0] : value;
      },
    };
    if (status !== 200) {
      await discard(response);
      if (request.accept?.includes(status) !== true) throw this.refused(answer);
      return { ...answer, body: Buffer.alloc(0) };
    }
    return { ...answer, body: await this.#body(response, request) };
  }

  async #body(response: Dispatcher.ResponseData, { maxBytes, limit }: ChartRequest): Promise<Buffer> {
    const chunks: Uint8Array[] = [];
    let received = 0;
    try {
      for await (const chunk of response.body as AsyncIterable<Uint8Array>) {
        received += chunk.length;
        if (received > maxBytes) throw limitExceeded(`${this.#options.url}: an answer`, limit, this.#options.limits);
        chunks.push(chunk);
      }
    } catch (error) {
      throw this.#failure(error);
    }
    return Buffer.concat(chunks);
  }

  #failure(error: unknown): unknown {
    if (this.#abort.signal.aborted) return this.#abort.signal.reason;
    if (error instanceof OperatorError) return error;
    return chartUnavailable(`${this.#options.url}: ${explainHttp(error, this.#options.limits)}`, error);
  }
}
