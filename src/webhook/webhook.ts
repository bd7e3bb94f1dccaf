import { once } from 'node:events';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { createServer } from '../http/http.ts';
import type { Push } from '../model/push.ts';
import type { Telemetry } from '../model/telemetry.ts';
import { receive, type ReceivingPorts, type Verdict } from './receive.ts';

export interface WebhookListenerOptions extends Omit<ReceivingPorts, 'limits'> {
  readonly host: string;
  /** 0 = any free one. */
  readonly port: number;
  readonly telemetry: Pick<Telemetry, 'webhookRequest' | 'bug'>;
  /** Called for each authenticated push before it is answered; must not throw. */
  readonly onPush: (push: Push) => void;
  readonly limits?: Partial<ReceivingPorts['limits']>;
}

export interface WebhookListener extends AsyncDisposable {
  readonly port: number;
}

/** Forges send one request per push; what is beyond that is refused, not queued. */
const limits = {
  bodyBytes: 1024 * 1024,
  bodyMs: 10_000,
  connections: 128,
  headerBytes: 16 * 1024,
  headersMs: 10_000,
  requestMs: 30_000,
  idleMs: 5_000,
  checkMs: 5_000,
} as const;

const retryAfterSeconds = 10;

/**
 * Listens for what forges send when somebody pushes, and tells the pushes of those that a Secret authenticates.
 * Rejects when it cannot listen. Disposing cuts open connections: a push that is not told then is found by the next poll.
 */
export async function serveWebhooks(options: WebhookListenerOptions): Promise<WebhookListener> {
  const ports: ReceivingPorts = { ...options, limits: { ...limits, ...options.limits } };
  const server = createServer(
    {
      maxHeaderSize: limits.headerBytes,
      headersTimeout: limits.headersMs,
      requestTimeout: limits.requestMs,
      keepAliveTimeout: limits.idleMs,
      connectionsCheckingInterval: limits.checkMs,
    },
    (request, response) => void serve({ request, response }, ports, options),
  );
  server.maxConnections = limits.connections;
  server.listen({ host: options.host, port: options.port });
  await once(server, 'listening');
  return { port: portOf(server), [Symbol.asyncDispose]: () => close(server) };
}

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

/** Never rejects. */
async function serve(exchange: Exchange, ports: ReceivingPorts, options: WebhookListenerOptions): Promise<void> {
  const { clock, telemetry, onPush } = options;
  const start = clock.monotonic();
  let verdict: Verdict;
  try {
    verdict = await receive(exchange.request, ports);
    if (verdict.push !== undefined) onPush(verdict.push);
  } catch (error) {
    telemetry.bug(error);
    verdict = { forge: 'unknown', outcome: 'unavailable', status: 500, text: 'internal error' };
  }
  const { forge, outcome } = verdict;
  telemetry.webhookRequest({ forge, outcome, durationMs: clock.monotonic() - start });
  answer(exchange, verdict);
}

function answer({ request, response }: Exchange, { status, text }: Verdict): void {
  const body = status === 204 ? '' : `${text}\n`;
  // The rest of a body that nobody reads is not worth the wait.
  if (!request.complete) response.shouldKeepAlive = false;
  request.resume();
  for (const [name, value] of headersOf(status)) response.setHeader(name, value);
  if (body !== '') response.setHeader('content-type', 'text/plain; charset=utf-8');
  response.writeHead(status);
  response.end(body);
}

function headersOf(status: number): readonly (readonly [string, string])[] {
  const extra: Readonly<Record<number, readonly [string, string]>> = {
    401: ['www-authenticate', 'Basic realm="webhook"'],
    405: ['allow', 'POST'],
    503: ['retry-after', String(retryAfterSeconds)],
  };
  const own = extra[status];
  return [['cache-control', 'no-store'], ...(own === undefined ? [] : [own])];
}

function portOf(server: Server): number {
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

async function close(server: Server): Promise<void> {
  if (!server.listening) return;
  const closed = once(server, 'close');
  server.close();
  server.closeAllConnections();
  await closed;
}
