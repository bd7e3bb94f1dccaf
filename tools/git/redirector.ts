import { once } from 'node:events';
import { createServer } from 'node:http';
import { freePort } from '../ports.ts';

/** Sends every request on to another address, and remembers what credentials it was asked with. */
export interface Redirector extends AsyncDisposable {
  readonly url: string;
  readonly seen: readonly (string | undefined)[];
}

export async function startRedirector(target: string, status = 301): Promise<Redirector> {
  const seen: (string | undefined)[] = [];
  const server = createServer((request, response) => {
    seen.push(request.headers.authorization);
    response.writeHead(status, { location: `${target}${request.url ?? ''}` }).end('moved');
  });
  const port = await freePort();
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${port}`,
    seen,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
