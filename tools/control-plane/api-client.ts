import { createInterface } from 'node:readline';
import { Agent, request } from 'undici';
import type { Credential } from '../certificates.ts';

export interface ApiAnswer {
  readonly status: number;
  /** Parsed JSON, or the text when it is none. */
  readonly body: unknown;
}

export interface ApiRequest {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly body?: unknown;
  /** `application/json` when left out; a patch says its type here. */
  readonly contentType?: string;
}

export interface WatchEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR';
  readonly object: unknown;
}

/** Raw requests as one user: no retries, no defaults, no errors for refusals. Throws only when no answer came. */
export class ApiClient implements AsyncDisposable {
  readonly #url: string;
  readonly #agent: Agent;

  constructor(url: string, caPem: string, credential: Credential) {
    this.#url = url;
    this.#agent = new Agent({ connect: { ca: caPem, cert: credential.certPem, key: credential.keyPem } });
  }

  async send({ method = 'GET', path, body, contentType = 'application/json' }: ApiRequest): Promise<ApiAnswer> {
    const response = await request(new URL(path, this.#url), {
      method,
      dispatcher: this.#agent,
      ...(body === undefined ? {} : { headers: { 'content-type': contentType }, body: JSON.stringify(body) }),
    });
    const text = await response.body.text();
    return { status: response.statusCode, body: parsed(text) };
  }

  /** Like {@link send}, but throws when the answer is not a success; returns the body. */
  async must(wanted: ApiRequest): Promise<unknown> {
    const { status, body } = await this.send(wanted);
    if (status >= 300) throw new Error(`${wanted.method ?? 'GET'} ${wanted.path}: ${status} ${JSON.stringify(body)}`);
    return body;
  }

  /** The events of one watch until the server ends it; throws when it is refused, cut, or aborted. */
  async *watch(path: string, signal: AbortSignal): AsyncGenerator<WatchEvent, undefined> {
    const response = await request(new URL(path, this.#url), { dispatcher: this.#agent, signal, bodyTimeout: 0 });
    if (response.statusCode >= 300)
      throw new Error(`GET ${path}: ${response.statusCode} ${await response.body.text()}`);
    for await (const line of createInterface({ input: response.body })) yield JSON.parse(line) as WatchEvent;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#agent.destroy();
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}
