import { rootCertificates } from 'node:tls';
import { type Dispatcher, EnvHttpProxyAgent, errors } from 'undici';
import { OperatorError } from '../../model/errors.ts';
import type { Clock } from '../../model/ports.ts';
import { chartUnavailable, messageOf, sourceError } from '../failures.ts';
import { limitExceeded, type Limits } from '../limits.ts';
import type { ChartCredentials } from './chart-credentials.ts';

export interface ChartHttpOptions {
  /** What errors call it, and the origin that credentials are for: an `http(s)` address. */
  readonly url: string;
  readonly credentials: ChartCredentials;
  readonly passCredentials: boolean;
  readonly proxies: Readonly<Record<string, string>>;
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
/** Beyond that a server's wish is a mistake. */
const longestRetryAfterMs = 86_400_000;

/**
 * GET requests to one repository of charts, for one operation.
 *
 * Guarantees: credentials and client certificates never leave the origin they were given for unless `passCredentials`
 * says so, nor TLS; answers are bounded; a connection that does not come about, or goes silent, ends in bounded time;
 * every failure is an OperatorError.
 */
export class ChartHttp implements AsyncDisposable {
  readonly #options: ChartHttpOptions;
  readonly #own: Dispatcher;
  readonly #others: Dispatcher;
  readonly #abort = new AbortController();
  readonly #forget: (() => void)[] = [];

  constructor(options: ChartHttpOptions) {
    const { clock, limits, signal, credentials } = options;
    this.#options = options;
    const { caBundle, client } = credentials;
    this.#own = agentFor(options, { ca: caBundle, client });
    this.#others = options.passCredentials ? this.#own : agentFor(options, { ca: foreignTrust(caBundle) });
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
      const { basic, bearer } = this.#options.credentials;
      const what = basic !== undefined || bearer !== undefined ? 'refuses the credentials' : 'asks for credentials';
      const elsewhere = this.#isOwn(new URL(url)) ? '' : `; ${new URL(url).host} is another host, where they are not sent`;
      return sourceError('AuthenticationFailed', `${where}: ${what} (HTTP ${status})${elsewhere}`);
    }
    return chartUnavailable(`${where}: HTTP ${status}`, undefined, this.#retryAfter(answer.header('retry-after') ?? ''));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const forget of this.#forget) forget();
    await Promise.all([this.#own.destroy(), this.#others.destroy()]);
  }

  async #send(url: URL, request: ChartRequest): Promise<Dispatcher.ResponseData> {
    const own = this.#isOwn(url);
    const mayKnow = own || url.origin === request.authorizesOrigin;
    try {
      return await (own ? this.#own : this.#others).request({
        origin: url.origin,
        path: url.pathname + url.search,
        method: 'GET',
        headers: { 'user-agent': 'Helm/4 (evenkeel)', 'accept-encoding': 'identity', ...request.headers, ...(mayKnow ? this.#authorization(request) : {}) },
        signal: this.#abort.signal,
      });
    } catch (error) {
      throw this.#failure(error);
    }
  }

  #isOwn(url: URL): boolean {
    const origin = new URL(this.#options.url);
    if (this.#options.passCredentials && !(origin.protocol === 'https:' && url.protocol !== 'https:')) return true;
    return url.origin === origin.origin;
  }

  #authorization({ authorization }: ChartRequest): Record<string, string> {
    const { basic, bearer } = this.#options.credentials;
    if (authorization !== undefined) return { authorization };
    if (bearer !== undefined) return { authorization: `Bearer ${bearer}` };
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

  #retryAfter(text: string): number | undefined {
    if (/^[0-9]+$/.test(text)) return Math.min(Number(text) * 1000, longestRetryAfterMs);
    const date = Date.parse(text);
    if (Number.isNaN(date)) return undefined;
    return Math.min(Math.max(0, date - this.#options.clock.now()), longestRetryAfterMs);
  }

  #failure(error: unknown): unknown {
    if (this.#abort.signal.aborted) return this.#abort.signal.reason;
    if (error instanceof OperatorError) return error;
    return chartUnavailable(`${this.#options.url}: ${explain(error, this.#options.limits)}`, error);
  }
}

export function basicAuthorization({ username, password }: { username: string; password: string }): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}

interface Tls {
  readonly ca: string | string[] | undefined;
  readonly client?: ChartCredentials['client'];
}

function agentFor({ limits, proxies }: ChartHttpOptions, { ca, client }: Tls): Dispatcher {
  const connect = { timeout: limits.connectMs, ...(ca === undefined ? {} : { ca }), ...client };
  const proxy = (name: string): string => proxies[name] ?? proxies[name.toLowerCase()] ?? '';
  return new EnvHttpProxyAgent({
    connections: 1,
    headersTimeout: limits.stallMs,
    bodyTimeout: limits.stallMs,
    connect,
    // To the server behind a proxy; empty texts keep it from reading the environment itself.
    requestTls: connect,
    httpProxy: proxy('HTTP_PROXY'),
    httpsProxy: proxy('HTTPS_PROXY'),
    noProxy: proxy('NO_PROXY'),
  });
}

/** A private repository may send to a host of its own or to a public one. */
function foreignTrust(caBundle: string | undefined): string[] | undefined {
  return caBundle === undefined ? undefined : [...rootCertificates, caBundle];
}

function redirectOf(response: Dispatcher.ResponseData, from: URL): URL | undefined {
  if (![301, 302, 303, 307, 308].includes(response.statusCode)) return undefined;
  const location = response.headers['location'];
  const target = typeof location === 'string' ? URL.parse(location, from.href) : null;
  if (target === null) throw chartUnavailable(`${from.origin}: redirects without saying where to`);
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
    return `the certificate is not trusted (${messageOf(error)}); put its CA into caBundle of the Secret for this repository`;
  }
  return messageOf(error);
}
