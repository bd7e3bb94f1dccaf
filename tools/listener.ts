import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { Socket } from 'node:net';
import type { Credential } from './certificates.ts';
import { freePort } from './ports.ts';

/** One TCP connection that a client opened, whether or not it was then refused. */
export interface Connection {
  readonly id: number;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

export interface ListenerOptions {
  /** With it the listener speaks TLS. */
  readonly certificate?: Credential;
  /** Authority (PEM) of the certificates that clients have to show. */
  readonly clientAuthority?: string;
}

/** An HTTP/1.1 server on a free loopback port that counts connections and can stop taking them. */
export class Listener implements AsyncDisposable {
  readonly url: string;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #connections: Connection[] = [];
  #nextId = 1;
  #refusing = false;
  #bytesOfClosed = 0;

  constructor(server: Server, url: string) {
    this.#server = server;
    this.url = url;
    server.on('connection', (socket: Socket) => this.#accept(socket));
  }

  get connections(): readonly Connection[] {
    return this.#connections;
  }

  /** To all clients together, since the start. */
  get bytesSent(): number {
    return [...this.#sockets].reduce((sum, socket) => sum + socket.bytesWritten, this.#bytesOfClosed);
  }

  forgetConnections(): void {
    this.#connections = [];
  }

  /** While true every connection, old or new, is reset: the port answers, so that attempts can be counted. */
  refuse(refusing: boolean): void {
    this.#refusing = refusing;
    if (refusing) this.dropAll();
  }

  /** Resets every open connection. */
  dropAll(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeAllConnections();
    this.dropAll();
    await closed;
  }

  #accept(socket: Socket): void {
    const id = this.#nextId;
    this.#nextId += 1;
    this.#connections.push({ id, at: Date.now() });
    socket.on('error', () => undefined);
    if (this.#refusing) {
      socket.resetAndDestroy();
      return;
    }
    this.#sockets.add(socket);
    socket.on('close', () => {
      this.#sockets.delete(socket);
      this.#bytesOfClosed += socket.bytesWritten;
    });
  }
}

export async function listen(handler: RequestListener, options: ListenerOptions = {}): Promise<Listener> {
  const { certificate, clientAuthority } = options;
  const server =
    certificate === undefined
      ? createServer(handler)
      : createTlsServer(
          {
            cert: certificate.certPem,
            key: certificate.keyPem,
            ...(clientAuthority === undefined
              ? {}
              : { ca: clientAuthority, requestCert: true, rejectUnauthorized: true }),
          },
          handler,
        );
  const port = await freePort();
  const listener = new Listener(server, `${certificate === undefined ? 'http' : 'https'}://127.0.0.1:${port}`);
  // A fault may hold a request for as long as a test wants; the client's time-outs are what is being tested.
  server.requestTimeout = 0;
  server.headersTimeout = 0;
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return listener;
}
