import { Agent as HttpAgent, request as plainRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import { Agent as HttpsAgent, request as tlsRequest } from 'node:https';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Credential } from './certificates.ts';
import { listen, type Connection, type Listener } from './listener.ts';

export interface FaultProxyOptions {
  /** Where requests go, `https://…` or `http://…`. */
  readonly target: string;
  /** Authority of the target's certificate. */
  readonly targetCa?: string;
  /** With it the proxy speaks TLS to its clients; for an API server `plane.issueServingCertificate()`. */
  readonly certificate?: Credential;
}

export interface ProxyRequest {
  readonly method: string;
  /** With query. */
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  /** What came over the same TCP connection has the same number. */
  readonly connection: number;
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** 1 for the first POST, PUT, PATCH or DELETE since the start or {@link FaultProxy.forget}; 0 for what is no write. */
  readonly write: number;
  /** What the client was sent; `undefined` until then, and for good when it was cut off. */
  status: number | undefined;
  /** The client hears nothing more: it has the whole answer, or its connection has ended, by whichever side. */
  isOver: boolean;
}

export type Fault =
  | { readonly kind: 'delay'; readonly ms: number }
  | {
      readonly kind: 'answer';
      readonly status: number;
      readonly headers?: Record<string, string>;
      readonly body?: string;
    }
  /** Read and never answered. */
  | { readonly kind: 'hang' }
  /**
   * The connection ends without a word: after so many bytes of the answer (0: the target did it, the client never hears), or so
   * many milliseconds after the request, watches too; with neither before anything reaches the target.
   */
  | { readonly kind: 'cut'; readonly afterBytes?: number; readonly afterMs?: number };

export interface Rule {
  /** Every request when left out. */
  readonly when?: (request: ProxyRequest) => boolean;
  readonly then: Fault;
}

const WRITES = new Set(['POST', 'PUT', 'PATCH', 'DELETE']);
const PER_CONNECTION_HEADERS = new Set(['connection', 'keep-alive', 'transfer-encoding', 'proxy-connection']);

/**
 * A reverse proxy that streams everything through unchanged until a rule says otherwise.
 *
 * Of the rules that match, all delays are served, and the first other fault decides. Rules and hooks may change at any
 * time and count for requests that come afterwards; `drop` ends what is already streaming.
 */
export class FaultProxy implements AsyncDisposable {
  readonly url: string;
  rules: readonly Rule[] = [];
  /** Runs before anything is sent to the target. `false` drops the request: the target never hears of it. */
  beforeForward: ((request: ProxyRequest) => Promise<boolean> | boolean) | undefined;
  /** Runs when the target has done its work and answered, before the client hears of it. */
  afterResponse: ((request: ProxyRequest) => Promise<void> | void) | undefined;
  readonly #target: Target;
  readonly #listener: Listener;
  readonly #numbers = new WeakMap<Socket, number>();
  #connections = 0;
  #requests: ProxyRequest[] = [];
  #writes = 0;

  constructor(listener: Listener, target: Target) {
    this.#listener = listener;
    this.#target = target;
    this.url = listener.url;
  }

  /** Every request that arrived, whatever became of it. */
  get requests(): readonly ProxyRequest[] {
    return this.#requests;
  }

  /** Connections opened, also those that were refused. */
  get connections(): readonly Connection[] {
    return this.#listener.connections;
  }

  /** Starts all counts anew. */
  forget(): void {
    this.#requests = [];
    this.#writes = 0;
    this.#listener.forgetConnections();
  }

  /** While true connections are reset as they open. */
  refuse(refusing: boolean): void {
    this.#listener.refuse(refusing);
  }

  /** Ends all open connections, watches included. */
  drop(): void {
    this.#listener.dropAll();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#listener[Symbol.asyncDispose]();
    this.#target.agent.destroy();
  }

  /** @internal The handler of the listener. */
  async handle(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const request = this.#record(incoming);
    response.once('close', () => (request.isOver = true));
    const faults = this.rules.filter((rule) => rule.when?.(request) ?? true).map((rule) => rule.then);
    for (const fault of faults) if (fault.kind === 'delay') await sleep(fault.ms);
    const fault = faults.find(({ kind }) => kind !== 'delay');
    if (fault?.kind === 'hang') return;
    if (fault?.kind === 'answer') {
      request.status = fault.status;
      response.writeHead(fault.status, fault.headers).end(fault.body);
      return;
    }
    await this.#forward(request, { incoming, response, cut: fault?.kind === 'cut' ? fault : undefined });
  }

  async #forward(request: ProxyRequest, { incoming, response, cut }: Exchange): Promise<void> {
    const untouched = cut !== undefined && cut.afterBytes === undefined && cut.afterMs === undefined;
    if (untouched || (await this.beforeForward?.(request)) === false || response.destroyed) {
      cutOff(incoming);
      return;
    }
    if (cut?.afterMs !== undefined) setTimeout(() => cutOff(incoming), cut.afterMs);
    const answer = await exchange(this.#target, incoming, response);
    await this.afterResponse?.(request);
    request.status = answer.statusCode;
    await relay(answer, { incoming, response, cut });
  }

  #record(incoming: IncomingMessage): ProxyRequest {
    const method = incoming.method ?? '';
    const isWrite = WRITES.has(method);
    if (isWrite) this.#writes += 1;
    const request: ProxyRequest = {
      method,
      path: incoming.url ?? '/',
      headers: incoming.headers,
      connection: this.#numberOf(incoming.socket),
      at: Date.now(),
      write: isWrite ? this.#writes : 0,
      status: undefined,
      isOver: false,
    };
    this.#requests.push(request);
    return request;
  }

  #numberOf(socket: Socket): number {
    const number = this.#numbers.get(socket) ?? (this.#connections += 1);
    this.#numbers.set(socket, number);
    return number;
  }
}

interface Target {
  readonly url: URL;
  readonly agent: HttpAgent;
}

interface Exchange {
  readonly incoming: IncomingMessage;
  readonly response: ServerResponse;
  readonly cut: Extract<Fault, { kind: 'cut' }> | undefined;
}

export async function startFaultProxy({ target, targetCa, certificate }: FaultProxyOptions): Promise<FaultProxy> {
  const url = new URL(target);
  const agent =
    url.protocol === 'https:'
      ? new HttpsAgent({ keepAlive: true, ...(targetCa === undefined ? {} : { ca: targetCa }) })
      : new HttpAgent({ keepAlive: true });
  const bound: { proxy?: FaultProxy } = {};
  const listener = await listen(
    (incoming, response) => {
      response.on('error', () => undefined);
      bound.proxy?.handle(incoming, response).catch(() => cutOff(incoming));
    },
    certificate === undefined ? {} : { certificate },
  );
  const proxy = new FaultProxy(listener, { url, agent });
  bound.proxy = proxy;
  return proxy;
}

/** Sends the request on and resolves with the head of the target's answer. */
async function exchange(target: Target, incoming: IncomingMessage, response: ServerResponse): Promise<IncomingMessage> {
  const send = target.url.protocol === 'https:' ? tlsRequest : plainRequest;
  const outgoing = send(new URL(incoming.url ?? '/', target.url), {
    method: incoming.method,
    agent: target.agent,
    headers: {
      ...passedOn(incoming.rawHeaders),
      ...('transfer-encoding' in incoming.headers ? { 'transfer-encoding': 'chunked' } : {}),
    },
  });
  const gone = (): void => void outgoing.destroy();
  response.once('close', gone);
  const answered = once(outgoing, 'response') as Promise<[IncomingMessage]>;
  incoming.pipe(outgoing);
  const [answer] = await answered;
  outgoing.on('error', () => undefined);
  return answer;
}

async function relay(answer: IncomingMessage, { incoming, response, cut }: Exchange): Promise<void> {
  if (cut?.afterBytes === 0) {
    cutOff(incoming);
    return;
  }
  response.writeHead(answer.statusCode ?? 502, passedOn(answer.rawHeaders));
  // A watch that has no events yet still has been accepted, and its client waits to hear so.
  response.flushHeaders();
  let left = cut?.afterBytes ?? Number.POSITIVE_INFINITY;
  answer.on('error', () => cutOff(incoming));
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    const part = chunk.subarray(0, left);
    left -= part.length;
    if (!response.write(part)) await drained(response);
    if (left === 0) {
      response.socket?.destroySoon();
      return;
    }
  }
  response.end();
}

/** Resolves when more can be written, or nothing ever. */
async function drained(response: ServerResponse): Promise<void> {
  const end = new AbortController();
  await Promise.race(['drain', 'close'].map((event) => once(response, event, { signal: end.signal })));
  end.abort();
}

function passedOn(rawHeaders: readonly string[]): Record<string, string | string[]> {
  const headers: Record<string, string | string[]> = {};
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = (rawHeaders[index] ?? '').toLowerCase();
    const value = rawHeaders[index + 1] ?? '';
    if (PER_CONNECTION_HEADERS.has(name)) continue;
    const before = headers[name];
    headers[name] = before === undefined ? value : [before, value].flat();
  }
  return headers;
}

/** Ends the client's connection in the middle of whatever it was doing. */
function cutOff(incoming: IncomingMessage): void {
  incoming.socket.destroy();
}
