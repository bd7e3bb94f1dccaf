import { once } from 'node:events';
import { createServer, request as onward, type IncomingMessage, type ServerResponse } from 'node:http';
import { connect } from 'node:net';
import type { Duplex } from 'node:stream';
import { freePort } from './ports.ts';

/** An HTTP proxy as companies have one: passes plain requests on, and tunnels by CONNECT. */
export interface ForwardProxy extends AsyncDisposable {
  readonly url: string;
  /** `host:port` of what was asked for, one for each request or tunnel. */
  readonly asked: readonly string[];
}

type Admission = (request: IncomingMessage) => boolean;

/** With credentials (`user:password`) nobody else is served. */
export async function startForwardProxy(credentials?: string): Promise<ForwardProxy> {
  const asked: string[] = [];
  const sockets = new Set<Duplex>();
  const isAdmitted: Admission = ({ headers }) =>
    credentials === undefined ||
    headers['proxy-authorization'] === `Basic ${Buffer.from(credentials).toString('base64')}`;
  const server = createServer((request, response) => {
    const host = isAdmitted(request) ? passOn(request, response) : undefined;
    if (host === undefined) response.writeHead(407, { 'proxy-authenticate': 'Basic realm="proxy"' }).end();
    else asked.push(host);
  });
  server.on('connect', (request: IncomingMessage, client: Duplex) => {
    sockets.add(client);
    if (isAdmitted(request)) asked.push(tunnel(request, client));
    else client.end(REFUSAL);
  });
  const port = await freePort();
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${port}`,
    asked,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const REFUSAL = [
  'HTTP/1.1 407 Proxy Authentication Required',
  'Proxy-Authenticate: Basic realm="proxy"',
  'Content-Length: 0',
  'Connection: close',
  '\r\n',
].join('\r\n');

/** Gives the host that it passes the request on to. */
function passOn(request: IncomingMessage, response: ServerResponse): string | undefined {
  const target = URL.parse(request.url ?? '');
  if (target === null) return undefined;
  const { method, headers } = request;
  const passed = onward(target, { method, headers }, (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(response);
  });
  passed.on('error', () => response.destroy());
  request.pipe(passed);
  return target.host;
}

function tunnel(request: IncomingMessage, client: Duplex): string {
  const [host = '', port = ''] = (request.url ?? '').split(':');
  const target = connect(Number(port), host, () => {
    client.write('HTTP/1.1 200 OK\r\n\r\n');
    client.pipe(target).pipe(client);
  });
  for (const [one, other] of [
    [client, target],
    [target, client],
  ] as const) {
    one.on('error', () => undefined);
    one.on('close', () => other.destroy());
  }
  return `${host}:${port}`;
}
