import { spawn } from 'node:child_process';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { GIT_ENVIRONMENT } from './repository.ts';

const HEADERS_END = '\r\n\r\n';

/** Answers one request by `git http-backend`, a CGI program: the protocol is Git's own, version 2 and gzip included. */
export async function serveByGit(
  request: IncomingMessage,
  body: Buffer,
  { response, root }: { response: ServerResponse; root: string },
): Promise<void> {
  const child = spawn('git', ['http-backend'], {
    env: { ...process.env, ...GIT_ENVIRONMENT, ...cgiVariables(request, body, root) },
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  response.on('close', () => child.kill());
  child.stdin.on('error', () => undefined);
  child.stdin.end(body);
  const rest = await takeHeaders(child.stdout, response);
  response.write(rest);
  await pipeline(child.stdout, response);
}

function cgiVariables(request: IncomingMessage, body: Buffer, root: string): Record<string, string> {
  const { pathname, search } = new URL(request.url ?? '/', 'http://localhost');
  return {
    GIT_PROJECT_ROOT: root,
    GIT_HTTP_EXPORT_ALL: '1',
    GIT_PROTOCOL: header(request, 'git-protocol'),
    REQUEST_METHOD: request.method ?? 'GET',
    PATH_INFO: decodeURIComponent(pathname),
    QUERY_STRING: search.slice(1),
    CONTENT_TYPE: header(request, 'content-type'),
    CONTENT_LENGTH: String(body.length),
    HTTP_CONTENT_ENCODING: header(request, 'content-encoding'),
    REMOTE_ADDR: request.socket.remoteAddress ?? '',
    REMOTE_USER: 'test',
  };
}

function header(request: IncomingMessage, name: string): string {
  const value = request.headers[name];
  return typeof value === 'string' ? value : '';
}

/** Copies the program's headers to the response; returns the bytes of the body that came with them. */
async function takeHeaders(stdout: Readable, response: ServerResponse): Promise<Buffer> {
  let seen = Buffer.alloc(0);
  while (!seen.includes(HEADERS_END)) {
    const chunk = stdout.read() as Buffer | null;
    if (chunk === null) {
      if (stdout.readableEnded) throw new Error('git http-backend said nothing');
      await new Promise((resolve) => stdout.once('readable', resolve).once('end', resolve));
    } else {
      seen = Buffer.concat([seen, chunk]);
    }
  }
  const end = seen.indexOf(HEADERS_END);
  for (const line of seen.toString('latin1', 0, end).split('\r\n')) {
    const [name = '', value = ''] = line.split(/:\s*(.*)/);
    if (name.toLowerCase() === 'status') response.statusCode = Number.parseInt(value, 10);
    else response.setHeader(name, value);
  }
  return seen.subarray(end + HEADERS_END.length);
}
