import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import path from 'node:path';
import { buffer } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import { createAuthority, type Credential } from './certificates.ts';
import { serveByGit } from './git/http-backend.ts';
import { LargeFiles } from './git/large-files.ts';
import { GitRepository, type ObjectFormat } from './git/repository.ts';
import { listen, type Connection, type Listener } from './listener.ts';
import { createTemporaryFolder, type TemporaryFolder } from './temporary-folder.ts';

export type { FileContent, GitRepository } from './git/repository.ts';

export interface GitServerOptions {
  /** `true` makes an authority of its own ({@link GitServer.caPem}); a credential is used as it is. */
  readonly tls?: boolean | Credential;
  readonly credentials?: Credentials;
  /** Authority (PEM) of the certificates that clients have to show; takes `tls`. */
  readonly clientAuthority?: string;
}

export type Credentials = { readonly username: string; readonly password: string } | { readonly bearerToken: string };

/** `refs` (the advertisement) and `ls-refs` make up one poll; `fetch` moves objects; `push` is a receive-pack. */
export type GitCommand = 'refs' | 'ls-refs' | 'fetch' | 'push' | 'other';

export interface GitRequest {
  readonly method: string;
  /** With query. */
  readonly path: string;
  /** The repository's name. */
  readonly repository: string;
  readonly command: GitCommand;
  readonly at: number;
  readonly remote: string;
  readonly userAgent: string;
}

export type GitFault =
  /** Connections are reset as soon as they open, and counted. */
  | { readonly kind: 'down' }
  /** Requests are read and never answered. */
  | { readonly kind: 'hang' }
  /** Status 200 and the right content type, with noise in the body. */
  | { readonly kind: 'garbage' }
  | { readonly kind: 'answer'; readonly status: number; readonly headers?: Record<string, string> }
  | { readonly kind: 'delay'; readonly ms: number };

/** A real Git server (`git http-backend`) on a free loopback port, with a log of who asked what. */
export class GitServer implements AsyncDisposable {
  /** Without a slash at the end; repositories are `<url>/<name>.git`. */
  readonly url: string;
  /** The authority to trust when the server made its own certificate. */
  readonly caPem: string | undefined;
  /** Files of Git LFS, for every repository. */
  readonly largeFiles = new LargeFiles();
  /** Basic or bearer authentication; changed at any time, `undefined` lets everyone in. */
  credentials: Credentials | undefined;
  readonly #listener: Listener;
  readonly #root: TemporaryFolder;
  #fault: GitFault | undefined;
  #requests: GitRequest[] = [];

  constructor(parts: { listener: Listener; root: TemporaryFolder; caPem?: string | undefined }) {
    this.#listener = parts.listener;
    this.#root = parts.root;
    this.url = parts.listener.url;
    this.caPem = parts.caPem;
  }

  async createRepository(name: string, format: ObjectFormat = 'sha1'): Promise<GitRepository> {
    const repository = new GitRepository(`${this.url}/${name}.git`, path.join(this.#root.path, `${name}.git`));
    await repository.initialise(format);
    return repository;
  }

  /** From now on every request meets this fault; `undefined` ends it. */
  setFault(fault: GitFault | undefined): void {
    this.#fault = fault;
    this.#listener.refuse(fault?.kind === 'down');
  }

  get requests(): readonly GitRequest[] {
    return this.#requests;
  }

  /** To all clients together, since the start. */
  get bytesSent(): number {
    return this.#listener.bytesSent;
  }

  /** Connections opened, also those that a fault refused. */
  get connections(): readonly Connection[] {
    return this.#listener.connections;
  }

  /** How often this was asked for, of one repository or of all. */
  count(command: GitCommand, repository?: string): number {
    const asked = this.#requests.filter((request) => request.command === command);
    return asked.filter((request) => repository === undefined || request.repository === repository).length;
  }

  forgetRequests(): void {
    this.#requests = [];
    this.#listener.forgetConnections();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#listener[Symbol.asyncDispose]();
    await this.#root[Symbol.asyncDispose]();
  }

  /** @internal The handler of the listener. */
  async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await buffer(request);
    this.#requests.push(recordOf(request, body));
    if (await metBy(this.#fault, response)) return;
    if (!isAdmitted(request, this.credentials)) {
      response.writeHead(401, { 'www-authenticate': 'Basic realm="git"' }).end();
      return;
    }
    if (this.largeFiles.answer(request, body, { response, url: this.url })) return;
    await serveByGit(request, body, { response, root: this.#root.path });
  }
}

export async function startGitServer(options: GitServerOptions = {}): Promise<GitServer> {
  await using cleanup = new AsyncDisposableStack();
  const root = cleanup.use(await createTemporaryFolder('git'));
  const { certificate, caPem } = tlsOf(options.tls ?? false);
  const bound: { server?: GitServer } = {};
  const listener = await listen(
    (request, response) => {
      const answered = bound.server?.answer(request, response);
      answered?.catch(() => response.destroy());
    },
    {
      ...(certificate === undefined ? {} : { certificate }),
      ...(options.clientAuthority === undefined ? {} : { clientAuthority: options.clientAuthority }),
    },
  );
  const server = new GitServer({ listener, root, caPem });
  server.credentials = options.credentials;
  bound.server = server;
  cleanup.move();
  return server;
}

function tlsOf(tls: boolean | Credential): { certificate?: Credential; caPem?: string } {
  if (tls === false) return {};
  if (tls !== true) return { certificate: tls };
  const authority = createAuthority('evenkeel-git-ca');
  return { certificate: authority.issue({ commonName: 'git' }), caPem: authority.certPem };
}

/** True when the fault has answered, or never will. */
async function metBy(fault: GitFault | undefined, response: ServerResponse): Promise<boolean> {
  switch (fault?.kind) {
    case undefined:
    case 'down':
      return false;
    case 'hang':
      return true;
    case 'garbage':
      response.writeHead(200, { 'content-type': 'application/x-git-upload-pack-result' }).end(randomBytes(2_000));
      return true;
    case 'answer':
      response.writeHead(fault.status, fault.headers).end();
      return true;
    case 'delay':
      await sleep(fault.ms);
      return false;
  }
}

function isAdmitted(request: IncomingMessage, credentials: Credentials | undefined): boolean {
  if (credentials === undefined) return true;
  const { authorization } = request.headers;
  if ('bearerToken' in credentials) return authorization === `Bearer ${credentials.bearerToken}`;
  const expected = Buffer.from(`${credentials.username}:${credentials.password}`).toString('base64');
  return authorization === `Basic ${expected}`;
}

function recordOf(request: IncomingMessage, body: Buffer): GitRequest {
  const url = request.url ?? '/';
  return {
    method: request.method ?? '',
    path: url,
    repository: /^\/(.*?)(?:\.git)?\/(?:info\/refs|git-)/.exec(url)?.[1] ?? '',
    command: commandOf(url, request, body),
    at: Date.now(),
    remote: request.socket.remoteAddress ?? '',
    userAgent: request.headers['user-agent'] ?? '',
  };
}

/** Protocol version 2 names the command in its first line; without it a POST to git-upload-pack is a fetch. */
function commandOf(url: string, request: IncomingMessage, body: Buffer): GitCommand {
  if (url.includes('/info/refs')) return 'refs';
  if (url.endsWith('/git-receive-pack')) return 'push';
  if (!url.endsWith('/git-upload-pack')) return 'other';
  const plain = request.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body;
  return plain.toString('latin1', 4, 24).startsWith('command=ls-refs') ? 'ls-refs' : 'fetch';
}
