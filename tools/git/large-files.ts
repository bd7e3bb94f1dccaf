import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';

/** Git LFS as a server has it: the batch API, and the files. */
export class LargeFiles {
  readonly #files = new Map<string, Buffer>();
  /** Ids of files that were given away. */
  readonly downloads: string[] = [];

  /** Keeps the content, and gives the pointer to commit in its place. */
  add(content: string | Uint8Array): string {
    const bytes = Buffer.from(content);
    const oid = createHash('sha256').update(bytes).digest('hex');
    this.#files.set(oid, bytes);
    return `version https://git-lfs.github.com/spec/v1\noid sha256:${oid}\nsize ${bytes.length}\n`;
  }

  /** False when the request is about something else. */
  answer(
    request: IncomingMessage,
    body: Buffer,
    { response, url }: { readonly response: ServerResponse; readonly url: string },
  ): boolean {
    const path = request.url ?? '';
    if (path.endsWith('/info/lfs/objects/batch')) this.#batch(request, body, { response, url });
    else if (path.startsWith('/large-files/')) this.#download(path.slice('/large-files/'.length), response);
    else return false;
    return true;
  }

  /** The download needs the same credentials: its headers come with the answer. */
  #batch(
    { headers }: IncomingMessage,
    body: Buffer,
    { response, url }: { readonly response: ServerResponse; readonly url: string },
  ): void {
    const asked = JSON.parse(body.toString('utf8')) as { objects: { oid: string; size: number }[] };
    const header = headers.authorization === undefined ? {} : { header: { Authorization: headers.authorization } };
    const objects = asked.objects.map(({ oid, size }) =>
      this.#files.has(oid)
        ? { oid, size, authenticated: true, actions: { download: { href: `${url}/large-files/${oid}`, ...header } } }
        : { oid, size, error: { code: 404, message: 'no such file' } },
    );
    response.writeHead(200, { 'content-type': 'application/vnd.git-lfs+json' });
    response.end(JSON.stringify({ transfer: 'basic', objects }));
  }

  #download(oid: string, response: ServerResponse): void {
    const bytes = this.#files.get(oid);
    if (bytes === undefined) {
      response.writeHead(404).end();
      return;
    }
    this.downloads.push(oid);
    response.writeHead(200, { 'content-type': 'application/octet-stream' }).end(bytes);
  }
}
