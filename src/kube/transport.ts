import type { Dispatcher } from 'undici';
import { Pool } from '../http/http.ts';
import type { Credentials } from './credentials.ts';
import { errorOfFailure } from './errors.ts';
import { ApiError } from '../model/api-error.ts';

export interface HttpRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Path with query, from the root of the API. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

/** A 200 whose body goes on; leave the loop or abort the signal to close the connection. */
export interface HttpStream {
  readonly chunks: AsyncIterable<Buffer>;
}

export interface TransportOptions {
  readonly credentials: Credentials;
  readonly userAgent: string;
  /** Sockets for requests; watches have as many as they need, apart. */
  readonly connections: number;
  readonly timeouts: Timeouts;
}

export interface Timeouts {
  /** TCP and TLS. */
  readonly connectMs: number;
  /** From sending a request to the end of its answer; a watch: to its headers. */
  readonly requestMs: number;
}

/** A page of 500 objects that are as large as etcd allows does not fit, and need not. */
const largestAnswerBytes = 256 * 1024 ** 2;
const largestErrorBytes = 64 * 1024;

/** Below the 90 s after which the API server closes an idle connection. */
const keepAliveMs = 60_000;

/** Bytes to and from one server over kept-alive HTTP/1.1; knows no retries and no meaning. Throws ApiError only. */
export class Transport implements AsyncDisposable {
  readonly #credentials: Credentials;
  readonly #userAgent: string;
  readonly #basePath: string;
  readonly #requests: Pool;
  readonly #watches: Pool;

  constructor({ credentials, userAgent, connections, timeouts }: TransportOptions) {
    const { origin, pathname } = new URL(credentials.server);
    this.#credentials = credentials;
    this.#userAgent = userAgent;
    this.#basePath = pathname.replace(/\/+$/, '');
    const options: Pool.Options = {
      connect: { ...credentials.tls, timeout: timeouts.connectMs, keepAlive: true, keepAliveInitialDelay: 15_000 },
      allowH2: false,
      pipelining: 1,
      keepAliveTimeout: keepAliveMs,
      keepAliveMaxTimeout: keepAliveMs,
      headersTimeout: timeouts.requestMs,
    };
    const { requestMs } = timeouts;
    this.#requests = new Pool(origin, {
      ...options,
      connections,
      bodyTimeout: requestMs,
      maxResponseSize: largestAnswerBytes,
    });
    this.#watches = new Pool(origin, { ...options, connections: null, bodyTimeout: 0 });
  }

  async send(request: HttpRequest, signal: AbortSignal): Promise<HttpAnswer> {
    const response = await this.#dispatch(this.#requests, request, signal);
    try {
      const text = await response.body.text();
      return { status: response.statusCode, headers: response.headers, text };
    } catch (cause) {
      throw errorOfFailure(reasonOf(signal, cause), 'the answer was cut');
    }
  }

  /** Resolves when the headers are there; another status than 200 comes as the whole answer. */
  async open(request: HttpRequest, signal: AbortSignal): Promise<HttpStream | HttpAnswer> {
    const response = await this.#dispatch(this.#watches, request, signal);
    if (response.statusCode === 200) return { chunks: chunksOf(response.body, signal) };
    return { status: response.statusCode, headers: response.headers, text: await beginningOf(response.body, signal) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.#requests.destroy(), this.#watches.destroy()]);
  }

  async #dispatch(pool: Pool, request: HttpRequest, signal: AbortSignal): Promise<Dispatcher.ResponseData> {
    const authorization = await this.#authorization();
    try {
      return await pool.request({
        method: request.method,
        path: this.#basePath + request.path,
        headers: {
          'user-agent': this.#userAgent,
          ...(authorization === undefined ? {} : { authorization }),
          ...request.headers,
        },
        ...(request.body === undefined ? {} : { body: request.body }),
        signal,
      });
    } catch (cause) {
      throw errorOfFailure(reasonOf(signal, cause), 'no answer from the API server');
    }
  }

  async #authorization(): Promise<string | undefined> {
    try {
      return await this.#credentials.authorization();
    } catch (cause) {
      throw new ApiError('no credentials for the API server', { kind: 'unauthorized', status: 0, cause });
    }
  }
}

/** Why it was aborted says more than that it was. */
function reasonOf(signal: AbortSignal, cause: unknown): unknown {
  return signal.aborted ? signal.reason : cause;
}

async function* chunksOf(body: AsyncIterable<unknown>, signal: AbortSignal): AsyncGenerator<Buffer> {
  try {
    for await (const chunk of body) if (Buffer.isBuffer(chunk)) yield chunk;
  } catch (cause) {
    throw errorOfFailure(reasonOf(signal, cause), 'the watch was cut');
  }
}

async function beginningOf(body: AsyncIterable<unknown>, signal: AbortSignal): Promise<string> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const chunk of chunksOf(body, signal)) {
    parts.push(chunk);
    size += chunk.length;
    if (size >= largestErrorBytes) break;
  }
  return Buffer.concat(parts).toString('utf8');
}
