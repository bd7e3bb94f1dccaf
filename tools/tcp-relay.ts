import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { freePort } from './ports.ts';

/** What happens to connections from now on, also to those that are open. */
export type RelayFault =
  /** Nothing goes through any more. */
  | { readonly kind: 'stall' }
  /** Reset after so many bytes more to the client. */
  | { readonly kind: 'cut'; readonly afterBytes: number };

/** Passes TCP connections on, counts what clients are sent, and stops when told. */
export class TcpRelay implements AsyncDisposable {
  readonly port: number;
  /** To all clients together. */
  bytesSent = 0;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #fault: RelayFault | undefined;

  constructor(server: Server, port: number, target: number) {
    this.#server = server;
    this.port = port;
    server.on('connection', (client: Socket) => this.#pass(client, connect(target, '127.0.0.1')));
  }

  /** `undefined` ends it; connections that a stall has met stay silent. */
  setFault(fault: RelayFault | undefined): void {
    this.#fault = fault;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #pass(client: Socket, target: Socket): void {
    for (const [socket, other] of [
      [client, target],
      [target, client],
    ] as const) {
      this.#sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        this.#sockets.delete(socket);
        other.destroy();
      });
    }
    client.on('data', (bytes: Buffer) => {
      if (this.#fault?.kind !== 'stall') target.write(bytes);
    });
    target.on('data', (bytes: Buffer) => this.#send(client, bytes));
    target.on('end', () => client.end());
  }

  #send(client: Socket, bytes: Buffer): void {
    if (this.#fault?.kind === 'stall') return;
    if (this.#fault?.kind === 'cut') {
      const afterBytes = this.#fault.afterBytes - bytes.length;
      this.#fault = { kind: 'cut', afterBytes };
      if (afterBytes <= 0) {
        client.resetAndDestroy();
        return;
      }
    }
    this.bytesSent += bytes.length;
    client.write(bytes);
  }
}

export async function startTcpRelay(target: number): Promise<TcpRelay> {
  const server = createServer({ allowHalfOpen: true });
  const port = await freePort();
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return new TcpRelay(server, port, target);
}
