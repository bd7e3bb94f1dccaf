import { once } from 'node:events';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Registry } from 'prom-client';
import { createServer } from '../http/http.ts';
import { Exposition } from './exposition.ts';

/** Whether the operator does its work; the reason is what `/readyz` answers. */
export interface Readiness {
  readonly ready: boolean;
  readonly reason: string;
}

export interface TelemetryServerOptions {
  /** Address to listen on; all of them when absent. */
  readonly host?: string;
  /** 0 = any free one. */
  readonly port: number;
  readonly registry: Registry;
  readonly readiness: () => Readiness;
}

export interface TelemetryServer extends AsyncDisposable {
  readonly port: number;
}

/** A scraper and a few probes: what is beyond that is refused, not queued. */
const limits = { connections: 64, headerBytes: 8 * 1024, requestMs: 10_000, idleMs: 30_000 } as const;

/**
 * Serves `/metrics` (Prometheus text), `/healthz` (200 while the process answers) and `/readyz` (503 with the reason
 * while it cannot do its work). GET and HEAD only. Rejects when it cannot listen. Disposing cuts open connections.
 */
export async function serveTelemetry(options: TelemetryServerOptions): Promise<TelemetryServer> {
  const routes = routesFor(options);
  const server = createServer(
    { maxHeaderSize: limits.headerBytes, requestTimeout: limits.requestMs, keepAliveTimeout: limits.idleMs },
    (request, response) => void answer(routes, request, response),
  );
  server.maxConnections = limits.connections;
  server.listen({ port: options.port, ...(options.host === undefined ? {} : { host: options.host }) });
  await once(server, 'listening');
  return { port: portOf(server), [Symbol.asyncDispose]: () => close(server) };
}

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

type Routes = ReadonlyMap<string, () => Answer | Promise<Answer>>;

function routesFor({ registry, readiness }: TelemetryServerOptions): Routes {
  const exposition = new Exposition(registry);
  const metrics = shared(() => exposition.text());
  return new Map<string, () => Answer | Promise<Answer>>([
    ['/metrics', async () => ({ status: 200, type: registry.contentType, body: await metrics() })],
    ['/healthz', () => text(200, 'ok')],
    [
      '/readyz',
      () => {
        const { ready, reason } = readiness();
        return ready ? text(200, reason === '' ? 'ok' : reason) : text(503, reason);
      },
    ],
  ]);
}

/** Scrapes at the same time share one rendering, so that their number costs nothing. */
function shared(render: () => Promise<string>): () => Promise<string> {
  let running: Promise<string> | undefined;
  return () => {
    running ??= render().finally(() => {
      running = undefined;
    });
    return running;
  };
}

async function answer(routes: Routes, request: IncomingMessage, response: ServerResponse): Promise<void> {
  request.resume();
  const { status, type, body } = await decide(routes, request);
  const headers = { 'content-type': type, 'content-length': Buffer.byteLength(body), 'cache-control': 'no-store' };
  response.writeHead(status, status === 405 ? { ...headers, allow: 'GET, HEAD' } : headers);
  response.end(request.method === 'HEAD' ? undefined : body);
}

async function decide(routes: Routes, request: IncomingMessage): Promise<Answer> {
  const [path = ''] = (request.url ?? '').split('?');
  const route = routes.get(path);
  if (route === undefined) return text(404, 'not found');
  if (request.method !== 'GET' && request.method !== 'HEAD') return text(405, 'GET and HEAD only');
  try {
    return await route();
  } catch {
    return text(500, 'internal error');
  }
}

function text(status: number, body: string): Answer {
  return { status, type: 'text/plain; charset=utf-8', body: `${body}\n` };
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
