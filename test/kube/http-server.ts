import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { ApiClient } from '../../src/kube/client.ts';
import type { ClientOptions } from '../../src/kube/client.ts';
import type { Credentials } from '../../src/kube/credentials.ts';
import { realClock } from '../fakes/clock.ts';
import { RecordedTelemetry } from '../fakes/kube-telemetry.ts';

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

export interface HttpServer extends AsyncDisposable {
  readonly url: string;
  /** `METHOD path`, with the time of its arrival. */
  readonly requests: { readonly line: string; readonly at: number }[];
  answer: Handler;
}

/** A plain HTTP server on a free loopback port, whose answers the test decides. */
export async function startHttpServer(answer: Handler): Promise<HttpServer> {
  const server = createServer((request, response) => {
    self.requests.push({ line: `${request.method ?? ''} ${request.url ?? ''}`, at: performance.now() });
    self.answer(request, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const self: HttpServer = {
    url: `http://127.0.0.1:${port}`,
    requests: [],
    answer,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  return self;
}

export function sendJson(
  response: ServerResponse,
  status: number,
  text: string,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(text);
}

export function plainCredentials(server: string): Credentials {
  return {
    server,
    namespace: 'default',
    tls: {},
    authorization: () => Promise.resolve(undefined),
    renew: () => Promise.resolve(false),
  };
}

/** A client of such a server with the real clock. */
export function clientOf(
  server: string,
  own: Partial<ClientOptions> = {},
): { client: ApiClient; telemetry: RecordedTelemetry } {
  const telemetry = new RecordedTelemetry();
  const client = new ApiClient({
    credentials: plainCredentials(server),
    clock: realClock,
    random: () => 0,
    telemetry,
    userAgent: 'evenkeel/test',
    connections: 4,
    timeouts: { connectMs: 5_000, requestMs: 60_000 },
    mayWrite: () => true,
    ...own,
  });
  return { client, telemetry };
}
